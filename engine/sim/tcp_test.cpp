// TCP and UDP in virtual time (catalogue 1.9, 1.10, 2.1, 3.4, 4.8, 5.4).
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/client_hello.h"
#include "engine/sim/world.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;

class Tcp : public ::testing::Test {
 protected:
  std::unique_ptr<World> world;

  void start(const std::string& dynamic, const std::string& statics =
                                             "entryPoints: {web: {address: ':80'}, dns: {address: "
                                             "':53/udp', udp: {timeout: 3s}}}") {
    config::Findings findings;
    auto s = config::decode_static(
        *config::parse_document(statics, "static.yml", config::Format::yaml), findings);
    ASSERT_TRUE(s);
    world = std::make_unique<World>(1, std::make_shared<const config::StaticConfig>(*s));
    load(dynamic);
    for (const char* name : {"a", "b", "c"}) {
      TcpHost host;
      host.name = name;
      host.greeting = std::string(name) + ":";
      world->add_tcp_host(std::string(name) + ".internal:1", host);
    }
  }
  void load(const std::string& dynamic) {
    config::Findings findings;
    auto doc = config::parse_document(dynamic, "dynamic.yml", config::Format::yaml);
    ASSERT_TRUE(doc.has_value()) << dynamic;
    auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
    ASSERT_TRUE(d);
    world->engine().update("file", std::move(*d));
  }
  // A ClientHello with this name, offering these protocols.
  static std::string hello(const std::string& name, const std::vector<std::string>& alpn = {}) {
    const auto two = [](size_t n) {
      return std::string{static_cast<char>(n >> 8), static_cast<char>(n & 0xFF)};
    };
    std::string extensions;
    if (!name.empty()) {
      const std::string entry = std::string(1, '\0') + two(name.size()) + name;
      extensions += two(0) + two(entry.size() + 2) + two(entry.size()) + entry;
    }
    std::string offered;
    for (const std::string& p : alpn) offered += static_cast<char>(p.size()) + p;
    if (!offered.empty())
      extensions += two(16) + two(offered.size() + 2) + two(offered.size()) + offered;
    const std::string body = "\3\3" + std::string(32, 'r') + std::string(1, '\0') + two(2) +
                             "\x13\x01" + std::string("\1\0", 2) + two(extensions.size()) +
                             extensions;
    const std::string message = std::string("\1\0", 2) + two(body.size()) + body;
    return "\x16\3\1" + two(message.size()) + message;
  }
  TcpOutcome call(std::vector<std::string> sends, bool half_close = false,
                  const std::string& peer = "127.0.0.1:50000") {
    TcpCall c;
    c.entry_point = "web";
    c.sends = std::move(sends);
    c.half_close = half_close;
    c.peer = *SocketAddress::parse(peer);
    return world->connect(c);
  }
};

constexpr const char* services =
    "  services:\n    a: {loadBalancer: {servers: [{address: 'a.internal:1'}]}}\n"
    "    b: {loadBalancer: {servers: [{address: 'b.internal:1'}]}}\n"
    "    c: {loadBalancer: {servers: [{address: 'c.internal:1'}]}}\n"
    "    nobody: {loadBalancer: {servers: [{address: 'gone.internal:1'}]}}\n";
constexpr const char* http_app =
    "  services: {app: {loadBalancer: {servers: [{url: 'http://app.internal'}]}}}\n";

TEST_F(Tcp, BeforeTheFirstByte) {  // 1.10 step 1: the server speaks first
  start(std::string("tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: a}}\n") + services);
  const TcpOutcome o = call({});
  EXPECT_EQ(o.received, "a:");
  EXPECT_FALSE(o.closed);
  EXPECT_EQ(o.record.taker, "tcp");
  EXPECT_EQ(o.record.router, "r@file");
  EXPECT_EQ(o.record.service, "a@file");
  EXPECT_EQ(o.record.server, "a.internal:1");
}

