// A handler on sockets of its own: plain and with TLS, answers without an end, clients that go and clients that do not read.
#include "engine/net/handler_server.h"

#include <gtest/gtest.h>

#include "engine/net/client_test.h"
#include "engine/net/random.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t piece_bytes = 64u << 10;

// A body that never ends: as fast as it is read, or silent behind its first byte.
class Endless final : public http::BodySource {
 public:
  Endless(bool silent, std::atomic<size_t>& pulled, std::atomic<int>& open)
      : silent_(silent), pulled_(pulled), open_(open) {
    ++open_;
  }
  ~Endless() override { --open_; }
  std::optional<Result<http::Chunk>> try_read() override {
    if (silent_ && std::exchange(begun_, true)) return std::nullopt;
    pulled_ += piece_.size();
    return Result<http::Chunk>(http::Chunk{silent_ ? "x" : std::string_view(piece_), false});
  }
  Task<Result<http::Chunk>> read() override {
    for (;;) {
      if (std::optional<Result<http::Chunk>> got = try_read()) co_return std::move(*got);
      co_await Suspend{"for ever"};
    }
  }

 private:
  const bool silent_;
  bool begun_ = false;
  const std::string piece_ = std::string(piece_bytes, 'x');
  std::atomic<size_t>& pulled_;
  std::atomic<int>& open_;
};

class Scripted final : public http::Handler {
 public:
  Task<void> handle(http::Exchange& x) override {
    threads.insert(std::this_thread::get_id());
    const std::string path = x.request.url.raw;
    if (path == "/endless" || path == "/silent") {
      x.response.status = 200;
      x.response.body = http::Body::stream(
          std::make_unique<Endless>(path == "/silent", pulled, open), std::nullopt);
      co_return;
    }
    std::string text = x.request.method + " " + path + (x.tls ? " tls" : " plain");
    if (x.client_certificates) text += " known";
    x.response = http::Response::make(200, text, "text/plain");
  }
  std::set<std::thread::id> threads;  // to be read when the server has stopped
  std::atomic<size_t> pulled{0};      // bytes taken from endless bodies
  std::atomic<int> open{0};           // such bodies
};

class HandlerServers : public ::testing::Test {
 protected:
  void make(size_t most = HandlerServer::connections_max) {
    server = std::move(*HandlerServer::make(handler, random, log, most));
    at = *server->listen({IpAddress::v4(127, 0, 0, 1), 0});
  }
  std::string ask(Client& client, const std::string& path) {
    const std::string answer = client.get(path);
    const size_t body = answer.find("\r\n\r\n");
    return body == std::string::npos ? answer : answer.substr(body + 4);
  }
  // Asks, and waits for the answer's head.
  static std::string begin(Client& client, const std::string& path) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
    return client.receive();
  }
  bool until(const std::function<bool()>& what, Duration longest) {
    const RealClock clock;
    for (const Instant end = clock.now() + longest; clock.now() < end;) {
      if (what()) return true;
      (void)Client(at).get("/wait");  // a little while
    }
    return what();
  }

  RealRandom random{1};
  Log log{2, LogLevel::panic};
  Scripted handler;
  std::unique_ptr<HandlerServer> server;
  SocketAddress at;
};

TEST_F(HandlerServers, OneThreadServesEveryListener) {
  make();
  const SocketAddress other = *server->listen({IpAddress::v4(127, 0, 0, 2), 0});
  EXPECT_FALSE(server->listen(at)) << "taken";
  server->start();
  {
    Client a(at), b(other);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(ask(a, "/a"), "GET /a plain");
      EXPECT_EQ(ask(b, "/b"), "GET /b plain");
    }
    EXPECT_EQ(server->connections(), 2u);
  }
  std::thread::id where;
  EXPECT_TRUE(server->call([&] { where = std::this_thread::get_id(); }));
  server->stop();
  EXPECT_EQ(handler.threads, std::set<std::thread::id>{where});
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST_F(HandlerServers, TlsWithAndWithoutAClientCertificate) {
  using tls::testing::make_certificate;
  const tls::testing::Pem ca = make_certificate({.common_name = "ca", .authority = true});
  const auto own = make_certificate({.common_name = "", .names = {"DNS:a.test"}}, &ca);
  const auto me = make_certificate({.common_name = "me", .usage = "clientAuth"}, &ca);
  tls::ServerSettings settings;
  settings.alpn = {"h2", "http/1.1"};
  settings.client_auth = tls::ClientAuth::verify_if_given;
  settings.client_authorities = {ca.certificate};
  make();
  const SocketAddress secure = *server->listen(
      {IpAddress::v4(127, 0, 0, 1), 0}, HandlerTls{*tls::ServerContext::make(settings),
                                                   *tls::Identity::load(own.certificate, own.key)});
  server->start();
  tls::ClientSettings mine;
  mine.roots = {ca.certificate};
  Client nobody(secure, *tls::ClientContext::make(mine), "a.test", {"http/1.1"});
  ASSERT_TRUE(nobody.connected());
  EXPECT_EQ(nobody.protocol, "http/1.1");
  EXPECT_EQ(ask(nobody, "/x"), "GET /x tls");
  mine.certificates = {{me.certificate, me.key}};
  Client known(secure, *tls::ClientContext::make(mine), "a.test", {"http/1.1"});
  EXPECT_EQ(ask(known, "/x"), "GET /x tls known");
  Client two(secure, *tls::ClientContext::make(mine), "a.test", {"h2"});
  EXPECT_EQ(two.protocol, "h2");
  two.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9));
  EXPECT_EQ(two.receive(std::string("\0\0\0\4\1\0\0\0\0", 9)).substr(3, 1), "\4") << "SETTINGS";
  EXPECT_FALSE(Client(secure, *tls::ClientContext::make(mine), "b.test").connected());
  // Plain text on that port costs its connection and nothing else.
  Client plain(secure);
  plain.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(plain.receive("200").find("200"), std::string::npos);
  EXPECT_EQ(ask(nobody, "/y"), "GET /y tls");
}

