// What becomes of TCP and UDP routers, as real Traefik 3.7.15's API shows them (catalogue 1.9, 1.10, 3.4, 4.8, 6.11).
#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/env/testing/fake.h"
#include "engine/middleware/middleware.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {
namespace {

class TcpBuild : public ::testing::Test {
 protected:
  gateproof::testing::FakeWorld world;

  std::shared_ptr<Snapshot> build(const std::string& dynamic) {
    config::Findings findings;
    const auto read = [](const std::string& text, const std::string& file) {
      auto doc = config::parse_document(text, file, config::Format::yaml);
      EXPECT_TRUE(doc.has_value()) << (doc ? "" : doc.error().message);
      return doc ? std::move(*doc) : config::Document{};
    };
    auto s = config::decode_static(
        read("entryPoints: {web: {address: ':80'}, tls: {address: ':443'}, dns: {address: "
             "':53/udp'}, quic: {address: ':54/udp'}, traefik: {address: ':8080'}}",
             "static.yml"),
        findings);
    auto d = config::decode_dynamic(read(dynamic, "dynamic.yml"), "file",
                                    middleware::middleware_types(), findings);
    EXPECT_TRUE(s && d);
    BuildInputs in{std::make_shared<const config::StaticConfig>(*s),
                   std::make_shared<const config::DynamicConfig>(*d), world.clock, world.random,
                   "h"};
    return build_snapshot(in);
  }
};

struct Row {
  std::string clause, name, router;
  Status status;
  std::string errors;  // joined by " | "
  std::optional<int64_t> priority;
};

// clang-format off
const Row tcp_rows[] = {
    {"1.9 missing service", "nosvc", R"y({rule: 'HostSNI(`*`)'})y",
     Status::disabled, R"y(the service is missing on the router)y", int64_t{-1}},
    {"1.9 missing rule", "norule", R"y({service: a})y",
     Status::disabled, R"y(router has no rule)y", int64_t{0}},
    {"1.9 HostSNI needs TLS", "notls", R"y({rule: 'HostSNI(`a.test`)', service: a})y",
     Status::disabled, R"y(invalid rule: "HostSNI(`a.test`)" , has HostSNI matcher, but no TLS on router)y", int64_t{17}},
    {"1.9 HostSNI needs TLS", "v2notls", R"y({rule: 'HostSNI(`a.test`)', ruleSyntax: v2, service: a})y",
     Status::disabled, R"y(invalid rule: "HostSNI(`a.test`)" , has HostSNI matcher, but no TLS on router)y", std::nullopt},
    {"1.9 HostSNI needs TLS", "ornotls", R"y({rule: 'HostSNI(`a.test`) || ClientIP(`127.0.0.1`)', service: a})y",
     Status::disabled, R"y(invalid rule: "HostSNI(`a.test`) || ClientIP(`127.0.0.1`)" , has HostSNI matcher, but no TLS on router)y", std::nullopt},
    {"1.9 catch-all priority", "star", R"y({rule: 'HostSNI(`*`)', service: a})y",
     Status::enabled, R"y()y", int64_t{-1}},
    {"1.9 catch-all priority", "starpar", R"y({rule: '(hostsni(`*`)) ', service: a})y",
     Status::enabled, R"y()y", int64_t{-1}},
    {"1.9 catch-all priority", "starp", R"y({rule: 'HostSNI(`*`)', service: a, priority: 5})y",
     Status::enabled, R"y()y", int64_t{5}},
    {"1.9 automatic priority", "starclient", R"y({rule: 'HostSNI(`*`) && ClientIP(`127.0.0.1`)', service: a})y",
     Status::enabled, R"y()y", int64_t{37}},
    {"1.9 automatic priority", "clientip", R"y({rule: 'ClientIP(`127.0.0.1`)', service: a})y",
     Status::enabled, R"y()y", int64_t{21}},
    {"1.9 automatic priority", "v2star", R"y({rule: 'HostSNI(`x`, `*`)', ruleSyntax: v2, service: a, tls: {passthrough: true}})y",
     Status::enabled, R"y()y", int64_t{17}},
    {"1.9 no TLS needed", "neg", R"y({rule: 'HostSNIRegexp(`^a`)', service: a})y",
     Status::enabled, R"y()y", int64_t{19}},
    {"1.9 no TLS needed", "alpnnotls", R"y({rule: 'ALPN(`h2`)', service: a})y",
     Status::enabled, R"y()y", int64_t{10}},
    {"1.9 HostSNI value", "snibad", R"y({rule: 'HostSNI(`a b`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(`a b`): invalid value for HostSNI matcher, "a b" is not a valid hostname)y", std::nullopt},
    {"1.9 HostSNI value", "midstar", R"y({rule: 'HostSNI(`a.*.test`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(`a.*.test`): invalid value for HostSNI matcher, "a.*.test" is not a valid hostname)y", std::nullopt},
    {"1.9 HostSNI value", "orrule", R"y({rule: 'HostSNI(`a`) || HostSNI(`b c`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(`a`) || HostSNI(`b c`): invalid value for HostSNI matcher, "b c" is not a valid hostname)y", std::nullopt},
    {"1.9 HostSNIRegexp value", "regbad", R"y({rule: 'HostSNIRegexp(`(`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNIRegexp(`(`): compiling HostSNIRegexp matcher: error parsing regexp: missing closing ): `(`)y", std::nullopt},
    {"1.9 HostSNIRegexp value", "regnonascii", R"y({rule: 'HostSNIRegexp(`ä`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNIRegexp(`ä`): invalid value for HostSNIRegexp matcher, "ä" is not a valid hostname)y", std::nullopt},
    {"1.9 ALPN value", "alpnacme", R"y({rule: 'ALPN(`acme-tls/1`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule ALPN(`acme-tls/1`): invalid protocol value for ALPN matcher, "acme-tls/1" is not allowed)y", std::nullopt},
    {"1.9 ALPN value", "v2alpn", R"y({rule: 'ALPN(`acme-tls/1`)', ruleSyntax: v2, service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule ALPN(`acme-tls/1`): invalid protocol value for "ALPN" matcher, "acme-tls/1" is not allowed)y", std::nullopt},
    {"1.9 ClientIP value", "ipbad", R"y({rule: 'ClientIP(`x`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule ClientIP(`x`): initializing IP checker for ClientIP matcher: parsing CIDR trusted IPs <nil>: invalid CIDR address: x)y", std::nullopt},
    {"1.9 ClientIP value", "v2ipbad", R"y({rule: 'ClientIP(`x`, `10.0.0.1`)', ruleSyntax: v2, service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule ClientIP(`x`, `10.0.0.1`): could not initialize IP Checker for "ClientIP" matcher: parsing CIDR trusted IPs <nil>: invalid CIDR address: x)y", std::nullopt},
    {"1.9 arguments", "snitwo", R"y({rule: 'HostSNI(`a`,`b`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(`a`,`b`): unexpected number of parameters; got 2, expected 1)y", std::nullopt},
    {"1.9 arguments", "snizero", R"y({rule: 'HostSNI()', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(): no args for matcher HostSNI)y", std::nullopt},
    {"1.9 arguments", "sniempty", R"y({rule: 'HostSNI(``)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(``): empty args for matcher HostSNI, [])y", std::nullopt},
    {"1.9 v2 values", "v2snibad", R"y({rule: 'HostSNI(`a b`)', ruleSyntax: v2, service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(`a b`): invalid value for "HostSNI" matcher, "a b" is not a valid hostname or IP)y", std::nullopt},
    {"1.9 v2 values", "v2regbrace", R"y({rule: 'HostSNIRegexp(`{n.test`)', ruleSyntax: v2, service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNIRegexp(`{n.test`): invalid pattern value for "HostSNIRegexp" matcher, "{n.test" is not a valid pattern: mux: unbalanced braces in "{n.test")y", std::nullopt},
    {"1.9 v2 values", "v2wild", R"y({rule: 'HostSNI(`*.v2.test`)', ruleSyntax: v2, service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(error while adding rule HostSNI(`*.v2.test`): invalid value for "HostSNI" matcher, "*.v2.test" is not a valid hostname or IP)y", std::nullopt},
    {"1.9 unknown matcher", "unknown", R"y({rule: 'Host(`x`)', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(invalid rule: "Host(`x`)" , unsupported function: Host)y", std::nullopt},
    {"1.9 syntax", "parse1", R"y({rule: 'HostSNI(`*`', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(invalid rule: "HostSNI(`*`" , 1:12: missing ',' before newline in argument list)y", std::nullopt},
    {"1.9 syntax", "parse2", R"y({rule: 'HostSNI(`*`) && x', service: a, tls: {passthrough: true}})y",
     Status::disabled, R"y(invalid rule: "HostSNI(`*`) && x" , x is not defined)y", std::nullopt},
    {"1.9 HostSNI value", "sninonascii", R"y({rule: 'HostSNI(`ä.test`)', service: a, tls: {}})y",
     Status::disabled, R"y(invalid domain name value "ä.test", non-ASCII characters are not allowed | error while adding rule HostSNI(`ä.test`): invalid value for HostSNI matcher, "ä.test" is not a valid hostname)y", std::nullopt},
    {"1.6 priority limit", "prio", R"y({rule: 'HostSNI(`*`)', service: a, priority: 9223372036854774808})y",
     Status::disabled, R"y(the router priority 9223372036854774808 exceeds the max user-defined priority 9223372036854774807)y", int64_t{9223372036854774808}},
    {"4.8 service of a router", "nosuchsvc", R"y({rule: 'HostSNI(`*`)', service: zz})y",
     Status::disabled, R"y(the service "zz@file" does not exist)y", std::nullopt},
    {"4.8 service of a router", "usewrr", R"y({rule: 'HostSNI(`*`)', service: w})y",
     Status::disabled, R"y(the service "zz@file" does not exist)y", std::nullopt},
    {"4.8 service of a router", "usetwo", R"y({rule: 'HostSNI(`*`)', service: two})y",
     Status::disabled, R"y(cannot create service: multi-types service not supported, consider declaring two different pieces of service instead)y", std::nullopt},
    {"4.8 service without kind", "usenone", R"y({rule: 'HostSNI(`*`)', service: none})y",
     Status::disabled, R"y(the service "none@file" does not have any type defined)y", std::nullopt},
    {"4.8 servers", "useempty", R"y({rule: 'HostSNI(`*`)', service: empty})y",
     Status::enabled, R"y()y", std::nullopt},
    {"4.8 servers", "usebadport", R"y({rule: 'HostSNI(`*`)', service: badport})y",
     Status::enabled, R"y()y", std::nullopt},
    {"4.8 serversTransport", "usest", R"y({rule: 'HostSNI(`*`)', service: st})y",
     Status::disabled, R"y(no transport configuration found for "zz@file")y", std::nullopt},
    {"4.8 proxyProtocol version", "usepp", R"y({rule: 'HostSNI(`*`)', service: pp})y",
     Status::disabled, R"y(unknown proxyProtocol version: 5)y", std::nullopt},
    {"4.8 health of parents", "usewhc", R"y({rule: 'HostSNI(`*`)', service: whc})y",
     Status::disabled, R"y(cannot register a as updater for whc: healthCheck not enabled in config for this weighted service)y", std::nullopt},
    {"3.4 middleware of a router", "nosuchmw", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [zz]})y",
     Status::disabled, R"y(middleware "zz@file" does not exist)y", std::nullopt},
    {"3.4 ipAllowList", "mwbad", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [badip]})y",
     Status::disabled, R"y(cannot parse CIDRs [x]: parsing CIDR trusted IPs <nil>: invalid CIDR address: x)y", std::nullopt},
    {"3.4 ipAllowList", "mwnone", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [noneip]})y",
     Status::disabled, R"y(sourceRange is empty, IPAllowLister not created)y", std::nullopt},
    {"3.4 ipWhiteList", "mwwhite", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [white, whitebad]})y",
     Status::disabled, R"y(cannot parse CIDR whitelist [x]: parsing CIDR trusted IPs <nil>: invalid CIDR address: x)y", std::nullopt},
    {"3.4 several kinds in one object", "mwtwo", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [two]})y",
     Status::enabled, R"y()y", std::nullopt},
    {"3.4 inFlightConn", "mwneg", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [neg]})y",
     Status::enabled, R"y()y", std::nullopt},
    {"3.4 inFlightConn", "mwdup", R"y({rule: 'HostSNI(`*`)', service: a, middlewares: [inf, inf, ok]})y",
     Status::enabled, R"y()y", std::nullopt},
    {"6.11 entry points", "badep", R"y({rule: 'HostSNI(`*`)', service: a, entryPoints: [zz]})y",
     Status::disabled, R"y(entryPoint "zz" doesn't exist | no valid entryPoint for this router)y", int64_t{0}},
    {"6.11 entry points", "halfep", R"y({rule: 'HostSNI(`*`)', service: a, entryPoints: [zz, web]})y",
     Status::warning, R"y(entryPoint "zz" doesn't exist)y", std::nullopt},
    {"6.11 entry points", "udpep", R"y({rule: 'HostSNI(`*`)', service: a, entryPoints: [dns]})y",
     Status::disabled, R"y(entryPoint "dns" doesn't exist | no valid entryPoint for this router)y", std::nullopt},
    {"5.1 unknown TLS options", "opts", R"y({rule: 'HostSNI(`o.test`)', service: a, tls: {options: zz}})y",
     Status::disabled, R"y(unknown TLS options: zz@file)y", std::nullopt},
    {"5.4 passthrough ignores options", "optspass", R"y({rule: 'HostSNI(`op.test`)', service: a, tls: {options: zz, passthrough: true}})y",
     Status::enabled, R"y()y", std::nullopt},
};
const Row udp_rows[] = {
    {"1.10 UDP router without service", "unosvc", R"y({entryPoints: [dns]})y",
     Status::disabled, R"y(the service is missing on the udp router)y", std::nullopt},
    {"1.10 UDP router without service", "uzz", R"y({entryPoints: [dns], service: zz})y",
     Status::disabled, R"y(the UDP service "zz@file" does not exist)y", std::nullopt},
    {"1.10 UDP router", "u", R"y({entryPoints: [dns], service: us})y",
     Status::enabled, R"y()y", std::nullopt},
    {"1.10 UDP router without entry points", "unoep", R"y({service: us})y",
     Status::enabled, R"y()y", std::nullopt},
    {"6.11 UDP entry points", "ubadep", R"y({entryPoints: [zz], service: us})y",
     Status::disabled, R"y(entryPoint "zz" doesn't exist | no valid entryPoint for this router)y", std::nullopt},
    {"6.11 UDP entry points", "utcp", R"y({entryPoints: [web], service: us})y",
     Status::disabled, R"y(entryPoint "web" doesn't exist | no valid entryPoint for this router)y", std::nullopt},
    {"4.8 UDP services", "uw", R"y({entryPoints: [dns], service: w})y",
     Status::disabled, R"y(the UDP service "zz@file" does not exist)y", std::nullopt},
    {"4.8 UDP services", "utwo", R"y({entryPoints: [dns], service: two})y",
     Status::disabled, R"y(cannot create service: multi-types service not supported, consider declaring two different pieces of service instead)y", std::nullopt},
    {"4.8 UDP services", "uempty", R"y({entryPoints: [dns], service: empty})y",
     Status::enabled, R"y()y", std::nullopt},
};
// clang-format on