TEST_F(Tcp, PassthroughByName) {  // 1.9, 5.4
  start(std::string(
            "tcp:\n  routers:\n"
            "    one: {rule: 'HostSNI(`one.test`)', service: a, tls: {passthrough: true}}\n"
            "    wild: {rule: 'HostSNI(`*.two.test`)', service: b, tls: {passthrough: true}}\n"
            "    alpn: {rule: 'ALPN(`foo`)', service: c, tls: {passthrough: true}}\n"
            "    any: {rule: 'HostSNI(`*`)', service: nobody, tls: {passthrough: true}}\n") +
        services);
  const std::string one = hello("one.TEST");
  TcpOutcome o = call({one});
  EXPECT_EQ(o.received, "a:" + one);  // every byte arrives, and comes back
  EXPECT_EQ(o.record.server_name, "one.test");
  EXPECT_EQ(call({hello("x.two.test")}).record.router, "wild@file");
  EXPECT_EQ(call({hello("z.test", {"bar", "foo"})}).record.router, "alpn@file");
  o = call({hello("z.test")});
  EXPECT_EQ(o.record.router, "any@file");  // the catch-all's server is not there
  EXPECT_TRUE(o.closed);
  EXPECT_NE(o.record.failure.find("no such host"), std::string::npos) << o.record.failure;
  EXPECT_EQ(call({one.substr(0, 20), one.substr(20)}).record.router, "one@file");
}

TEST_F(Tcp, TcpAndHttpOnOneEntryPoint) {  // 1.10 steps 3 and 4
  start(
      std::string("tcp:\n  routers:\n"
                  "    near: {rule: 'ClientIP(`10.0.0.1`)', service: a}\n"
                  "    pass: {rule: 'HostSNI(`one.test`)', service: b, tls: {passthrough: true}}\n"
                  "    both: {rule: 'HostSNI(`web.test`)', service: b, tls: {passthrough: true}}\n"
                  "    any: {rule: 'HostSNI(`*`)', service: c, tls: {passthrough: true}}\n") +
      services +
      "http:\n  routers:\n    h: {rule: 'Host(`web.test`)', service: app, tls: {}}\n"
      "    p: {rule: 'Path(`/x`)', service: app}\n" +
      http_app);
  Host app;
  app.name = "app";
  app.script = [](const HostRequest&) {
    HostAnswer a;
    a.body = "hello";
    return a;
  };
  world->add_host("app.internal", app);
  const std::string get = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  TcpOutcome o = call({get});
  EXPECT_EQ(o.record.taker, "http");
  EXPECT_TRUE(o.received.starts_with("HTTP/1.1 200 OK")) << o.received;
  EXPECT_EQ(call({get}, false, "10.0.0.1:1").received, "a:" + get);
  EXPECT_EQ(call({hello("one.test")}).record.router, "pass@file");
  EXPECT_EQ(call({hello("web.test")}).record.taker, "https");  // HTTPS names it: before TCP
  EXPECT_EQ(call({hello("other.test")}).record.router, "any@file");
  EXPECT_EQ(call({hello("one.test", {"acme-tls/1"})}).record.taker, "acme");
}

TEST_F(Tcp, AnHttpsRouterWithoutHostComesBeforeTheCatchAll) {  // 1.10 step 4
  start(std::string(
            "tcp:\n  routers:\n    any: {rule: 'HostSNI(`*`)', service: c, tls: {passthrough: "
            "true}}\n"
            "    pass: {rule: 'HostSNI(`one.test`)', service: b, tls: {passthrough: true}}\n") +
        services + "http:\n  routers: {h: {rule: 'Path(`/`)', service: app, tls: {}}}\n" +
        http_app);
  EXPECT_EQ(call({hello("other.test")}).record.taker, "https");
  EXPECT_EQ(call({hello("one.test")}).record.router, "pass@file");
}

TEST_F(Tcp, APlainCatchAllTakesNoTlsBesideTlsRouters) {  // 1.10 step 4, 9.44
  start(std::string(
            "tcp:\n  routers:\n    any: {rule: 'HostSNI(`*`)', service: a}\n"
            "    pass: {rule: 'HostSNI(`one.test`)', service: b, tls: {passthrough: true}}\n") +
        services);
  EXPECT_EQ(call({"GET / HTTP/1.1\r\n\r\n"}).record.router, "any@file");
  EXPECT_EQ(call({hello("other.test")}).record.taker, "https");
  EXPECT_EQ(call({}).received, "");  // bytes decide here: nothing is said to one who says nothing
}

TEST_F(Tcp, RoutersWhoseOptionsDoNotExistClose) {
  start(std::string("tcp:\n  routers:\n"
                    "    broken: {rule: 'HostSNI(`two.test`)', service: a, tls: {options: zz}}\n") +
        services);
  TcpOutcome o = call({hello("two.test")});
  EXPECT_TRUE(o.closed);
  EXPECT_EQ(o.record.failure, "the router's TLS options do not exist");
}