TEST_F(HandlerServers, ConnectionsAreBounded) {
  make(3);
  server->start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(at));
    EXPECT_EQ(ask(*clients.back(), "/"), "GET / plain") << "at the limit";
  }
  Client over(at);
  EXPECT_EQ(over.receive(), "");
  EXPECT_TRUE(over.ended);
  clients.pop_back();
  RealClock clock;
  std::string got;
  for (const Instant end = clock.now() + seconds(5); got.empty() && clock.now() < end;) {
    Client again(at);
    got = ask(again, "/");
  }
  EXPECT_EQ(got, "GET / plain") << "one has gone";
}

// Nobody writes to a watch that has nothing to say, so its end is looked for.
TEST_F(HandlerServers, AClientThatGoesAwayFromASilentAnswerIsNoticed) {
  make();
  server->start();
  {
    Client stays(at);
    EXPECT_TRUE(begin(stays, "/silent").starts_with("HTTP/1.1 200"));
    {
      Client goes(at);
      EXPECT_TRUE(begin(goes, "/silent").starts_with("HTTP/1.1 200"));
      EXPECT_EQ(handler.open, 2);
    }
    EXPECT_TRUE(until([&] { return handler.open == 1; }, 3 * HandlerServer::look_period));
    EXPECT_TRUE(until([&] { return server->connections() == 1; }, seconds(5)));
    EXPECT_EQ(stays.receive("never", milliseconds(100)).find("never"), std::string::npos);
    EXPECT_FALSE(stays.ended) << "who has not gone is left alone";
  }
  EXPECT_TRUE(until([&] { return handler.open == 0; }, 3 * HandlerServer::look_period));
}

// What it is given and does not take stays in the sockets' buffers and in one piece: nothing is read ahead for it.
TEST_F(HandlerServers, AClientThatDoesNotReadHoldsItsAnswerBack) {
  make();
  server->start();
  Client slow(at), other(at);
  EXPECT_TRUE(begin(slow, "/endless").starts_with("HTTP/1.1 200"));
  size_t before = 0;
  EXPECT_TRUE(until(
      [&] {
        for (int i = 0; i < 200; ++i) (void)ask(other, "/");
        return std::exchange(before, handler.pulled.load()) == handler.pulled;
      },
      seconds(10)));
  const size_t held = handler.pulled;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ask(other, "/"), "GET / plain");
  EXPECT_EQ(handler.pulled, held);
  EXPECT_LT(held, 32u << 20) << "the kernel's buffers";
  // It goes on when somebody reads.
  size_t read = 0;
  while (read < held + 4 * piece_bytes && !slow.timed_out) read += slow.receive("x").size();
  EXPECT_GT(handler.pulled, held);
}

TEST_F(HandlerServers, StopsUnderOpenAnswers) {
  make();
  server->start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(at));
    EXPECT_TRUE(begin(*clients.back(), i % 2 ? "/silent" : "/endless").starts_with("HTTP/1.1 200"));
  }
  const RealClock clock;
  const Instant begun = clock.now();
  server->stop();
  EXPECT_LT(clock.now() - begun, seconds(2));
  EXPECT_EQ(handler.open, 0);
  EXPECT_EQ(server->connections(), 0u);
  (void)clients[1]->receive("never");
  EXPECT_FALSE(clients[1]->timed_out) << "its end is told";
  EXPECT_FALSE(Client(at).connected());
  server->stop();  // again: nothing to do
  bool ran = false;
  EXPECT_TRUE(server->call([&] { ran = true; })) << "on the caller's thread";
  EXPECT_TRUE(ran);
  make();
  EXPECT_TRUE(server->listen({IpAddress::v4(127, 0, 0, 1), 0}));  // never started, and goes
}

TEST_F(HandlerServers, CallsOfManyThreadsRunOnTheServersOne) {
  make();
  server->start();
  std::set<std::thread::id> where;  // no lock: one thread
  size_t ran = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        EXPECT_TRUE(server->call([&] {
          where.insert(std::this_thread::get_id());
          ++ran;
        }));
      }
    });
  }
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(ran, 400u);
  EXPECT_EQ(where.size(), 1u);
}

}  // namespace
}  // namespace gateproof::net
