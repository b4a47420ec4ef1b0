// The HTTP/2 server loop over in-memory bytes: messages, deadlines, back-pressure, the end.
#include "engine/sim/h2_rig_test.h"

namespace gateproof::sim {

using h2::testing::get;
using std::chrono::seconds;

namespace {

class EchoBody final : public http::BodySource {
 public:
  explicit EchoBody(http::Body body) : body_(std::move(body)) {}
  std::optional<Result<http::Chunk>> try_read() override { return body_.try_read(); }
  Task<Result<http::Chunk>> read() override { return body_.read(); }
  const http::Headers* trailers() const override { return body_.trailers(); }

 private:
  http::Body body_;
};

struct Running {
  int& n;
  explicit Running(int& count) : n(count) { ++n; }
  ~Running() { --n; }
};

h2::testing::Fields post(const h2::testing::Fields& more = {}) {
  h2::testing::Fields f = get(more);
  f[0].second = "POST";
  return f;
}

}  // namespace

Task<void> H2Script::handle(http::Exchange& x) {
  const Running count(running);
  ++begun;
  if (wait > Duration::zero()) co_await sleep_for(x.env->scheduler, wait);
  if (answer) {
    answer(x);
  } else {
    x.response = http::Response::make(200);
    if (!x.request.body.empty())
      x.response.body =
          http::Body::stream(std::make_unique<EchoBody>(std::move(x.request.body)), std::nullopt);
  }
  ++finished;
}

namespace {

class H2Server : public H2Rig {};

TEST_F(H2Server, AnswersWithWhatItGotTrailersIncluded) {
  connect(script);
  H2Asked& a = client->ask(post(), false);
  run();
  client->session.send_data(a, "hello ", false);
  run();
  EXPECT_EQ(a.body, "hello ");  // nothing is held back until the end
  client->session.send_data(a, "world", false);
  client->session.field("grpc-x", "1");
  client->session.send_fields(a, true);
  run();
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "hello world");
  EXPECT_EQ(a.trailers, "Grpc-X=1;");
  EXPECT_TRUE(a.ended_there);
}

TEST_F(H2Server, HeadAndAnswersThatHaveNoBody) {  // RFC 9110 6.4.1
  script.answer = [](http::Exchange& x) {
    x.response = http::Response::make(x.request.url.raw == "/204" ? 204 : 200, "12345");
    x.response.headers.add("Connection", "X-Gone");
    x.response.headers.add("Transfer-Encoding", "chunked");
  };
  connect(script);
  auto head = get();
  head[0].second = "HEAD";
  H2Asked& a = client->ask(head);
  H2Asked& b = client->ask({{":method", "GET"}, {":scheme", "http"}, {":path", "/204"}});
  H2Asked& c = client->ask(get());
  run();
  EXPECT_EQ(a.fields + a.body, "Content-Length=5;");
  EXPECT_EQ(std::to_string(b.status) + b.fields + b.body, "204");
  EXPECT_EQ(c.fields + c.body, "Content-Length=5;12345");
  EXPECT_TRUE(a.ended_there && b.ended_there && c.ended_there);
}

TEST_F(H2Server, A7_WhatNoHandlerIsAskedFor) {
  connect(script);
  const auto with_path = [](std::string path) {
    return h2::testing::Fields{{":method", "GET"}, {":scheme", "http"}, {":path", path}};
  };
  H2Asked& bare = client->ask(with_path("svc/Method"));  // reliability A7
  H2Asked& absolute = client->ask(with_path("http://b.test/"));
  H2Asked& blank = client->ask(with_path("/a b"));
  run();
  EXPECT_EQ(bare.status, 400);
  EXPECT_EQ(absolute.status, 400);
  EXPECT_EQ(blank.status, 400);
  EXPECT_EQ(script.begun, 0);
  options.header_bytes_max = 1000;
  connect(script);
  H2Asked& large = client->ask(get({{"x-a", std::string(1400, 'a')}}));
  H2Asked& fine = client->ask(get({{"x-a", std::string(800, 'a')}}));
  run();
  EXPECT_EQ(large.status, 431);
  EXPECT_EQ(large.fields + large.body,  // as Go's server
            "Content-Type=text/html; charset=utf-8;Content-Length=63;"
            "<h1>HTTP Error 431</h1><p>Request Header Field(s) Too Large</p>");
  EXPECT_EQ(fine.status, 200);
}

TEST_F(H2Server, InterimAnswersAndExpectations) {
  script.answer = [](http::Exchange& x) {
    if (x.interim) x.interim->interim(103, {{"Link", "x"}});
    x.response = http::Response::make(200);
    x.response.body =
        http::Body::stream(std::make_unique<EchoBody>(std::move(x.request.body)), std::nullopt);
  };
  connect(script);
  H2Asked& a = client->ask(post({{"expect", "100-continue"}}), false);
  run();
  EXPECT_EQ(a.interim, "103;");  // a body that nobody asks for needs no 100 before the answer
  client->session.send_data(a, "x", true);
  run();
  EXPECT_EQ(a.body, "x");
}

// RFC 9110 sections 10.1.1 and 15.2: the body is asked for once, by whoever reads it; what a server says goes on as it comes.
TEST_F(H2Server, ExpectationsStopHereAndInterimAnswersPass) {
  std::string expect;
  script.answer = [&](http::Exchange& x) {
    expect = x.request.headers.get("Expect");
    if (x.request.url.raw == "/said") x.interim->interim(100, {});
    if (x.request.body.streaming()) x.request.body.try_read();
    x.response = http::Response::make(200);
  };
  connect(script);
  const auto asked = [&](std::string path, std::string value, bool body) {
    auto fields = post({{"expect", value}});
    for (auto& [name, text] : fields) {
      if (name == ":path") text = path;
    }
    H2Asked& a = client->ask(fields, !body);
    run();
    return a.interim + expect;
  };
  EXPECT_EQ(asked("/", "100-continue", true), "100;");
  EXPECT_EQ(asked("/", "x, 100-Continue", true), "100;");
  EXPECT_EQ(asked("/", "100-continue", false), "");
  EXPECT_EQ(asked("/said", "100-continue", true), "100;100;");
  EXPECT_EQ(asked("/said", "100-continue", false), "100;");
  EXPECT_EQ(asked("/", "other", true), "other");
}

TEST_F(H2Server, A304KeepsTheLengthOfWhatItStandsFor) {  // RFC 9110 section 8.6
  script.answer = [](http::Exchange& x) {
    x.response = http::Response::make(x.request.url.raw == "/204" ? 204 : 304);
    x.response.headers.add("Content-Length", "5");
  };
  connect(script);
  H2Asked& a = client->ask(get());
  H2Asked& b = client->ask({{":method", "GET"}, {":scheme", "http"}, {":path", "/204"}});
  run();
  EXPECT_EQ(std::to_string(a.status) + a.fields, "304Content-Length=5;");
  EXPECT_EQ(std::to_string(b.status) + b.fields, "204");
  EXPECT_TRUE(a.ended_there && b.ended_there);
}

TEST_F(H2Server, AResetEndsTheHandlerWhereItWaits) {
  script.wait = seconds(1000);
  connect(script);
  H2Asked& a = client->ask(get());
  client->ask(get());
  run();
  EXPECT_EQ(script.running, 2);
  client->session.reset(a, h2::ErrorCode::cancel);
  run();
  EXPECT_EQ(script.running, 1);
  client->close();
  run();
  EXPECT_EQ(script.running, 0);
  EXPECT_EQ(scheduler.tasks(), 0u);
}

TEST_F(H2Server, H1_RapidResetNeverGoesBeyondTheLimitOfStreams) {  // reliability H1
  script.wait = seconds(1000);
  options.http2_streams_max = 10;
  connect(script);
  int most = 0;
  for (int i = 0; i < 3000 && !client->closed; ++i) {
    if (!client->session.can_open()) break;
    H2Asked& a = client->ask(get());
    run();
    most = std::max(most, script.running);
    client->session.reset(a, h2::ErrorCode::cancel);
  }
  run();
  EXPECT_LE(most, 10);
  EXPECT_EQ(script.running, 0);
  EXPECT_NE(client->goaways.find("ENHANCE_YOUR_CALM"), std::string::npos);
  EXPECT_LE(script.begun, 1002);
}

TEST_F(H2Server, H8_AStreamWithoutWindowHoldsUpNobody) {  // reliability H8
  script.answer = [](http::Exchange& x) {
    x.response = http::Response::make(200, std::string(200'000, 'x'));
  };
  h2::LocalSettings narrow;
  narrow.stream_window = 1000;
  connect(script, narrow);
  client->consuming = false;
  for (int i = 0; i < 60; ++i) client->ask(get());
  run();
  for (const auto& a : client->asked) EXPECT_EQ(a->body.size(), 1000u);
  client->consuming = true;
  H2Asked& last = *client->asked.back();
  for (int i = 0; i < 2; ++i) client->session.consumed(last, 500);
  run();
  EXPECT_EQ(last.body.size(), 200'000u);
}

TEST_F(H2Server, AClientThatTakesNothingFillsNoMemory) {
  script.answer = [](http::Exchange& x) {
    x.response = http::Response::make(200, std::string(1'000'000, 'x'));
  };
  h2::LocalSettings wide;
  wide.stream_window = wide.connection_window = 1u << 30;
  transport.link.window_bytes = 1000;
  connect(script, wide);
  client->reading = false;
  options.write_timeout = seconds(5);
  for (int i = 0; i < 100; ++i) client->ask(get());
  run(seconds(1));
  client->reading = true;
  run(seconds(1));
  for (const auto& a : client->asked) EXPECT_EQ(a->body.size(), 1'000'000u);
}

TEST_F(H2Server, TheWriteDeadlineEndsAStreamThatStalls) {
  options.write_timeout = seconds(5);
  script.answer = [](http::Exchange& x) {
    x.response = http::Response::make(200, std::string(100'000, 'x'));
  };
  h2::LocalSettings narrow;
  narrow.stream_window = 1000;
  connect(script, narrow);
  client->consuming = false;
  H2Asked& a = client->ask(get());
  run(seconds(4));
  EXPECT_EQ(a.reset, "");
  run(seconds(1));
  EXPECT_EQ(a.reset, "INTERNAL_ERROR");
}

TEST_F(H2Server, ABodyThatIsNotCompleteInTime) {
  options.read_timeout = seconds(5);
  connect(script);
  H2Asked& a = client->ask(post(), false);
  client->session.send_data(a, "x", false);
  run(seconds(4));
  EXPECT_EQ(a.reset, "");
  run(seconds(1));
  EXPECT_EQ(a.reset, "INTERNAL_ERROR");
}

TEST_F(H2Server, IdleConnectionsEndWithAGoaway) {
  options.idle_timeout = seconds(7);
  connect(script);
  client->ask(get());
  run(seconds(6));
  EXPECT_EQ(client->goaways, "");
  run(seconds(1));
  EXPECT_EQ(client->goaways, "1 NO_ERROR;");
  run(seconds(1));
  EXPECT_EQ(scheduler.tasks(), 0u);
}

TEST_F(H2Server, R2_AFrameThatIsNeverCompleteIsNotWaitedForWithoutEnd) {  // reliability R2
  options.read_timeout = seconds(3);
  script.wait = seconds(100);
  connect(script);
  client->ask(get());  // so that the connection is not idle
  run();
  const std::string bytes = h2::testing::headers(3, get());
  client->send_raw(bytes.substr(0, bytes.size() - 1));
  run(seconds(2));
  EXPECT_EQ(script.running, 1);
  run(seconds(2));
  EXPECT_EQ(script.running, 0);
}

TEST_F(H2Server, DrainingIsAnnouncedAndWhatIsUnderWayEnds) {
  script.wait = seconds(2);
  connect(script);
  H2Asked& before = client->ask(get());
  run();
  script.drain = true;
  script.tell_draining();
  H2Asked& meanwhile = client->ask(get());  // it crosses the GOAWAY
  run();
  EXPECT_EQ(client->goaways, "2147483647 NO_ERROR;3 NO_ERROR;");
  EXPECT_EQ(before.status, 0);
  run(seconds(3));
  EXPECT_EQ(before.status, 200);
  EXPECT_EQ(meanwhile.status, 200);
  EXPECT_EQ(scheduler.tasks(), 0u);
}

TEST_F(H2Server, AnIdleConnectionEndsWhenDrainingBegins) {
  connect(script);
  script.drain = true;
  script.tell_draining();
  run(seconds(2));
  EXPECT_EQ(client->goaways, "2147483647 NO_ERROR;0 NO_ERROR;");
  EXPECT_EQ(scheduler.tasks(), 0u);
}

TEST_F(H2Server,
       AHeadThatHasBegunIsServedBehindTheGoaway) {  // RFC 9113 6.8: it is not above the number
  connect(script);
  H2Asked& a = client->ask(get());
  const std::string whole(client->session.output());
  client->session.written(whole.size());
  const std::string_view block = std::string_view(whole).substr(h2::frame_head_bytes);
  client->send_raw(
      h2::testing::frame(h2::FrameType::headers, h2::flag::end_stream, a.id, block.substr(0, 3)));
  run();
  client->reading = false;  // it sends nothing else inside the header block
  script.drain = true;
  script.tell_draining();
  run(seconds(2));
  client->send_raw(h2::testing::frame(h2::FrameType::continuation, h2::flag::end_headers, a.id,
                                      block.substr(3)));
  client->reading = true;
  run(seconds(1));
  EXPECT_EQ(client->goaways, "2147483647 NO_ERROR;1 NO_ERROR;");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(scheduler.tasks(), 0u);
}

TEST_F(H2Server, TheLastRequestOfAConnectionTellsSo) {  // keepAliveMaxRequests
  options.keep_alive_requests_max = 2;
  connect(script);
  client->ask(get());
  run();
  EXPECT_EQ(client->goaways, "");
  H2Asked& second = client->ask(get());
  run(seconds(1));
  EXPECT_EQ(client->goaways, "3 NO_ERROR;");
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(scheduler.tasks(), 0u);
}

TEST_F(H2Server, Http1AndPrefacesInPieces) {
  for (const size_t cut : {1u, 14u, 23u}) {
    auto ends = make_pair(scheduler, {IpAddress::v4(127, 0, 0, 1), 5},
                          {IpAddress::v4(127, 0, 0, 1), 80}, transport.link);
    scheduler.spawn("connection",
                    pipeline::serve_http(env, std::move(ends.second), script, options));
    const std::string all = std::string(h2::preface) + h2::testing::settings();
    for (const std::string_view piece :
         {std::string_view(all).substr(0, cut), std::string_view(all).substr(cut)}) {
      const std::string_view pieces[] = {piece};
      ends.first->try_write(pieces);
      run();
    }
    char answer[4096];
    const IoResult r = ends.first->try_read(answer);
    EXPECT_TRUE(h2::testing::told({answer, r.n}).starts_with("SETTINGS 0 ")) << cut;
    ends.first->close();
    run();
  }
  auto ends = make_pair(scheduler, {IpAddress::v4(127, 0, 0, 1), 5},
                        {IpAddress::v4(127, 0, 0, 1), 80}, transport.link);
  scheduler.spawn("connection", pipeline::serve_http(env, std::move(ends.second), script, options));
  const std::string_view put[] = {"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"};
  ends.first->try_write(put);
  run();
  char answer[4096];
  const IoResult r = ends.first->try_read(answer);
  EXPECT_TRUE(std::string_view(answer, r.n).starts_with("HTTP/1.1 200"));
}

}  // namespace
}  // namespace gateproof::sim