constexpr const char* tcp_rest = R"y(  middlewares:
    badip: {ipAllowList: {sourceRange: [x]}}
    noneip: {ipAllowList: {sourceRange: []}}
    ok: {ipAllowList: {sourceRange: [127.0.0.1]}}
    neg: {inFlightConn: {amount: -1}}
    inf: {inFlightConn: {amount: 1}}
    two: {inFlightConn: {amount: 1}, ipAllowList: {sourceRange: [127.0.0.1]}}
    white: {ipWhiteList: {sourceRange: [127.0.0.1]}}
    whitebad: {ipWhiteList: {sourceRange: [x]}}
  services:
    a: {loadBalancer: {servers: [{address: '127.0.0.1:9'}]}}
    w: {weighted: {services: [{name: a}, {name: zz, weight: 2}]}}
    empty: {loadBalancer: {servers: []}}
    two: {loadBalancer: {servers: [{address: '127.0.0.1:9'}]}, weighted: {services: [{name: a}]}}
    none: {loadBalancer: }
    badport: {loadBalancer: {servers: [{address: '127.0.0.1'}, {address: '127.0.0.1:9'}]}}
    st: {loadBalancer: {serversTransport: zz, servers: [{address: '127.0.0.1:9'}]}}
    pp: {loadBalancer: {proxyProtocol: {version: 5}, servers: [{address: '127.0.0.1:9'}]}}
    hc: {loadBalancer: {healthCheck: {interval: 1s, timeout: 1s, port: 9}, servers: [{address: '127.0.0.1:9'}]}}
    whc: {weighted: {healthCheck: {}, services: [{name: a}, {name: hc}]}}
)y";

