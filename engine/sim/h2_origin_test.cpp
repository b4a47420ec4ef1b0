// HTTP/2 to servers, and gRPC through the proxy: a client, the proxy stage and a server, all over bytes in memory.
#include "engine/sim/h2_upstream_test.h"

namespace gateproof::sim {
namespace {

using h2::testing::get;
using std::chrono::seconds;

// A message of gRPC: not compressed, a length, and the bytes.
std::string message(std::string_view bytes) {
  std::string out(1, '\0');
  h2::append_u32(out, static_cast<uint32_t>(bytes.size()));
  return out.append(bytes);
}

// Messages that the test lets out one by one, then the trailers.
class Messages final : public http::BodySource {
 public:
  std::deque<std::string> ready;
  bool over = false;
  Waiter* waiter = nullptr;
  http::Headers fields{{"grpc-status", "5"}, {"grpc-message", "not%20found"}};

  std::optional<Result<http::Chunk>> try_read() override {
    if (!ready.empty()) {
      now_ = std::move(ready.front());
      ready.pop_front();
      return Result<http::Chunk>(http::Chunk{now_, false});
    }
    if (over) return Result<http::Chunk>(http::Chunk{{}, true});
    return std::nullopt;
  }
  Task<Result<http::Chunk>> read() override {
    for (;;) {
      auto got = try_read();
      if (got) co_return std::move(*got);
      co_await Suspend{"message", &waiter};
    }
  }
  const http::Headers* trailers() const override { return &fields; }
  void let(std::string bytes) {
    ready.push_back(std::move(bytes));
    if (waiter) waiter->executor->post(*waiter);
  }
  void end() {
    over = true;
    if (waiter) waiter->executor->post(*waiter);
  }

