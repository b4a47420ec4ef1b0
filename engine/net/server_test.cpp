// The server end to end on real sockets: a small backend on a loop of its own, a client on a third.
#include "engine/net/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/middleware/middleware.h"
#include "engine/net/client_test.h"
#include "engine/net/clock.h"
#include "engine/net/datagram.h"
#include "engine/net/files.h"
#include "engine/net/log_file.h"
#include "engine/net/random.h"
#include "engine/net/socket.h"

namespace gateproof::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SocketAddress loopback(uint16_t port = 0) { return {IpAddress::v4(127, 0, 0, 1), port}; }

// Answers every request with its own head as the body, after `delay`.
class Backend {
 public:
  explicit Backend(Duration delay = Duration::zero()) : delay_(delay) {
    listener_ = std::move(*transport_.listen(loopback()));
    address = listener_->local();
    loop_->scheduler().spawn("accept", accept());
    thread_ = std::thread([this] {
      loop_->run();
      loop_->scheduler().cancel_all();
    });
  }
  ~Backend() {
    loop_->stop();
    thread_.join();
  }
  SocketAddress address;

 private:
  Task<void> accept() {
    for (;;) {
      Result<std::unique_ptr<Stream>> s = co_await listener_->accept();
      if (!s) co_return;
      loop_->scheduler().spawn("serve", serve(std::move(*s)));
    }
  }
  Task<void> serve(std::unique_ptr<Stream> s) {
    std::string in;
    std::array<char, 8192> buffer;
    for (;;) {
      const size_t end = in.find("\r\n\r\n");
      if (end == std::string::npos) {
        const Result<size_t> n = co_await read_some(*s, buffer, instant_max);
        if (!n || *n == 0) co_return;
        in.append(buffer.data(), *n);
        continue;
      }
      const std::string head = in.substr(0, end + 4);
      in.erase(0, end + 4);
      if (delay_ > Duration::zero()) co_await sleep_for(loop_->scheduler(), delay_);
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(head.size()) + "\r\n\r\n" + head;
      std::vector<std::string_view> pieces = {answer};
      const Result<void> sent = co_await write_all(*s, std::move(pieces), instant_max);
      if (!sent) co_return;
    }
  }
  Duration delay_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::make());
  NetTransport transport_{*loop_};
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

class ServerTest : public ::testing::Test {
 protected:
  config::EntryPointConfig& entry(const std::string& name = "web") {
    config::EntryPointConfig& e = statics_.entry_points[name];
    e.name = name;
    e.address.value = "127.0.0.1:0";
    return e;
  }
  void start(size_t workers = 1, size_t connections_max = 0) {
    if (statics_.entry_points.empty()) entry();
    engine_ = std::make_unique<pipeline::Engine>(
        std::make_shared<const config::StaticConfig>(statics_), clock_, random_, "test-host");
    ServeOptions options;
    options.workers = workers;
    options.connections_max = connections_max;
    server_ = std::make_unique<Server>(*engine_, random_, log_, options);
    bound_ = server_->bind();
    if (!bound_) return;
    configure("a");
    server_->start();
  }
  // One router for everything under /, to the backend; `prefix` tells configurations apart.
  void configure(const std::string& prefix) {
    config::DynamicConfig c;
    config::RouterConfig router;
    router.rule.value = "PathPrefix(`/" + (prefix == "a" ? std::string() : prefix) + "`)";
    router.service.value = "s";
    c.routers["r@file"] = router;
    config::LoadBalancerConfig balancer;
    config::ServerConfig server;
    server.url.value = "http://" + backend_->address.to_string();
    balancer.servers.push_back(server);
    c.services["s@file"].load_balancer = balancer;
    c.services["s@file"].types = {"loadBalancer"};
    if (extra_) extra_(c);
    engine_->update("file", std::move(c));
    server_->configuration_changed();
  }
  std::function<void(config::DynamicConfig&)> extra_;
  SocketAddress web() { return *server_->address("web"); }
  // How long the server takes to end.
  Duration end_gracefully() {
    const Instant begun = clock_.now();
    server_->shut_down();
    server_->wait();
    return clock_.now() - begun;
  }