TEST_F(Tcp, Postgres) {  // 1.10 step 2
  start(std::string("tcp:\n  routers: {db: {rule: 'HostSNI(`db.test`)', service: pg, tls: "
                    "{passthrough: true}}}\n") +
        services + "    pg: {loadBalancer: {servers: [{address: 'pg.internal:1'}]}}\n");
  TcpHost pg;
  pg.name = "pg";
  pg.reply = "S";
  world->add_tcp_host("pg.internal:1", pg);
  const std::string request(pipeline::postgres_ssl_request), h = hello("db.test");
  TcpOutcome o = call({request, h});
  EXPECT_EQ(o.received, "SS");  // ours, and the reply to the hello; the server's first is swallowed
  EXPECT_EQ(o.upstream.back().second, request + h);
  o = call({request, hello("other.test")});
  EXPECT_EQ(o.received, "S");
  EXPECT_TRUE(o.closed);
  o = call({request, "plain"});
  EXPECT_TRUE(o.closed);
  EXPECT_EQ(o.record.failure, "no TLS behind PostgreSQL's SSLRequest");
}

TEST_F(Tcp, R1_APostgresServerThatSaysNothingIsGivenUp) {
  for (const auto& [limit, seconds] : {std::pair("3s", 3), std::pair("0s", 10)}) {
    start(std::string("tcp:\n  routers: {db: {rule: 'HostSNI(`db.test`)', service: pg, tls: "
                      "{passthrough: true}}}\n") +
          services +
          "    pg: {loadBalancer: {serversTransport: t, servers: [{address: 'pg.internal:1'}]}}\n"
          "  serversTransports: {t: {dialTimeout: " +
          limit + "}}\n");
    TcpHost pg;
    pg.silent = true;
    world->add_tcp_host("pg.internal:1", pg);
    TcpCall c;
    c.entry_point = "web";
    c.sends = {std::string(pipeline::postgres_ssl_request), hello("db.test")};
    c.patience = 60s;
    const TcpOutcome o = world->connect(c);
    EXPECT_TRUE(o.closed);
    EXPECT_EQ(o.finished_ns - o.started_ns, seconds * 1'000'000'000LL) << limit;
  }
}

TEST_F(Tcp, ReadTimeoutBoundsThePeek) {  // 1.10 step 5
  start(
      std::string(
          "tcp:\n  routers: {r: {rule: 'HostSNI(`a`)', service: a, tls: {passthrough: true}}}\n") +
          services,
      "entryPoints: {web: {address: ':80', transport: {respondingTimeouts: {readTimeout: 2s}}}}");
  TcpCall c;
  c.entry_point = "web";
  c.sends = {hello("a").substr(0, 10)};
  c.patience = 10s;
  const TcpOutcome o = world->connect(c);
  EXPECT_TRUE(o.closed);
  EXPECT_EQ(o.finished_ns - o.started_ns, 2'000'000'000);
}

TEST_F(Tcp, HalfCloseAndTerminationDelay) {  // 4.8
  const auto with = [&](const std::string& options) {
    start(
        "tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: s}}\n  services: {s: {loadBalancer: "
        "{servers: [{address: 'slow.internal:1'}]" +
        options +
        "}}}\n  serversTransports: {t: {terminationDelay: 50ms}, ever: {terminationDelay: -1ms}}");
    TcpHost slow;
    slow.name = "slow";
    slow.lingers = 300ms;
    world->add_tcp_host("slow.internal:1", slow);
    const TcpOutcome o = call({"x"}, true);
    EXPECT_TRUE(o.closed);
    EXPECT_TRUE(o.received.starts_with("x"));
    return o.received.size() -
           1;  // dots, one each 10 ms, that came through behind the client's end
  };
  EXPECT_NEAR(static_cast<double>(with("")), 10, 1);
  EXPECT_NEAR(static_cast<double>(with(", serversTransport: t")), 5, 1);
  EXPECT_EQ(with(", serversTransport: ever"), 30u);
  EXPECT_NEAR(static_cast<double>(with(", terminationDelay: 200")), 20, 1);
  EXPECT_EQ(with(", terminationDelay: -1"), 30u);
  EXPECT_NEAR(static_cast<double>(with(", terminationDelay: 200, serversTransport: t")), 5, 1);
  EXPECT_LE(with(", terminationDelay: 0"), 1u);
}

TEST_F(Tcp, ProxyProtocolToServers) {  // 4.8
  start(
      "tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: s}}\n  services: {s: {loadBalancer: "
      "{servers: [{address: 'a.internal:1'}], serversTransport: t}}}\n  serversTransports: {t: "
      "{proxyProtocol: {version: 1}}}");
  const TcpOutcome o = call({"x"}, false, "10.9.8.7:4321");
  EXPECT_EQ(o.upstream.back().second, "PROXY TCP4 10.9.8.7 127.0.0.1 4321 443\r\nx");
}

TEST_F(Tcp, ProxyProtocolOfClients) {  // 2.1
  start(std::string("tcp:\n  routers:\n    far: {rule: 'ClientIP(`10.1.2.3`)', service: a}\n"
                    "    near: {rule: 'ClientIP(`127.0.0.1`)', service: b}\n") +
            services,
        "entryPoints: {web: {address: ':80', proxyProtocol: {trustedIPs: [127.0.0.1]}}}");
  const std::string header = "PROXY TCP4 10.1.2.3 10.0.0.1 1000 443\r\n";
  TcpOutcome o = call({header + "hi"});
  EXPECT_EQ(o.record.router, "far@file");
  EXPECT_EQ(o.upstream.back().second, "hi");
  o = call({"hi"});  // a trusted peer without header is itself
  EXPECT_EQ(o.record.router, "near@file");
  o = call({header + "hi"}, false, "127.0.0.2:5");  // not trusted: read away, not believed
  EXPECT_EQ(o.record.taker, "http");
  o = call({"PROXY TCP4 nonsense\r\nhi"});
  EXPECT_TRUE(o.closed);
  EXPECT_EQ(o.record.failure, "malformed PROXY protocol header");
}

TEST_F(Tcp, Weights) {  // 4.8: weighted round robin over services and servers
  start(std::string("tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: w}}\n") + services +
        "    w: {weighted: {services: [{name: a, weight: 3}, {name: b}, {name: c, weight: 0}]}}\n");
  std::map<std::string, int> got;
  for (int i = 0; i < 8; ++i) ++got[call({}).received];
  EXPECT_EQ(got, (std::map<std::string, int>{{"a:", 6}, {"b:", 2}}));
}

TEST_F(Tcp, Middlewares) {  // 3.4
  start(std::string(
            "tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: a, middlewares: [ips, few]}}\n"
            "  middlewares: {ips: {ipAllowList: {sourceRange: [127.0.0.0/8]}}, few: "
            "{inFlightConn: {amount: 1}}}\n") +
        services);
  TcpOutcome o = call({}, false, "10.0.0.1:1");
  EXPECT_TRUE(o.closed);
  EXPECT_EQ(o.received, "");
  EXPECT_EQ(o.record.failure, "refused by middleware ips@file");
  const auto held = world->open("web", *SocketAddress::parse("127.0.0.1:1"));
  world->advance(1ms);
  o = call({}, false, "127.0.0.1:2");
  EXPECT_EQ(o.record.failure, "refused by middleware few@file");
  EXPECT_EQ(call({}, false, "127.0.0.2:2").received, "a:");
  held->close();
  world->advance(1s);
  EXPECT_EQ(call({}, false, "127.0.0.1:3").received, "a:");
}

TEST_F(Tcp, HealthChecks) {
  start(
      "tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: s}}\n  services: {s: {loadBalancer: "
      "{healthCheck: {send: ping, expect: pong, interval: 1s, timeout: 500ms}, servers: "
      "[{address: 'up.internal:1'}, {address: 'odd.internal:1'}, {address: "
      "'gone.internal:1'}]}}}\n");
  TcpHost up{"up", "", "pong"}, odd{"odd", "", "what"};
  world->add_tcp_host("up.internal:1", up);
  world->add_tcp_host("odd.internal:1", odd);
  call({});
  world->advance(2s);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(call({}).record.server, "up.internal:1");
  const auto statuses = world->engine().snapshot()->tcp_server_health.at("s@file")->statuses();
  EXPECT_TRUE(statuses[0].up);
  EXPECT_EQ(statuses[1].reason, "unexpected heath check response");
  EXPECT_FALSE(statuses[2].up);
}

TEST_F(Tcp, ASnapshotIsPinned) {  // a reload tears no connection
  start(std::string("tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: a}}\n") + services);
  const auto held = world->open("web", *SocketAddress::parse("127.0.0.1:1"));
  world->advance(1ms);
  load(std::string("tcp:\n  routers: {r: {rule: 'HostSNI(`*`)', service: b}}\n") + services);
  EXPECT_EQ(call({}).received, "b:");
  const std::string_view piece[] = {"still"};
  held->try_write(piece);
  world->advance(1ms);
  char buffer[100];
  const IoResult r = held->try_read(buffer);
  EXPECT_EQ(std::string(buffer, r.n).substr(0, 2), "a:");
}

TEST_F(Tcp, Explained) {
  start(
      std::string("tcp:\n  routers: {r: {rule: 'HostSNI(`a.test`)', service: a, tls: {passthrough: "
                  "true}, middlewares: [m]}}\n  middlewares: {m: {inFlightConn: {amount: 5}}}\n") +
      services);
  const TcpOutcome o = call({hello("a.test")});
  std::string stages;
  for (const auto& s : o.record.trace) stages += s.stage + ": " + s.action + " " + s.detail + "\n";
  EXPECT_EQ(stages,
            "entryPoint web: decide tcp: TLS: a TCP router other than the catch-all matches\n"
            "router r@file: route HostSNI(`a.test`) (priority 17)\n"
            "middleware m@file: pass 0 of 5 connections of 127.0.0.1 are open\n"
            "service a@file: pick a.internal:1 (round robin, one of 1)\n");
}

TEST_F(Tcp, UdpSessions) {  // 1.10 step 6, 2.1 udp.timeout
  start(
      "udp:\n  routers: {r: {service: w}}\n  services: {w: {weighted: {services: [{name: s}, "
      "{name: t}]}}, "
      "s: {loadBalancer: {servers: [{address: 'd.internal:1'}]}}, t: {loadBalancer: {servers: "
      "[{address: 'e.internal:1'}]}}}\n");
  world->add_udp_host("d.internal:1", {"d", "D", false});
  world->add_udp_host("e.internal:1", {"e", "E", false});
  const SocketAddress one = *SocketAddress::parse("127.0.0.1:1"),
                      two = *SocketAddress::parse("127.0.0.1:2");
  const auto first = world->datagram("dns", one, "x");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(world->datagram("dns", one, "y"), first);  // one session, one server
  EXPECT_NE(world->datagram("dns", two, "x"), first);  // the next session goes to the next
  auto seen = world->take_udp_seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].from, seen[1].from);
  EXPECT_EQ(world->udp_server("dns")->sessions(), 2u);
  world->advance(3s);
  EXPECT_EQ(world->udp_server("dns")->sessions(), 0u);
  world->datagram("dns", one, "z");
  seen = world->take_udp_seen();
  EXPECT_NE(seen[0].from, SocketAddress{});
  EXPECT_EQ(world->udp_server("dns")->counters().opened, 3u);
}