 private:
  std::string now_;
};

TEST_F(H2Upstream, UnaryCall) {
  std::string seen;
  behind.answer = [&](http::Exchange& x) {
    for (const auto& f : x.request.headers) seen.append(f.name).append("=").append(f.value) += ';';
    auto messages = std::make_unique<Messages>();
    messages->let(message("reply"));
    messages->end();
    x.response = http::Response::make(200, {}, "application/grpc");
    x.response.body = http::Body::stream(std::move(messages), std::nullopt);
  };
  H2Asked& a = client->ask(call({{"grpc-timeout", "1S"}}), false);
  client->session.send_data(a, message("ask"), true);
  run();
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, message("reply"));
  EXPECT_EQ(a.fields, "Content-Type=application/grpc;");
  EXPECT_EQ(a.trailers, "Grpc-Status=5;Grpc-Message=not%20found;");
  EXPECT_NE(seen.find("Grpc-Timeout=1S;"), std::string::npos);  // the server's to keep (Traefik)
  EXPECT_NE(seen.find("Te=trailers;"), std::string::npos);
}

TEST_F(H2Upstream, TrailersAreAnnouncedInGosSpellingALengthBesideThemOrNot) {
  std::optional<uint64_t> length;
  behind.answer = [&](http::Exchange& x) {
    auto messages = std::make_unique<Messages>();
    messages->let("reply");
    messages->end();
    x.response = http::Response::make(200);
    x.response.headers.add("Trailer", "grpc-status,GRPC-MESSAGE,,");
    x.response.body = http::Body::stream(std::move(messages), length);
  };
  const auto asked = [this]() {
    H2Asked& a = client->ask(get());
    run();
    return a.fields + a.trailers;
  };
  const std::string sent = "Grpc-Status=5;Grpc-Message=not%20found;";
  EXPECT_EQ(asked(), "Trailer=Grpc-Status, Grpc-Message;" + sent);
  length = 5;
  EXPECT_EQ(asked(), "Trailer=Grpc-Status, Grpc-Message;Content-Length=5;" + sent);
}

TEST_F(H2Upstream, TrailersOnly) {
  behind.answer = [](http::Exchange& x) {
    x.response = http::Response::make(200, {}, "application/grpc");
    x.response.headers.add("Grpc-Status", "12");
  };
  H2Asked& a = client->ask(call());
  run();
  EXPECT_NE(a.fields.find("Grpc-Status=12;"), std::string::npos);
  EXPECT_TRUE(a.ended_there);
}

TEST_F(H2Upstream, ServerStreamingMessageByMessage) {
  Messages* out = nullptr;
  behind.answer = [&](http::Exchange& x) {
    auto messages = std::make_unique<Messages>();
    out = messages.get();
    x.response = http::Response::make(200);
    x.response.body = http::Body::stream(std::move(messages), std::nullopt);
  };
  H2Asked& a = client->ask(call());
  run();
  ASSERT_NE(out, nullptr);
  EXPECT_EQ(a.status, 200);  // the head does not wait for a message
  out->let(message("1"));
  run();
  EXPECT_EQ(a.body, message("1"));
  out->let(message("2"));
  run();
  EXPECT_EQ(a.body, message("1") + message("2"));
  EXPECT_FALSE(a.ended_there);
  out->end();
  run();
  EXPECT_EQ(a.trailers, "Grpc-Status=5;Grpc-Message=not%20found;");
}

TEST_F(H2Upstream, ClientStreamingAndBothWays) {
  H2Asked& a = client->ask(call(), false);  // the server gives back what it gets
  for (const std::string one : {"1", "22", "333"}) {
    const size_t had = a.body.size();
    client->session.send_data(a, message(one), false);
    run();
    EXPECT_EQ(a.body.substr(had), message(one));
  }
  client->session.field("x-end", "y");
  client->session.field("x_forwarded_for", "6.6.6.6");  // what belongs to a head stays behind
  client->session.field("authorization", "Basic eDp5");
  client->session.send_fields(a, true);
  run();
  EXPECT_EQ(a.trailers, "X-End=y;");
  EXPECT_EQ(accepted, 1);
}

TEST_F(H2Upstream, ManyRequestsOnOneConnection) {
  behind.wait = seconds(1);
  for (int i = 0; i < 50; ++i) client->ask(get());
  run();
  EXPECT_EQ(behind.running, 50);
  EXPECT_EQ(accepted, 1);
  run(seconds(1));
  for (const auto& a : client->asked) EXPECT_EQ(a->status, 200);
}

TEST_F(H2Upstream, MoreThanAServerAllowsGoToAnotherConnection) {
  server_options.http2_streams_max = 4;
  behind.wait = seconds(1);
  client->ask(get());
  run();  // now its limit is known
  for (int i = 0; i < 9; ++i) client->ask(get());
  run(seconds(5));
  for (const auto& a : client->asked) EXPECT_EQ(a->status, 200);
  EXPECT_EQ(accepted, 3);
}

TEST_F(H2Upstream, RefusedStreamsAreSentAgain) {  // RFC 9113 8.7: nobody has looked at them
  server_options.http2_streams_max = 4;
  transport.link.latency = std::chrono::milliseconds(10);  // the limit is not known in time
  for (int i = 0; i < 12; ++i) client->ask(get());
  run(seconds(5));
  for (const auto& a : client->asked) EXPECT_EQ(a->status, 200);
}

TEST_F(H2Upstream, AGoawayFailsNoRequest) {
  client->ask(get());
  run();
  behind.wait = seconds(1);
  client->ask(get());
  run();
  behind.drain = true;
  behind.tell_draining();
  run();
  behind.drain = false;
  client->ask(get());
  run(seconds(5));
  for (const auto& a : client->asked) EXPECT_EQ(a->status, 200);
  EXPECT_EQ(accepted, 2);
  EXPECT_EQ(origin.connections(), 1u);
}

TEST_F(H2Upstream, AClientThatLeavesEndsTheCallAtTheServer) {
  behind.wait = seconds(1000);
  H2Asked& a = client->ask(get());
  client->ask(get());
  run();
  EXPECT_EQ(behind.running, 2);
  client->session.reset(a, h2::ErrorCode::cancel);
  run();
  EXPECT_EQ(behind.running, 1);
  EXPECT_EQ(origin.connections(), 1u);
}

TEST_F(H2Upstream, AnAnswerCutShortIsNotCompleted) {
  std::vector<Messages*> out;
  behind.answer = [&](http::Exchange& x) {
    auto messages = std::make_unique<Messages>();
    messages->let("half");
    out.push_back(messages.get());
    x.response = http::Response::make(200);
    x.response.body = http::Body::stream(std::move(messages), std::nullopt);
  };
  std::unique_ptr<gateproof::Stream> cut;
  transport.serve(there,
                  [&](std::unique_ptr<gateproof::Stream> stream) { cut = std::move(stream); });
  H2Asked& a = client->ask(get());
  run();
  // A server of two frames, which then goes.
  const std::string head =
      h2::testing::settings() +
      h2::testing::frame(h2::FrameType::headers, h2::flag::end_headers, 1, "\x88") +
      h2::testing::data(1, "half");
  const std::string_view piece[] = {head};
  cut->try_write(piece);
  run();
  EXPECT_EQ(a.body, "half");
  cut->close();
  run();
  EXPECT_EQ(a.reset, "INTERNAL_ERROR");
  EXPECT_EQ(origin.connections(), 0u);
}

TEST_F(H2Upstream, ServersThatNobodyUsesAreForgotten) {
  for (const char* gone : {"h2c://10.0.0.7:81", "h2c://10.0.0.8:81", "h2c://10.0.0.9:81"}) {
    server = server_at(gone);
    const auto& a = client->ask(get());
    run();
    EXPECT_EQ(a.status, 502);
    EXPECT_EQ(origin.servers(), 1u) << "the last one that was dialled";
  }
  server = server_at("h2c://10.0.0.1:81");
  client->ask(get());
  run();
  EXPECT_EQ(origin.servers(), 1u);
  EXPECT_EQ(origin.connections(), 1u);
}

TEST_F(H2Upstream, WhatIsNoHttp2IsFiveHundred) {  // catalogue 9.57
  transport.serve(there, [this](std::unique_ptr<gateproof::Stream> stream) {
    pipeline::ServerOptions only_h1;
    only_h1.http2 = false;
    scheduler.spawn("server", pipeline::serve_http(env, std::move(stream), behind, only_h1));
  });
  H2Asked& a = client->ask(get());
  run();
  EXPECT_EQ(a.status, 500);
  EXPECT_EQ(behind.begun, 0);
  transport.stop(there);
  H2Asked& b = client->ask(get());
  run();
  EXPECT_EQ(b.status, 502);
}

TEST_F(H2Upstream, SilentServersAreAskedAndGivenUp) {  // readIdleTimeout, pingTimeout
  std::unique_ptr<gateproof::Stream> silent;
  transport.serve(there, [&](std::unique_ptr<gateproof::Stream> s) { silent = std::move(s); });
  server.read_idle_timeout = seconds(5);
  server.ping_timeout = seconds(2);
  H2Asked& a = client->ask(get());
  run(seconds(6));
  EXPECT_EQ(a.status, 0);
  run(seconds(1));
  EXPECT_EQ(a.status, 500);
}

TEST_F(H2Upstream, AServerThatGivesUpIsFiveHundredOneThatBreaksIsFiveHundredTwo) {  // catalogue 4.7
  std::unique_ptr<gateproof::Stream> stream;
  transport.serve(there, [&](std::unique_ptr<gateproof::Stream> s) { stream = std::move(s); });
  const auto asked = [&]() -> H2Asked& {
    H2Asked& a = client->ask(get());
    run();
    return a;
  };
  const auto says = [&](std::string_view bytes) {
    const std::string_view piece[] = {bytes};
    stream->try_write(piece);
    run();
  };
  const auto rst = [](h2::ErrorCode code) {
    std::string bytes;
    h2::append_rst_stream(bytes, 1, code);
    return h2::testing::settings() + bytes;
  };
  H2Asked& canceled = asked();
  says(rst(h2::ErrorCode::cancel));
  EXPECT_EQ(canceled.status, 500);
  stream->close();
  run();
  H2Asked& closed = asked();
  says(h2::testing::settings());
  stream->shutdown_write();
  run();
  EXPECT_EQ(closed.status, 500);
  H2Asked& broken = asked();
  says(h2::testing::settings() + h2::testing::frame(h2::FrameType::ping, 0, 0, "a"));
  EXPECT_EQ(broken.status, 500);
  // What GOAWAY counts among the requests that were looked at is not asked again, be the connection used or not.
  H2Asked& first = asked();
  says(h2::testing::settings() + h2::testing::frame(h2::FrameType::headers, 5, 1, "\x88"));
  EXPECT_EQ(first.status, 200);
  H2Asked& counted = asked();
  std::string goaway;
  h2::append_goaway(goaway, 3, h2::ErrorCode::no_error, {});
  says(goaway);
  stream->shutdown_write();
  run();
  EXPECT_EQ(counted.status, 500);
}

TEST_F(H2Upstream,
       WhatAServerRefusesWithProtocolErrorIsAskedAgainWhereThatDoesNoHarm) {  // as in Go
  std::vector<std::unique_ptr<gateproof::Stream>> streams;
  transport.serve(there,
                  [&](std::unique_ptr<gateproof::Stream> s) { streams.push_back(std::move(s)); });
  std::string bytes = h2::testing::settings();
  h2::append_rst_stream(bytes, 1, h2::ErrorCode::protocol_error);
  const auto refuse = [&](std::string_view method) -> H2Asked& {
    auto fields = get();
    fields[0].second = method;
    H2Asked& a = client->ask(fields);
    run();
    const std::string_view piece[] = {bytes};
    streams.back()->try_write(piece);
    run();
    return a;
  };
  H2Asked& read = refuse("GET");
  EXPECT_EQ(read.status, 0);
  const std::string answer = h2::testing::frame(h2::FrameType::headers, 5, 3, "\x88");
  const std::string_view piece[] = {answer};
  streams.back()->try_write(piece);
  run();
  EXPECT_EQ(read.status, 200);
  streams.back()->shutdown_write();
  run();
  EXPECT_EQ(refuse("POST").status, 500);
  EXPECT_EQ(streams.size(), 2u);
}

TEST_F(H2Upstream, TheHeadHasItsTime) {  // responseHeaderTimeout
  server.response_header_timeout = seconds(3);
  behind.wait = seconds(10);
  H2Asked& a = client->ask(get());
  run(seconds(2));
  EXPECT_EQ(a.status, 0);
  run(seconds(1));
  EXPECT_EQ(a.status, 504);
  EXPECT_EQ(behind.running, 0);  // and the server is told
}

TEST_F(H2Upstream, IdleConnectionsEnd) {  // idleConnTimeout
  client->ask(get());
  run(seconds(89));
  EXPECT_EQ(origin.connections(), 1u);
  run(seconds(2));
  EXPECT_EQ(origin.connections(), 0u);
}

TEST_F(H2Upstream, ASlowReaderHoldsUpTheServerAndNobodyElse) {
  behind.answer = [](http::Exchange& x) {
    x.response = http::Response::make(200, std::string(3'000'000, 'x'));
  };
  h2::LocalSettings narrow;
  narrow.stream_window = 1000;
  connect(proxy, narrow);
  client->consuming = false;
  for (int i = 0; i < 20; ++i) client->ask(get());
  run();
  client->consuming = true;
  H2Asked& last = *client->asked.back();
  for (int i = 0; i < 2; ++i) client->session.consumed(last, 500);
  run();
  EXPECT_EQ(last.body.size(), 3'000'000u);
  EXPECT_EQ(behind.running, 0);
}

// A server behind TLS whose mind changes.
class Chooser final : public TlsConnector {
 public:
  std::string chosen = "http/1.1";
  Task<Result<TlsConnection>> connect(std::unique_ptr<gateproof::Stream> plain, std::string,
                                      std::vector<std::string>, Instant) override {
    co_return TlsConnection{std::move(plain), chosen};
  }
};

TEST_F(H2Upstream, ConnectionsOfHttp1GoWhenTheServerHasBegunToSpeakHttp2) {
  const auto tls = std::make_shared<Chooser>();
  server = server_at("https://10.0.0.1:81");
  server.tls = tls;
  upstream::HttpOrigin both(env);
  Through through(both, server);
  connect(through);
  behind.wait = seconds(1);
  for (int i = 0; i < 2; ++i) client->ask(get());
  run(seconds(1));
  EXPECT_EQ(both.idle_h1(), 2u);
  tls->chosen = "h2";
  for (int i = 0; i < 3; ++i) client->ask(get());
  run(seconds(1));
  EXPECT_EQ(both.idle_h1(), 2u);  // they were at hand, and came back
  EXPECT_EQ(both.h2_connections(), 1u);
  client->ask(get());
  run(seconds(1));
  EXPECT_EQ(both.idle_h1(), 0u);
  for (const auto& a : client->asked) EXPECT_EQ(a->status, 200);
  EXPECT_EQ(accepted, 3);
  client.reset();
  scheduler.cancel_all();
}

}  // namespace
}  // namespace gateproof::sim
