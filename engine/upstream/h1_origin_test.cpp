#include "engine/upstream/h1_origin.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/upstream/h1_pool.h"
#include "engine/upstream/proxy.h"

namespace gateproof::upstream {
namespace {

// A server end that the test plays: what was written to it, and what it says, piece by piece.
struct Peer {
  std::string received;
  std::deque<std::string> says;
  bool end = false;  // after what it says
  bool open = true;
};

class PeerStream final : public Stream {
 public:
  PeerStream(Scheduler& s, std::shared_ptr<Peer> p) : Stream(s), peer_(std::move(p)) {}
  IoResult try_read(std::span<char> into) override {
    if (peer_->says.empty()) return peer_->end ? IoResult{IoResult::eof, 0} : IoResult{};
    std::string& front = peer_->says.front();
    const size_t n = std::min(into.size(), front.size());
    std::memcpy(into.data(), front.data(), n);
    front.erase(0, n);
    if (front.empty()) peer_->says.pop_front();
    return {IoResult::bytes, n};
  }
  IoResult try_write(std::span<const std::string_view> pieces) override {
    size_t n = 0;
    for (std::string_view p : pieces) {
      peer_->received += p;
      n += p.size();
    }
    return {IoResult::bytes, n};
  }
  void shutdown_write() override {}
  void close() override { peer_->open = false; }
  ~PeerStream() override { peer_->open = false; }
  SocketAddress peer() const override { return {}; }
  SocketAddress local() const override { return {}; }
  bool ended() const override { return peer_->says.empty() && peer_->end; }

 protected:
  bool read_ready() const override { return !peer_->says.empty() || peer_->end; }
  bool write_ready() const override { return true; }

 private:
  std::shared_ptr<Peer> peer_;
};

class PeerTransport final : public Transport {
 public:
  explicit PeerTransport(Scheduler& s) : scheduler(s) {}
  Scheduler& scheduler;
  std::deque<std::shared_ptr<Peer>> peers;
  int dials = 0;
  Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress, Instant) override {
    ++dials;
    if (peers.empty()) co_return Error(Code::refused, Source::upstream, "refused");
    auto p = peers.front();
    peers.pop_front();
    co_return std::unique_ptr<Stream>(std::make_unique<PeerStream>(scheduler, p));
  }
  Result<std::unique_ptr<Listener>> listen(SocketAddress) override {
    return Error(Code::unsupported, "none");
  }
};

class Origin : public ::testing::Test {
 protected:
  gateproof::testing::FakeWorld world;
  PeerTransport transport{world.scheduler};
  Env env{world.scheduler, world.clock, world.random, transport, world.resolver, "h"};
  H1Origin origin{env};
  http::OriginServer server = *make_origin_server(
      [] {
        config::ServerConfig s;
        s.url.value = "http://127.0.0.1:81";
        return s;
      }(),
      {});