constexpr const char* udp_rest = R"y(  services:
    us: {loadBalancer: {servers: [{address: '127.0.0.1:9'}]}}
    w: {weighted: {services: [{name: us}, {name: zz, weight: 2}]}}
    two: {loadBalancer: {servers: [{address: '127.0.0.1'}]}, weighted: {services: [{name: us}]}}
    empty: {loadBalancer: {servers: []}}
)y";

TEST_F(TcpBuild, RouterStatuses) {
  std::string text = "tcp:\n  routers:\n";
  for (const Row& row : tcp_rows) text += "    " + row.name + ": " + row.router + "\n";
  const auto snapshot = build(text + tcp_rest);
  for (const Row& row : tcp_rows) {
    const TcpRouterInfo& info = *snapshot->tcp_routers.at(row.name + "@file");
    EXPECT_EQ(info.status, row.status) << row.clause << ": " << row.router;
    EXPECT_EQ(text::join(info.errors, " | "), row.errors) << row.clause << ": " << row.router;
    if (row.priority) EXPECT_EQ(info.priority, *row.priority) << row.router;
  }
  const auto errors = [&](const std::map<std::string, ObjectInfo>& in, const std::string& name) {
    return text::join(in.at(name).errors, " | ");
  };
  EXPECT_EQ(errors(snapshot->tcp_services, "w@file"), "the service \"zz@file\" does not exist");
  EXPECT_EQ(errors(snapshot->tcp_services, "pp@file"), "");  // the router alone is disabled
  EXPECT_EQ(errors(snapshot->tcp_services, "st@file"), "");
  EXPECT_EQ(snapshot->tcp_services.at("none@file").status, Status::disabled);
  EXPECT_EQ(errors(snapshot->tcp_middlewares, "noneip@file"),
            "sourceRange is empty, IPAllowLister not created");
  EXPECT_EQ(snapshot->tcp_services.at("empty@file").used_by,
            std::vector<std::string>{"useempty@file"});
  EXPECT_EQ(snapshot->tcp_routers.at("star@file")->entry_points,
            (std::vector<std::string>{"tls", "web"}));
  for (const config::Finding& f : snapshot->findings.list()) EXPECT_FALSE(f.remedy.empty());
}