  RealClock clock_;
  RealRandom random_{1};
  Log log_{2, LogLevel::panic};
  config::StaticConfig statics_;
  std::unique_ptr<Backend> backend_ = std::make_unique<Backend>();
  std::unique_ptr<pipeline::Engine> engine_;
  std::unique_ptr<Server> server_;
  Result<void> bound_;
};

TEST_F(ServerTest, ProxiesOverOneConnectionManyTimes) {
  start();
  Client client(web());
  for (int i = 0; i < 50; ++i) {
    const std::string answer = client.get("/x");
    ASSERT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  }
  const std::string seen = client.get("/seen");
  EXPECT_NE(seen.find("GET /seen HTTP/1.1"), std::string::npos) << seen;
  EXPECT_NE(seen.find("X-Forwarded-For: 127.0.0.1"), std::string::npos) << seen;
  EXPECT_NE(seen.find("X-Forwarded-Server: "), std::string::npos) << seen;
}

// A bcrypt hash of this cost takes about a second; the one event loop serves others meanwhile.
TEST_F(ServerTest, AHashHoldsUpNobodyElse) {
  extra_ = [](config::DynamicConfig& c) {
    config::Findings findings;
    const auto doc = config::parse_document(
        "http: {routers: {locked: {rule: 'PathPrefix(`/locked`)', service: s, middlewares: [m]}}, "
        "middlewares: {m: {basicAuth: {users: "
        "['u:$2b$14$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm']}}}}",
        "x.yml", config::Format::yaml);
    auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
    ASSERT_TRUE(d.has_value());
    for (auto& [name, router] : d->routers) c.routers[name] = router;
    for (auto& [name, m] : d->middlewares) c.middlewares[name] = m;
  };
  start();
  Client locked(web()), other(web());
  const std::string request =
      "GET /locked HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic dTpw\r\n\r\n";
  locked.send(request);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(other.get("/").starts_with("HTTP/1.1 200"));
  EXPECT_EQ(locked.receive("\r\n\r\n", milliseconds(1)), "") << "still being hashed";
  EXPECT_TRUE(locked.receive("\r\n\r\n", seconds(60)).starts_with("HTTP/1.1 401"));
  locked.send(request);
  EXPECT_TRUE(locked.receive("\r\n\r\n", seconds(60)).starts_with("HTTP/1.1 401"))
      << "known by now";
}

TEST_F(ServerTest, TwoWorkersShareThePort) {
  start(2);
  EXPECT_EQ(server_->workers(), 2u);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<Client>(web()));
    ASSERT_TRUE(clients.back()->get("/x").starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ(server_->connections(), 40u);
}

TEST_F(ServerTest, NewConfigurationIsSeenByOpenConnections) {
  start();
  Client client(web());
  EXPECT_TRUE(client.get("/x").starts_with("HTTP/1.1 200"));
  configure("other");
  EXPECT_TRUE(client.get("/x").starts_with("HTTP/1.1 404"));
}

// Listeners of Gateways: entry points that come and go with the configuration.
class BroughtEntryPoints : public ServerTest {
 protected:
  // The configuration brings `names`, each on an address of its own, with a router for everything.
  void bring(const std::map<std::string, std::string>& names) {
    extra_ = [names](config::DynamicConfig& c) {
      for (const auto& [name, address] : names) {
        auto e = std::make_shared<config::EntryPointConfig>();
        e->name = name;
        e->address.value = address;
        e->grace_timeout = milliseconds(200);
        c.entry_points[name] = std::move(e);
        config::RouterConfig router = c.routers.at("r@file");
        router.entry_points.push_back({name, {}});
        c.routers[name + "@file"] = router;
      }
    };
    if (!server_) return;
    configure("static-only");
  }
  SocketAddress at(const std::string& name) { return *server_->address(name); }
  static bool is_free(const SocketAddress& address) {
    return static_cast<bool>(open_listener(address, {}));  // nobody has it
  }
};