  std::shared_ptr<Peer> peer(std::deque<std::string> says, bool end = false) {
    auto p = std::make_shared<Peer>();
    p->says = std::move(says);
    p->end = end;
    transport.peers.push_back(p);
    return p;
  }
  // The status and body of one GET, or the error.
  std::string get(std::string method = "GET") {
    http::Exchange x(env);
    x.request.method = std::move(method);
    x.request.host = "h";
    x.request.url.path = "/";
    x.origin = &origin;
    std::string out;
    if (!world.run_void(ask(x, out))) return "waiting";
    return out;
  }
  Task<void> ask(http::Exchange& x, std::string& out) {
    co_await proxy_to(x, server, true);
    out = std::to_string(x.response.status);
    const Result<std::string> body = co_await http::read_all(x.response.body, 1u << 20);
    out += body ? ":" + *body : " body: " + body.error().message;
  }
};

TEST_F(Origin, KeepsTheConnectionAfterACleanEnd) {
  auto p = peer({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"});
  EXPECT_EQ(get(), "200:hi");
  EXPECT_EQ(origin.idle(), 1u);
  p->says = {"HTTP/1.1 204 No Content\r\n\r\n"};
  // Bytes that come unasked between requests poison the connection: it is not used again (reliability S4).
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(), "200:");
  EXPECT_EQ(transport.dials, 2);
}

TEST_F(Origin, ReusesOneConnection) {
  auto p = peer({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"});
  EXPECT_EQ(get(), "200:hi");
  EXPECT_TRUE(p->open);
  EXPECT_EQ(transport.dials, 1);
}

TEST_F(Origin, CloseAndUntilCloseAreNotKept) {
  peer({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"});
  EXPECT_EQ(get(), "200:hi");
  EXPECT_EQ(origin.idle(), 0u);
  peer({"HTTP/1.1 200 OK\r\n\r\nall of it"}, true);
  EXPECT_EQ(get(), "200:all of it");
  EXPECT_EQ(origin.idle(), 0u);
}

TEST_F(Origin, ChunkedInPiecesOfOneByte) {
  std::deque<std::string> bytes;
  for (char c :
       std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
    bytes.emplace_back(1, c);
  }
  peer(bytes);
  EXPECT_EQ(get(), "200:abc");
  EXPECT_EQ(origin.idle(), 1u);
}

struct Heard final : http::InterimSink {
  std::string text;
  void interim(int status, const http::Headers& headers) override {
    text += std::to_string(status);
    for (const auto& f : headers) text.append(" ").append(f.name).append("=").append(f.value);
    text += ';';
  }
};

TEST_F(Origin, InterimAnswersAreCountedUpToALimit) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const std::string final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  std::string many;
  for (int i = 0; i < interim_responses_max; ++i) many += interim;
  peer({many + final});
  EXPECT_EQ(get(), "200:");
  origin.close_idle();
  peer({many + interim + final});
  EXPECT_EQ(get().substr(0, 3), "502");
}

TEST_F(Origin,
       InterimAnswersArePassedOnWithoutFieldsOfTheHop) {  // RFC 9110 sections 15.2 and 7.6.1
  peer({"HTTP/1.1 103 Early Hints\r\nLink: x\r\nConnection: a\r\nA: b\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  http::Exchange x(env);
  x.request.method = "GET";
  x.request.host = "h";
  x.request.url.path = "/";
  x.origin = &origin;
  Heard heard;
  x.interim = &heard;
  ASSERT_TRUE(world.run_void(proxy_to(x, server, true)));
  EXPECT_EQ(heard.text, "103 Link=x;100;");
  EXPECT_EQ(x.response.status, 200);
  EXPECT_FALSE(x.response.headers.has("Link"));
  EXPECT_TRUE(x.detect_content_type);  // catalogue 4.9: as in Traefik, behind an interim answer
}

// RFC 9110 section 10.1.1: the body waits for the server's word, for as long as continue_wait.
TEST_F(Origin, ABodyThatIsExpectedWaitsForTheServer) {
  const auto post = [this](http::Exchange& x) {
    x.request.method = "POST";
    x.request.host = "h";
    x.request.url.path = "/";
    x.request.headers.add("Expect", "100-continue");
    x.request.body = http::Body::text("body");
    x.origin = &origin;
    return proxy_to(x, server, true);
  };
  auto p = peer({"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"});
  http::Exchange refused(env);
  ASSERT_TRUE(world.run_void(post(refused)));
  EXPECT_EQ(refused.response.status, 401);
  EXPECT_TRUE(p->received.ends_with("\r\n\r\n"));
  EXPECT_EQ(origin.idle(), 0u);  // the server still waits for that body

  p = peer({"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  http::Exchange wanted(env);
  const Instant before = world.clock.now();
  ASSERT_TRUE(world.run_void(post(wanted)));
  EXPECT_EQ(wanted.response.status, 200);
  EXPECT_TRUE(p->received.ends_with("body"));
  EXPECT_EQ(world.clock.now(), before);

  origin.close_idle();
  p = peer({});
  server.response_header_timeout = std::chrono::seconds(2);
  http::Exchange silent(env);
  ASSERT_TRUE(world.run_void(post(silent)));
  EXPECT_TRUE(p->received.ends_with("body"));
  EXPECT_EQ(silent.response.status, 504);
  EXPECT_EQ(world.clock.now(), before + continue_wait + std::chrono::seconds(2));
}

TEST_F(Origin, ASwitchThatNobodyAskedForIs502) {  // RFC 9110 section 15.2.2
  auto p = peer({"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n"});
  EXPECT_EQ(get(), "502:Bad Gateway");
  EXPECT_FALSE(p->open);
}

TEST_F(Origin, AnAnswerThatIsNoHttpIs502) {  // RFC 9112 section 6.3
  peer({"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"});
  EXPECT_EQ(get(), "502:Bad Gateway");
}

TEST_F(Origin, RefusedAndClosedAre502AndACutBodyIsNoEnd) {  // catalogue 4.7, reliability 2.1 rule 7
  EXPECT_EQ(get(), "502:Bad Gateway");
  peer({}, true);
  EXPECT_EQ(get(), "502:Bad Gateway");
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, true);
  EXPECT_EQ(get(), "200 body: response body cut short");
}

TEST_F(Origin, ADeadKeptConnectionIsReplacedForGetButNotForPost) {
  auto p = peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(), "200:");
  p->end = true;  // the server closed it while it was idle
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  EXPECT_EQ(get(), "200:ok");
}

TEST_F(Origin, ResponseHeaderTimeoutIs504) {
  server.response_header_timeout = std::chrono::seconds(2);
  peer({});
  EXPECT_EQ(get(), "504:Gateway Timeout");
}

// Of one read, begun where the last one ended (catalogue 6.7); at the limit, and while it is not over.
TEST_F(Origin, ReadTimeoutIsOfOneRead) {
  using namespace std::chrono_literals;
  server.read_timeout = 2s;
  peer({});
  const Instant begun = world.clock.now();
  EXPECT_EQ(get(), "504:Gateway Timeout");
  EXPECT_EQ(world.clock.now() - begun, 2s);
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha"});
  EXPECT_EQ(get(), "200 body: no more of the body in time");
  server.read_timeout = Duration::zero();
  peer({});
  EXPECT_EQ(get(), "waiting");
}

TEST_F(Origin, AKeptConnectionIsReadFromWhileItIsIdle) {
  using namespace std::chrono_literals;
  server.read_timeout = 2s;
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(), "200:");
  world.run(1s);
  // Its time is over before the server answers: a GET is sent again, a POST is not.
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  EXPECT_EQ(get(), "200:ok");
  EXPECT_EQ(transport.dials, 2);
  world.run(1s);
  EXPECT_EQ(get("POST"), "504:Gateway Timeout");
  EXPECT_EQ(transport.dials, 2);
  // Without time left a connection is not used at all.
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(), "200:");
  world.clock.advance(2s);
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  EXPECT_EQ(get("POST"), "200:ok");
  EXPECT_EQ(transport.dials, 4);
}

TEST_F(Origin, ANegativeDialTimeoutHasPassed) {  // catalogue 4.6; zero is no limit
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  server.dial_timeout = std::chrono::seconds(-1);
  EXPECT_EQ(get(), "504:Gateway Timeout");
  EXPECT_EQ(transport.dials, 0);
  server.dial_timeout = Duration::zero();
  EXPECT_EQ(get(), "200:");
}

// maxIdleConnsPerHost (catalogue 4.6): negative keeps none, 0 as many as Go's library, which is two.
TEST_F(Origin, KeepsAsManyIdleAsItMay) {
  for (const auto& [most, kept] :
       std::vector<std::pair<int64_t, size_t>>{{-1, 0}, {0, 2}, {1, 1}, {3, 3}, {4, 4}, {200, 4}}) {
    server.max_idle_conns = most;
    std::vector<std::unique_ptr<http::Exchange>> open;
    for (int i = 0; i < 4; ++i) {  // none is given back before all are there
      peer({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"});
      auto x = std::make_unique<http::Exchange>(env);
      x->request.method = "GET";
      x->request.host = "h";
      x->request.url.path = "/";
      x->origin = &origin;
      ASSERT_TRUE(world.run_void(proxy_to(*x, server, true)));
      open.push_back(std::move(x));
    }
    for (auto& x : open) {
      const auto body = world.run(http::read_all(x->response.body, 100));
      ASSERT_TRUE(body && *body);
      EXPECT_EQ(**body, "hi");
    }
    open.clear();
    EXPECT_EQ(origin.idle(), kept) << most;
    origin.close_idle();
  }
}

// Nobody asks for the server again: its connections go all the same, after their time or when the server closes them.
TEST_F(Origin, IdleConnectionsAreLetGo) {
  auto old = peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(), "200:");
  world.run(std::chrono::seconds(85));
  EXPECT_EQ(origin.idle(), 1u);
  EXPECT_TRUE(old->open);
  world.run(std::chrono::seconds(15));
  EXPECT_EQ(origin.idle(), 0u);
  EXPECT_FALSE(old->open);
  auto closing = peer({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(get(), "200:");
  EXPECT_EQ(origin.idle(), 1u);
  closing->end = true;
  world.run(pool_sweep_period);
  EXPECT_EQ(origin.idle(), 0u);
  EXPECT_FALSE(closing->open);
  EXPECT_EQ(world.scheduler.next_timer(), instant_max);
}

TEST_F(Origin, HeadHasNoBody) {
  peer({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"});
  EXPECT_EQ(get("HEAD"), "200:");
  EXPECT_EQ(origin.idle(), 1u);
}

}  // namespace
}  // namespace gateproof::upstream
