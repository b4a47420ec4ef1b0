// The HTTP/1.1 server loop over in-memory bytes: limits, deadlines, keep-alive, back-pressure.
#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/pipeline/h1_server.h"
#include "engine/sim/world.h"

namespace gateproof::sim {
namespace {

class Echo final : public pipeline::ExchangeHandler {
 public:
  Task<void> handle(http::Exchange& x) override {
    ++requests;
    if (read_body) {
      Result<std::string> body = co_await http::read_all(x.request.body, 1u << 24);
      x.response = http::Response::make(200, body ? *body : "broken: " + body.error().message);
    } else {
      x.response = http::Response::make(200, "ok");
    }
    if (status != 200) {
      x.response = http::Response::make(status);
      x.response.headers.add("Content-Length", "10");
      x.response.headers.add("Content-Type", "a/b");
    }
    for (int status : interim) {
      if (!x.interim) break;
      http::Headers fields;
      fields.add("X-N", std::to_string(status));
      x.interim->interim(status, fields);
    }
    if (wait > Duration::zero()) co_await sleep_for(x.env->scheduler, wait);
    finished = true;
  }
  bool draining() const override { return drain; }
  int requests = 0;
  int status = 200;
  bool read_body = true;
  bool drain = false;
  bool finished = false;
  Duration wait{0};
  std::vector<int> interim;
};

class Server : public ::testing::Test {
 protected:
  Echo echo;  // outlives the connections, which the scheduler owns
  VirtualClock clock;
  SeededRandom random{1};
  Scheduler scheduler{clock};
  SimTransport transport{scheduler};
  gateproof::testing::NoResolver resolver;
  Env env{scheduler, clock, random, transport, resolver, "h"};
  pipeline::ServerOptions options;
  std::unique_ptr<SimStream> client;