TEST_F(BroughtEntryPoints, AreListenedOnAndLeftWithTheConfiguration) {
  for (const size_t workers : {size_t{1}, size_t{2}}) {
    server_.reset();
    bring({{"early", "127.0.0.1:0"}});  // before anything runs
    start(workers);
    EXPECT_TRUE(Client(at("early")).get("/").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(Client(web()).get("/").starts_with("HTTP/1.1 200"));

    bring({{"early", "127.0.0.1:0"}, {"later", "127.0.0.2:0"}});
    EXPECT_TRUE(Client(at("later")).get("/static-only").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(Client(web()).get("/other").starts_with("HTTP/1.1 404"));
    // A router that names no entry point is not served on one that a provider brought.
    EXPECT_TRUE(Client(at("later")).get("/other").starts_with("HTTP/1.1 404"));

    const SocketAddress was = at("later");
    bring({{"early", "127.0.0.1:0"}});
    EXPECT_FALSE(server_->address("later").has_value());
    EXPECT_TRUE(is_free(was)) << "nothing accepts there once the call has returned";
    EXPECT_TRUE(Client(at("early")).get("/static-only").starts_with("HTTP/1.1 200"));
    // The address is free for the next that wants it.
    bring({{"early", "127.0.0.1:0"}, {"again", was.to_string()}});
    EXPECT_TRUE(Client(at("again")).get("/static-only").starts_with("HTTP/1.1 200"));
  }
}

TEST_F(BroughtEntryPoints, LetConnectionsFinishAndEndIdleOnes) {
  start();
  bring({{"gone", "127.0.0.1:0"}});
  Client idle(at("gone")), busy(at("gone"));
  EXPECT_TRUE(idle.get("/static-only").starts_with("HTTP/1.1 200"));
  busy.send("GET /static-only HTTP/1.1\r\nHost: a.test\r\n");
  bring({});
  busy.send("\r\n");
  EXPECT_EQ(idle.receive("never", seconds(5)), "");
  EXPECT_TRUE(idle.ended);
  EXPECT_TRUE(Client(web()).get("/static-only").starts_with("HTTP/1.1 200"));
  EXPECT_LT(end_gracefully(), seconds(5));
}

TEST_F(BroughtEntryPoints, OneThatCannotBeHadHoldsUpNoOther) {
  start();
  const std::string taken = web().to_string();
  bring({{"a-taken", taken}, {"b-free", "127.0.0.1:0"}, {"c-wrong", "127.0.0.1:70000"}});
  std::vector<Server::Failure> failures = server_->configuration_changed();  // tried again
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].entry_point, "a-taken");
  EXPECT_NE(failures[0].error.message.find("in use"), std::string::npos);
  EXPECT_EQ(failures[1].entry_point, "c-wrong");
  EXPECT_TRUE(Client(at("b-free")).get("/static-only").starts_with("HTTP/1.1 200"));
}

TEST_F(BroughtEntryPoints, ComeAndGoAHundredTimesUnderRequests) {
  start(2);
  bring({{"stays", "127.0.0.1:0"}});
  Client client(at("stays"));
  for (int i = 0; i < 100; ++i) {
    bring({{"stays", "127.0.0.1:0"}, {"n" + std::to_string(i), "127.0.0.3:0"}});
    ASSERT_TRUE(client.get("/static-only").starts_with("HTTP/1.1 200")) << i;
  }
  EXPECT_EQ(server_->addresses().size(), 3u);
}

// The listeners of one port change under a connection that stays.
TEST_F(BroughtEntryPoints, HaveListeners) {
  const auto with = [this](const std::string& hostname) {
    extra_ = [hostname](config::DynamicConfig& c) {
      auto e = std::make_shared<config::EntryPointConfig>();
      e->name = "port";
      e->address.value = "127.0.0.1:0";
      config::ListenerConfig listener;
      listener.name = "listener";
      listener.hostname = hostname;
      e->listeners.push_back(listener);
      c.entry_points["port"] = std::move(e);
      config::RouterConfig router = c.routers.at("r@file");
      router.entry_points = {{"listener", {}}};
      c.routers["l@file"] = router;
    };
    if (server_) configure("static-only");
  };
  with("a.test");
  start();
  configure("static-only");
  Client client(at("port"));
  EXPECT_TRUE(client.get("/static-only").starts_with("HTTP/1.1 200"));
  with("b.test");
  EXPECT_TRUE(client.get("/static-only").starts_with("HTTP/1.1 404")) << "another listener's";
  with("");
  EXPECT_TRUE(client.get("/static-only").starts_with("HTTP/1.1 200"));
}