TEST_F(TcpBuild, UdpRouterStatuses) {
  std::string text = "udp:\n  routers:\n";
  for (const Row& row : udp_rows) text += "    " + row.name + ": " + row.router + "\n";
  const auto snapshot = build(text + udp_rest);
  for (const Row& row : udp_rows) {
    const UdpRouterInfo& info = *snapshot->udp_routers.at(row.name + "@file");
    EXPECT_EQ(info.status, row.status) << row.clause << ": " << row.router;
    EXPECT_EQ(text::join(info.errors, " | "), row.errors) << row.clause << ": " << row.router;
  }
  // 1.10 step 6: the greatest name that can be built takes all of an entry point.
  EXPECT_EQ(snapshot->udp_entry_points.at("dns").router->name, "unoep@file");
  EXPECT_EQ(snapshot->udp_entry_points.at("quic").router->name, "unoep@file");
}

TEST_F(TcpBuild, ACircleIsCut) {  // Traefik itself dies of it
  const auto snapshot = build(
      "tcp: {routers: {r: {rule: 'HostSNI(`*`)', service: c}}, services: {c: {weighted: "
      "{services: [{name: c}]}}}}\n"
      "udp: {routers: {r: {service: c}}, services: {c: {weighted: {services: [{name: c}]}}}}");
  EXPECT_EQ(snapshot->tcp_routers.at("r@file")->status, Status::disabled);
  EXPECT_EQ(snapshot->udp_routers.at("r@file")->status, Status::disabled);
}