TEST_F(Tcp, UdpSessionsAreBounded) {  // udp_sessions_max: at the limit, one over, zero
  for (const size_t most : {2, 0}) {
    start(
        "udp:\n  routers: {r: {service: s}}\n  services: {s: {loadBalancer: {servers: [{address: "
        "'d.internal:1'}]}}}\n");
    world->udp_sessions_max = most;
    world->add_udp_host("d.internal:1", {"d", "D", false});
    size_t answered = 0, told = 0;
    for (const char* peer : {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:1"}) {
      answered += world->datagram("dns", *SocketAddress::parse(peer), "x").size();
      world->udp_server("dns")->on_drop([&](pipeline::UdpDrop why) {
        EXPECT_EQ(why, pipeline::UdpDrop::sessions_max);
        ++told;
      });
    }
    EXPECT_EQ(answered, most == 0 ? 0u : 3u);
    EXPECT_EQ(world->udp_server("dns")->sessions(), most);
    EXPECT_EQ(world->udp_server("dns")->counters().refused, most == 0 ? 4u : 1u);
    EXPECT_EQ(told, most == 0 ? 3u : 1u) << "all but the first datagram's";
  }
}

TEST_F(Tcp, UdpWithoutRouterOrServer) {
  start("udp:\n");
  EXPECT_TRUE(world->datagram("dns", *SocketAddress::parse("127.0.0.1:1"), "x").empty());
  EXPECT_EQ(world->udp_server("dns")->counters().refused, 1u);
  std::optional<pipeline::UdpDrop> why;
  world->udp_server("dns")->on_drop([&](pipeline::UdpDrop dropped) { why = dropped; });
  world->datagram("dns", *SocketAddress::parse("127.0.0.1:1"), "x");
  EXPECT_EQ(why, pipeline::UdpDrop::no_server);
  load(
      "udp:\n  routers: {r: {service: s}}\n  services: {s: {loadBalancer: {servers: [{address: "
      "'no.where:1'}]}}}");
  world->datagram("dns", *SocketAddress::parse("127.0.0.1:1"), "x");
  EXPECT_EQ(world->udp_server("dns")->sessions(), 0u);  // the name does not resolve
}

}  // namespace
}  // namespace gateproof::sim