TEST_F(BroughtEntryPoints, TakeDatagramsToo) {
  start();
  bring({{"dns", "127.0.0.1:0/udp"}});
  const SocketAddress was = at("dns");
  bring({});
  Result<Fd> again = open_datagram(was, {});  // nobody has it any more
  EXPECT_TRUE(again) << again.error().message;
}

TEST_F(ServerTest, PortInUseNamesTheEntryPointAndARemedy) {
  start();
  const uint16_t taken = web().port;
  statics_.entry_points.clear();
  entry("second").address.value = "127.0.0.1:" + std::to_string(taken);
  pipeline::Engine engine(std::make_shared<const config::StaticConfig>(statics_), clock_, random_,
                          "h");
  for (const size_t workers : {size_t{1}, size_t{2}}) {
    ServeOptions options;
    options.workers = workers;
    Server other(engine, random_, log_, options);
    const Result<void> bound = other.bind();
    ASSERT_FALSE(bound);
    EXPECT_NE(bound.error().message.find("second"), std::string::npos);
    EXPECT_NE(bound.error().message.find("in use"), std::string::npos);
    EXPECT_FALSE(bound.error().remedy.empty());
  }
}

TEST_F(ServerTest, EmptyAddressTakesAnyPort) {
  entry().address.value = "";
  start();
  ASSERT_TRUE(bound_);
  EXPECT_NE(web().port, 0);
  EXPECT_TRUE(Client(loopback(web().port)).get("/x").starts_with("HTTP/1.1 200"));
}