  void connect() {
    auto ends = make_pair(scheduler, {IpAddress::v4(127, 0, 0, 1), 5},
                          {IpAddress::v4(127, 0, 0, 1), 80}, transport.link);
    client = std::move(ends.first);
    scheduler.spawn("connection", pipeline::serve_h1(env, std::move(ends.second), echo, options));
  }
  void run(Duration d = Duration::zero()) {
    const Instant end = clock.now() + d;
    for (;;) {
      if (scheduler.run_ready() > 0) continue;
      if (scheduler.next_timer() > end) break;
      clock.advance_to(scheduler.next_timer());
      scheduler.fire_timers(clock.now());
    }
    clock.advance_to(end);
  }
  void say(std::string_view bytes) {
    const std::string_view piece[] = {bytes};
    client->try_write(piece);
    run();
  }
  std::string heard() {
    run();
    std::string out;
    char buffer[4096];
    for (;;) {
      const IoResult r = client->try_read(buffer);
      if (r.kind != IoResult::bytes) break;
      out.append(buffer, r.n);
    }
    return out;
  }
  bool open() { return scheduler.tasks() > 0; }
};

TEST_F(Server, KeepsTheConnectionAndPipelines) {
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  heard();
  EXPECT_EQ(echo.requests, 2);
  EXPECT_TRUE(open());
}

TEST_F(Server, AByteAtATimeIsTheSame) {
  connect();
  for (char c : std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
    say(std::string_view(&c, 1));
  }
  EXPECT_NE(heard().find("\r\n\r\nabc"), std::string::npos);
}

TEST_F(Server, ContinueIsSaidWhenTheBodyIsWanted) {
  connect();
  say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(heard(), "HTTP/1.1 100 Continue\r\n\r\n");
  say("hi");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 200"));
}

TEST_F(Server, NothingIsWrittenBehindTheWriteDeadline) {  // catalogue 2.1 writeTimeout
  options.write_timeout = std::chrono::milliseconds(500);
  echo.wait = std::chrono::seconds(1);
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  run(std::chrono::seconds(2));
  EXPECT_TRUE(echo.finished);
  EXPECT_EQ(heard(), "");
  EXPECT_FALSE(open());
}

TEST_F(Server, AnswersWithoutABodyTellNoLength) {
  connect();
  for (const int status : {204, 304}) {
    echo.status = status;
    say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = heard();
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Content-Type"), std::string::npos) << answer;  // the engine's to drop
  }
}

TEST_F(Server, OtherExpectationsAreRefused) {
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n");
  const std::string answer = heard();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 417 ")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_FALSE(open());
}

TEST_F(Server, ContinueNeverAskedForClosesAfterTheAnswer) {
  echo.read_body = false;
  connect();
  say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_NE(heard().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(open());  // a body on its way must not cost the client the answer
  run(std::chrono::milliseconds(501));
  EXPECT_FALSE(open());
}

TEST_F(Server, InterimAnswersComeBeforeTheFinalOne) {  // RFC 9110 section 15.2
  echo.interim = {103, 100, 100, 199};
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string got = heard();
  EXPECT_TRUE(
      got.starts_with("HTTP/1.1 103 Early Hints\r\nX-N: 103\r\n\r\n"
                      "HTTP/1.1 100 Continue\r\nX-N: 100\r\n\r\n"  // once
                      "HTTP/1.1 199 status code 199\r\nX-N: 199\r\n\r\n"
                      "HTTP/1.1 200 OK\r\n"))
      << got;
  say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(heard().starts_with("HTTP/1.0 200 OK"));
}

TEST_F(Server, ContinueIsSaidOnceOnly) {  // by the server itself, then by the handler
  echo.interim = {100};
  connect();
  say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(heard(), "HTTP/1.1 100 Continue\r\n\r\n");
  say("ab");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 200 OK"));
}

TEST_F(Server, ABodyThatIsNoHttpIs400) {  // RFC 9112 section 7.1, whatever the handler makes of it
  connect();
  say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  run(std::chrono::milliseconds(501));
  EXPECT_FALSE(open());
}

TEST_F(Server, IdleAndReadTimeouts) {  // catalogue 2.1
  options.idle_timeout = std::chrono::seconds(180);
  options.read_timeout = std::chrono::seconds(60);
  connect();
  run(std::chrono::seconds(59));
  EXPECT_TRUE(open());
  run(std::chrono::seconds(2));
  EXPECT_FALSE(open());  // silent from the start: the first request's read timeout

  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  heard();
  run(std::chrono::seconds(179));
  EXPECT_TRUE(open());
  run(std::chrono::seconds(2));
  EXPECT_FALSE(open());

  connect();
  say("GET / HTTP/1.1\r\nHo");
  run(std::chrono::seconds(61));
  EXPECT_FALSE(open());  // slow head (reliability R2)
}

TEST_F(Server, SlowBodyEndsWithTheReadTimeout) {
  options.read_timeout = std::chrono::seconds(5);
  connect();
  say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
  run(std::chrono::seconds(6));
  EXPECT_NE(heard().find("broken"), std::string::npos);
  EXPECT_FALSE(open());
}

TEST_F(Server, RequestsPerConnection) {  // keepAliveMaxRequests
  options.keep_alive_requests_max = 2;
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(heard().find("Connection: close"), std::string::npos);
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(heard().find("Connection: close"), std::string::npos);
  EXPECT_FALSE(open());
}

TEST_F(Server, AgeOfAConnection) {  // keepAliveMaxTime
  options.keep_alive_time_max = std::chrono::seconds(10);
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(heard().find("Connection: close"), std::string::npos);
  run(std::chrono::seconds(10));
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(heard().find("Connection: close"), std::string::npos);
}

TEST_F(Server, HeadAtTheLimitAndOneOver) {  // http.maxHeaderBytes, with Go's slack of 4096 bytes
  options.header_bytes_max = 1000;
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const size_t room = 1000 + 4096 - start.size() - 4;
  connect();
  say(start + std::string(room, 'x') + "\r\n\r\n");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 200"));
  connect();
  say(start + std::string(room + 1, 'x') + "\r\n\r\n");
  EXPECT_TRUE(heard().starts_with("HTTP/1.1 431"));
}

TEST_F(Server, UnreadBodyIsDrainedUpToALimit) {
  echo.read_body = false;
  options.drain_bytes_max = 1000;
  connect();
  say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_EQ(heard().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(open());
  say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
  EXPECT_NE(heard().find("Connection: close"), std::string::npos);
  run(std::chrono::milliseconds(501));
  EXPECT_FALSE(open());
}

TEST_F(Server, AClientThatLeavesEndsItsHandler) {
  echo.wait = std::chrono::seconds(30);
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client->close();
  run();
  EXPECT_FALSE(open());
  EXPECT_FALSE(echo.finished);
}

TEST_F(Server, DrainingClosesAfterTheAnswer) {
  connect();
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  heard();
  echo.drain = true;
  say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(heard().find("Connection: close"), std::string::npos);
  EXPECT_FALSE(open());
}

TEST_F(Server,
       AClientThatDoesNotReadHoldsTheWriter) {  // back-pressure: the window is all that is buffered
  transport.link.window_bytes = 1000;
  connect();
  const std::string body(100000, 'x');
  std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body;
  std::string got;
  for (size_t at = 0; at < request.size();) {
    const std::string_view piece[] = {std::string_view(request).substr(at, 700)};
    const IoResult r = client->try_write(piece);
    at += r.n;
    run();
  }
  while (got.size() < body.size()) {
    const std::string more = heard();
    ASSERT_FALSE(more.empty());
    got += more;
  }
  EXPECT_NE(got.find(std::string(50000, 'x')), std::string::npos);
}

TEST_F(Server, Http10) {
  connect();
  say("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(heard().find("Connection"), std::string::npos);
  EXPECT_FALSE(open());
  connect();
  say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(heard().find("Connection: keep-alive"), std::string::npos);
  EXPECT_TRUE(open());
}

}  // namespace
}  // namespace gateproof::sim