TEST_F(TcpBuild, Tables) {
  const auto snapshot = build(
      "tcp:\n  routers:\n    plain: {rule: 'ClientIP(`::1`)', service: a, entryPoints: [web]}\n"
      "    pass: {rule: 'HostSNI(`a.test`)', service: a, entryPoints: [tls], tls: {passthrough: "
      "true}}\n"
      "    ends: {rule: 'HostSNI(`b.test`)', service: a, entryPoints: [tls], tls: {}}\n"
      "    broken: {rule: 'HostSNI(`c.test`)', service: a, entryPoints: [tls], tls: {options: "
      "zz}}\n"
      "  services: {a: {loadBalancer: {servers: [{address: 'x:1'}]}}}\n"
      "http:\n  routers:\n    h: {rule: 'Host(`h.test`) && Path(`/`)', service: s, entryPoints: "
      "[tls], tls: {}}\n    any: {rule: 'Path(`/`)', service: s, entryPoints: [tls], tls: {}}\n"
      "  services: {s: {loadBalancer: {servers: [{url: 'http://x'}]}}}\n");
  const EntryPoint& web = *snapshot->entry_points.at("web");
  EXPECT_TRUE(web.tcp.has_plain());
  EXPECT_FALSE(web.tcp.has_secure());
  EXPECT_TRUE(web.looks_at_connections());
  EXPECT_FALSE(snapshot->entry_points.at("traefik")->looks_at_connections());
  const EntryPoint& tls = *snapshot->entry_points.at("tls");
  EXPECT_EQ(tls.tcp.secure->size(), 3u);
  EXPECT_EQ(tls.tcp.https->size(), 2u);
  const auto way = [&](std::string_view name) {
    rules::RequestFacts f;
    f.host = name;
    return tls.tcp.targets[tls.tcp.secure->match(f)->target].way;
  };
  EXPECT_EQ(way("a.test"), TcpTarget::Way::forward);
  EXPECT_EQ(way("b.test"), TcpTarget::Way::terminate);
  EXPECT_EQ(way("c.test"), TcpTarget::Way::broken);
}

}  // namespace
}  // namespace gateproof::pipeline