// A blocking UDP socket of the system.
class UdpSocket {
 public:
  UdpSocket() {
    const RawAddress here = to_raw(loopback());
    ::bind(fd_.get(), here.get(), here.length);
    const timeval patience{2, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  SocketAddress address() const { return local_address(fd_.get()); }
  void send(std::string_view bytes, const SocketAddress& to) {
    const RawAddress raw = to_raw(to);
    ::sendto(fd_.get(), bytes.data(), bytes.size(), 0, raw.get(), raw.length);
  }
  std::string receive(SocketAddress* from = nullptr) {
    std::array<char, 2048> buffer;
    RawAddress raw;
    raw.length = sizeof raw.storage;
    const ssize_t n =
        ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, raw.get(), &raw.length);
    if (from) *from = from_raw(raw.storage);
    return n < 0 ? "(nothing)" : std::string(buffer.data(), static_cast<size_t>(n));
  }

 private:
  Fd fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_F(ServerTest, UdpSessions) {  // catalogue 1.10 step 6: one upstream socket for each client
  UdpSocket backend, one, two;
  config::EntryPointConfig& dns = entry("dns");
  dns.address.value = "127.0.0.1:0/udp";
  dns.udp_timeout = milliseconds(200);
  entry();
  extra_ = [&](config::DynamicConfig& c) {
    c.udp.routers["u@file"].service.value = "s";
    c.udp.services["s@file"].servers = {{backend.address().to_string(), {}}};
  };
  start(2);
  ASSERT_TRUE(bound_);
  const SocketAddress at = *server_->address("dns");
  SocketAddress first, again, other, later;
  one.send("a", at);
  EXPECT_EQ(backend.receive(&first), "a");
  backend.send("A", first);
  EXPECT_EQ(one.receive(), "A");
  one.send("", at);
  EXPECT_EQ(backend.receive(&again), "");
  EXPECT_EQ(again, first);
  two.send("b", at);
  EXPECT_EQ(backend.receive(&other), "b");
  EXPECT_NE(other, first);
  backend.send("B", other);
  EXPECT_EQ(two.receive(), "B");
  std::this_thread::sleep_for(milliseconds(500));
  one.send("c", at);
  EXPECT_EQ(backend.receive(&later), "c");
  EXPECT_NE(later, first);
}

TEST_F(ServerTest, ATcpRouterTakesConnectionsBeforeHttp) {  // catalogue 1.10 steps 1 and 3
  extra_ = [&](config::DynamicConfig& c) {
    config::TcpRouterConfig& router = c.tcp.routers["t@file"];
    router.rule.value = "HostSNI(`*`)";
    router.service.value = "s";
    config::TcpServerConfig server;
    server.address.value = backend_->address.to_string();
    c.tcp.services["s@file"].load_balancer.emplace().servers.push_back(server);
  };
  start();
  Client client(web());
  const std::string seen = client.get("/x");
  EXPECT_EQ(seen.find("X-Forwarded-For"), std::string::npos) << seen;  // nobody has touched it
  EXPECT_TRUE(client.get("/y").starts_with("HTTP/1.1 200"));
  EXPECT_EQ(server_->connections(), 1u);
  config::DynamicConfig none;
  engine_->update("file", std::move(none));
  server_->configuration_changed();
  EXPECT_TRUE(client.get("/z").starts_with("HTTP/1.1 200"));  // its snapshot is pinned
  EXPECT_TRUE(Client(web()).get("/x").starts_with("HTTP/1.1 404"));
}

TEST_F(ServerTest, ConnectionsThatAreLookedAtReachHttp) {  // catalogue 1.10 step 3, 2.1
  entry().has_proxy_protocol = true;
  entry().proxy_protocol_insecure = true;
  start();
  Client client(web());
  client.send("PROXY TCP4 10.1.2.3 10.0.0.1 1000 80\r\n");
  const std::string seen = client.get("/x");
  EXPECT_NE(seen.find("X-Forwarded-For: 10.1.2.3"), std::string::npos) << seen;
  EXPECT_TRUE(client.get("/y").starts_with("HTTP/1.1 200"));
}

// The limit of connections: at it, one over, and back.
TEST_F(ServerTest, ConnectionsOverTheLimitWait) {
  start(1, 2);
  auto first = std::make_unique<Client>(web());
  Client second(web());
  EXPECT_TRUE(first->get("/x").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(second.get("/x").starts_with("HTTP/1.1 200"));
  Client third(web());
  ASSERT_TRUE(third.connected());  // by the system; nobody has accepted it
  third.send("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(third.receive("\r\n\r\n", milliseconds(100)), "");
  EXPECT_EQ(server_->connections(), 2u);
  first.reset();
  EXPECT_TRUE(third.receive().starts_with("HTTP/1.1 200"));
}

TEST_F(ServerTest, TheLimitOfConnectionsIsConfigured) {
  statics_.gateproof.connections = 1;
  start();
  Client first(web());
  EXPECT_TRUE(first.get("/x").starts_with("HTTP/1.1 200"));
  Client second(web());
  second.send("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(second.receive("\r\n\r\n", milliseconds(100)), "");
}

// What is full or dropped is a line of the log: the first at once, the others together (SeldomTold).
TEST_F(ServerTest, WhatIsFullOrDroppedIsTold) {
  LogFileOptions options;
  options.path = ::testing::TempDir() + "/gp_server_log_" + std::to_string(own_pid());
  LogFile file(options, clock_);
  log_.set_level(LogLevel::warn);
  log_.set_file(&file);
  entry("dns").address.value = "127.0.0.1:0/udp";
  entry();
  start(1, 1);
  UdpSocket client;
  for (int i = 0; i < 3; ++i) client.send("x", *server_->address("dns"));
  Client first(web());
  EXPECT_TRUE(first.get("/x").starts_with("HTTP/1.1 200"));
  end_gracefully();
  log_.set_file(nullptr);
  const Result<std::string> text = RealFiles().read(options.path, 1 << 20);
  std::remove(options.path.c_str());
  ASSERT_TRUE(text);
  const auto lines = text::split(*text, '\n');
  ASSERT_EQ(lines.size(), 3u) << *text;
  const std::string both = std::string(lines[0]) + std::string(lines[1]);
  EXPECT_NE(both.find("entryPoint dns: no router or no server takes them: 1 datagrams"), both.npos);
  EXPECT_NE(both.find("entryPoint web: 1 connections are open (gateproof.connections)"), both.npos);
}

// The limit of requests, of all connections together: at it, one over, and back.
TEST_F(ServerTest, RequestsOverTheLimitAreRefusedAtOnce) {
  backend_ = std::make_unique<Backend>(milliseconds(300));
  statics_.gateproof.requests = 1;
  start(2);
  Client first(web()), second(web());
  first.send("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  while (engine_->requests().under_way() == 0) std::this_thread::sleep_for(milliseconds(1));
  const std::string refused = second.get("/y");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_NE(refused.find("\r\nRetry-After: 1\r\n"), std::string::npos) << refused;
  EXPECT_TRUE(first.receive().starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(second.get("/y").starts_with("HTTP/1.1 200")) << "the connection was kept";
  EXPECT_EQ(engine_->requests().under_way(), 0);
}

TEST(ServerLimits, ConnectionsFollowTheLimitOfOpenFiles) {
  EXPECT_GE(connections_max_of_system(), 1u);
  raise_descriptor_limit();
  EXPECT_GE(connections_max_of_system(), 100u);
}

TEST_F(ServerTest, DrainClosesIdleConnectionsAtOnce) {
  start();
  Client client(web());
  EXPECT_TRUE(client.get("/x").starts_with("HTTP/1.1 200"));
  EXPECT_LT(end_gracefully(), seconds(2));  // graceTimeOut is 10 s
  client.receive("no such text");
  EXPECT_TRUE(client.ended);
}

TEST_F(ServerTest, DrainLetsARequestFinish) {
  backend_ = std::make_unique<Backend>(milliseconds(300));
  start();
  Client client(web());
  client.send("GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(100));
  server_->shut_down();
  const std::string answer = client.receive();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  server_->wait();
}

TEST_F(ServerTest, GraceTimeOutEndsWhatHangs) {
  backend_ = std::make_unique<Backend>(seconds(30));
  entry().grace_timeout = milliseconds(200);
  start();
  Client client(web());
  client.send("GET /hang HTTP/1.1\r\nHost: a.test\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(50));
  const Duration took = end_gracefully();
  EXPECT_GE(took, milliseconds(190));
  EXPECT_LT(took, seconds(5));
  client.receive();
  EXPECT_TRUE(client.ended);
}

TEST_F(ServerTest, AcceptGraceTimeKeepsAcceptingWhilePingSaysTerminating) {
  entry().request_accept_grace_timeout = milliseconds(400);
  statics_.ping = config::PingConfig{};
  statics_.ping->entry_point = "web";
  start();
  EXPECT_TRUE(Client(web()).get("/ping").starts_with("HTTP/1.1 200"));
  server_->shut_down();
  EXPECT_TRUE(Client(web()).get("/ping").starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(Client(web()).get("/x").starts_with("HTTP/1.1 200"));
  server_->wait();
}

TEST_F(ServerTest, NoNewConnectionsAfterTheDrain) {
  start();
  const SocketAddress at = web();
  end_gracefully();
  EXPECT_FALSE(Client(at).connected());
}

TEST_F(ServerTest, StopEndsAtOnceWithRequestsUnderWay) {
  backend_ = std::make_unique<Backend>(seconds(30));
  start(2);
  Client client(web());
  client.send("GET /hang HTTP/1.1\r\nHost: a.test\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(50));
  const Instant begun = clock_.now();
  server_.reset();
  EXPECT_LT(clock_.now() - begun, seconds(2));
}

TEST_F(ServerTest, BindWithoutStartAndStartWithoutTrafficEnd) {
  start();
  server_.reset();
  ServeOptions options;
  options.workers = 1;
  Server never_started(*engine_, random_, log_, options);
  EXPECT_TRUE(never_started.bind());
}

}  // namespace
}  // namespace gateproof::net
