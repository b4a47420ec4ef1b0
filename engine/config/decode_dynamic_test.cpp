// Rows without another note were observed on Traefik 3.7.15 with the file provider.
#include <gtest/gtest.h>

#include "engine/config/testing_types.h"

namespace gateproof::config {
namespace {

struct Decoded {
  std::optional<DynamicConfig> config;
  Findings findings;
};

Decoded decode(const std::string& text, const std::string& file = "d.yml") {
  static const testing::FewTypes types;
  Decoded d;
  const Result<Document> doc = parse_document(text, file, *format_of(file));
  EXPECT_TRUE(doc.has_value()) << text << ": " << (doc.has_error() ? doc.error().message : "");
  if (doc.has_value()) d.config = decode_dynamic(*doc, "file", types, d.findings);
  return d;
}

TEST(DecodeDynamic, Routers) {
  const Decoded d = decode(
      "http:\n  routers:\n    r:\n      entryPoints: [web]\n      middlewares: [a, b@docker]\n     "
      " service: s\n"
      "      rule: \"Host(`x`)\"\n      ruleSyntax: v2\n      priority: 12\n      parentRefs: [p]\n"
      "      observability: {accessLogs: false}\n"
      "      tls: {options: o, certResolver: c, domains: [{main: m, sans: [x, y]}]}\n");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(testing::brief(d.findings), "");
  const RouterConfig& r = d.config->routers.at("r@file");
  EXPECT_EQ(r.entry_points[0].value, "web");
  EXPECT_EQ(r.middlewares[1].value, "b@docker");
  EXPECT_EQ(r.service.value, "s");
  EXPECT_EQ(r.rule.span.to_string(), "d.yml:7:14");
  EXPECT_EQ(r.rule_syntax.value, "v2");
  EXPECT_EQ(r.priority.value, 12);
  EXPECT_EQ(r.parent_refs[0].value, "p");
  EXPECT_TRUE(r.has_observability);
  ASSERT_TRUE(r.tls);
  EXPECT_EQ(r.tls->options.value, "o");
  EXPECT_EQ(r.tls->domains[0].sans[1], "y");
  EXPECT_EQ(r.tls->span.to_string(), "d.yml:12:7");
  EXPECT_EQ(r.span.to_string(), "d.yml:3:5");
}

TEST(DecodeDynamic, TlsOfARouterMayBeEmpty) {
  const std::pair<const char*, bool> rows[] = {{"{}", true},  {"true", true},   {"TRUE", true},
                                               {"''", true},  {"false", false}, {"[a]", false},
                                               {"no", false}, {"~", false}};
  for (const auto& [tls, want] : rows) {
    const Decoded d = decode("http: {routers: {r: {service: s, tls: " + std::string(tls) + "}}}");
    ASSERT_TRUE(d.config) << tls;
    EXPECT_EQ(d.config->routers.at("r@file").tls.has_value(), want) << tls;
  }
}

TEST(DecodeDynamic, LoadBalancers) {
  const Decoded d = decode(
      "http: {services: {s: {middlewares: [m], loadBalancer: {servers: [{url: 'http://a:1', "
      "weight: 3, preservePath: "
      "true}, {url: 'http://b:1'}], strategy: p2c, passHostHeader: false, serversTransport: t, "
      "responseForwarding: {flushInterval: 5ms}, sticky: {cookie: {name: c, secure: true, "
      "httpOnly: true, sameSite: lax, "
      "maxAge: 3, path: /x, domain: d}}}}}}");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(testing::brief(d.findings), "");
  const ServiceConfig& s = d.config->services.at("s@file");
  EXPECT_EQ(s.types, std::vector<std::string>{"loadBalancer"});
  EXPECT_EQ(s.middlewares[0].value, "m");
  const LoadBalancerConfig& lb = *s.load_balancer;
  ASSERT_EQ(lb.servers.size(), 2u);
  EXPECT_EQ(lb.servers[0].weight, 3);
  EXPECT_TRUE(lb.servers[0].preserve_path);
  EXPECT_EQ(lb.servers[1].weight, 1);
  EXPECT_EQ(lb.strategy.value, "p2c");
  EXPECT_FALSE(lb.pass_host_header);
  EXPECT_EQ(lb.flush_interval, std::chrono::milliseconds(5));
  EXPECT_EQ(lb.servers_transport.value, "t");
  ASSERT_TRUE(lb.sticky);
  EXPECT_EQ(lb.sticky->name, "c");
  EXPECT_TRUE(lb.sticky->secure && lb.sticky->http_only);
  EXPECT_EQ(lb.sticky->same_site, "lax");
  EXPECT_EQ(lb.sticky->max_age, 3);
  EXPECT_EQ(lb.sticky->path, "/x");
}

TEST(DecodeDynamic, StickyCookies) {
  const std::pair<const char*, bool> rows[] = {{"{}", false},
                                               {"{cookie: {}}", true},
                                               {"{cookie: true}", true},
                                               {"{cookie: ~}", false},
                                               {"true", false}};
  for (const auto& [sticky, want] : rows) {
    for (const char* kind : {"loadBalancer", "weighted"}) {
      const Decoded d =
          decode("http: {services: {s: {" + std::string(kind) + ": {sticky: " + sticky + "}}}}");
      ASSERT_TRUE(d.config) << sticky << testing::brief(d.findings);
      const ServiceConfig& s = d.config->services.at("s@file");
      EXPECT_EQ(
          s.load_balancer ? s.load_balancer->sticky.has_value() : s.weighted->sticky.has_value(),
          want)
          << sticky;
    }
  }
}

TEST(DecodeDynamic, WeightedServices) {
  const Decoded d = decode(
      "http: {services: {s: {weighted: {services: [{name: a, weight: '3'}, {name: b}], "
      "healthCheck: {}}}}}");
  ASSERT_TRUE(d.config);
  const WeightedConfig& w = *d.config->services.at("s@file").weighted;
  EXPECT_EQ(w.services[0].weight, 3);
  EXPECT_EQ(w.services[1].weight, 1);
  EXPECT_TRUE(w.has_health_check);
}

TEST(DecodeDynamic, CompositeServices) {  // catalogue 4.5
  const Decoded d = decode(
      "http:\n  services:\n    a: {mirroring: {service: x, mirrorBody: false, maxBodySize: 3, "
      "mirrors: [{name: y, percent: 10}], healthCheck: {}}}\n"
      "    b: {failover: {service: x, fallback: y, errors: {status: ['500'], "
      "maxRequestBodyBytes: 3}}}\n"
      "    c: {highestRandomWeight: {services: [{name: x, weight: 3}, {name: y}]}}\n"
      "    d: {mirroring: {service: x}}\n");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(testing::brief(d.findings), "");
  const auto& services = d.config->services;
  const MirroringConfig& m = *services.at("a@file").mirroring;
  EXPECT_EQ(m.service.value, "x");
  EXPECT_EQ(m.mirrors.at(0).name.value, "y");
  EXPECT_EQ(m.mirrors.at(0).percent.value, 10);
  EXPECT_FALSE(m.mirror_body);
  EXPECT_EQ(m.max_body_size, 3);
  EXPECT_TRUE(m.has_health_check);
  const MirroringConfig& plain = *services.at("d@file").mirroring;
  EXPECT_TRUE(plain.mirror_body && plain.max_body_size == -1 && !plain.has_health_check);
  const FailoverConfig& f = *services.at("b@file").failover;
  EXPECT_EQ(f.fallback.value, "y");
  EXPECT_EQ(f.errors->status.at(0).value, "500");
  EXPECT_EQ(f.errors->max_request_body_bytes, 3);
  EXPECT_FALSE(f.has_health_check);
  const HighestRandomWeightConfig& h = *services.at("c@file").highest_random_weight;
  EXPECT_EQ(h.services.at(0).weight, 3);
  EXPECT_EQ(h.services.at(1).weight, 1);
}

TEST(DecodeDynamic, HealthChecks) {  // catalogue 4.4
  const Decoded d = decode(
      "http:\n  services:\n"
      "    d: {loadBalancer: {healthCheck: {path: /h, mode: grpc, method: HEAD, status: 204, "
      "port: 81, scheme: https, hostname: n, interval: 3s, unhealthyInterval: 1s, timeout: 2s, "
      "followRedirects: false, headers: {a: b}}, "
      "passiveHealthCheck: {failureWindow: 3s, maxFailedAttempts: 2}}}\n"
      "    e: {loadBalancer: {healthCheck: {path: /}, passiveHealthCheck: {failureWindow: 1s}}}\n");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(testing::brief(d.findings), "");
  using std::chrono::seconds;
  const LoadBalancerConfig& lb = *d.config->services.at("d@file").load_balancer;
  ASSERT_TRUE(lb.health_check && lb.passive_health_check);
  const HealthCheckConfig& h = *lb.health_check;
  EXPECT_EQ(h.path.value, "/h");
  EXPECT_EQ(h.mode + h.method + h.scheme + h.hostname, "grpcHEADhttpsn");
  EXPECT_EQ(h.status, 204);
  EXPECT_EQ(h.port, 81);
  EXPECT_EQ(h.interval, seconds(3));
  EXPECT_EQ(*h.unhealthy_interval, seconds(1));
  EXPECT_EQ(h.timeout, seconds(2));
  EXPECT_FALSE(h.follow_redirects);
  EXPECT_EQ(h.headers.at("a"), "b");
  EXPECT_EQ(h.span.line, 3);
  EXPECT_EQ(lb.passive_health_check->max_failed_attempts, 2);
  const LoadBalancerConfig& defaults = *d.config->services.at("e@file").load_balancer;
  EXPECT_EQ(defaults.health_check->interval, seconds(30));
  EXPECT_FALSE(defaults.health_check->unhealthy_interval.has_value());
  EXPECT_EQ(defaults.health_check->timeout, seconds(5));
  EXPECT_TRUE(defaults.health_check->follow_redirects);
  EXPECT_EQ(defaults.passive_health_check->max_failed_attempts, 1);
}

TEST(DecodeDynamic, SeveralKindsAreTheObjectsError) {
  const Decoded d = decode(
      "http: {services: {s: {weighted: {services: []}, loadBalancer: {servers: []}}, n: {}}}");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(d.config->services.at("s@file").types,
            (std::vector<std::string>{"weighted", "loadBalancer"}));
  EXPECT_TRUE(d.config->services.at("n@file").types.empty());
}

TEST(DecodeDynamic, Middlewares) {
  const Decoded d = decode(
      "http: {middlewares: {a: {AddPrefix: {prefix: /x}}, b: {compress: {}}, c: {compress: true}, "
      "d: {compress: no}, "
      "e: {}, f: {addPrefix: {prefix: /x}, compress: {}}, g: {chain: {middlewares: [a, "
      "b@docker]}}, h: abc, "
      "i: {addPrefix: }}}");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  const auto& m = d.config->middlewares;
  EXPECT_EQ(m.at("a@file").type, "addPrefix");
  EXPECT_EQ(static_cast<const testing::PrefixOptions*>(m.at("a@file").options.get())->prefix, "/x");
  EXPECT_EQ(m.at("b@file").type, "compress");
  EXPECT_EQ(m.at("c@file").type, "compress");
  EXPECT_EQ(m.at("d@file").type, "");
  EXPECT_EQ(m.at("e@file").type, "");
  EXPECT_EQ(m.at("f@file").extra_types, std::vector<std::string>{"compress"});
  EXPECT_EQ(m.at("g@file").refs[1].value, "b@docker");
  EXPECT_EQ(m.at("h@file").type, "");
  EXPECT_EQ(m.at("i@file").type, "");
}

TEST(DecodeDynamic, DocumentedTypesThatAreNotThereAreNoUnknownFields) {
  const Decoded d = decode("http: {middlewares: {a: {retry: {attempts: 3}}}}");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(testing::brief(d.findings),
            "GP1108 1:26 the middleware type `retry` is not acted on yet");
  EXPECT_EQ(d.config->middlewares.at("a@file").type, "retry");
  EXPECT_EQ(d.config->middlewares.at("a@file").options, nullptr);
}

// 3.5: their keys are checked, the object is of no type.
TEST(DecodeDynamic, TypesOfOtherProviders) {
  const Decoded d = decode(
      "http: {middlewares: {a: {requestRedirect: {}}, b: {urlRewrite: {path: /x}, compress: {}}}}");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(d.config->middlewares.at("a@file").type, "");
  EXPECT_EQ(d.config->middlewares.at("b@file").type, "compress");
  EXPECT_TRUE(d.config->middlewares.at("b@file").extra_types.empty());
  EXPECT_TRUE(
      testing::brief(d.findings)
          .starts_with(
              "GP0114 1:26 the middleware type `requestRedirect` is made by other providers"))
      << testing::brief(d.findings);
}

TEST(DecodeDynamic, WhatRejectsTheFile) {
  const std::pair<const char*, const char*> rows[] = {
      {"http: {nope: {x: 1}}", "GP0101 1:8 field not found, node: nope"},
      {"http: {}", "GP0103 1:7 http cannot be a standalone element"},
      {"http: {routers: {}}", "GP0103 1:17 routers cannot be a standalone element"},
      {"http: {routers: }", "GP0103 1:7 http cannot be a standalone element"},
      {"http: {middlewares: {m: }}", "GP0103 1:21 middlewares cannot be a standalone element"},
      {"http: {middlewares: {m: {addPrefix: {}}}}",
       "GP0103 1:37 addPrefix cannot be a standalone element"},
      {"http: {middlewares: {m: {addPrefix: true}}}",
       "GP0103 1:37 addPrefix cannot be a standalone element"},
      {"http: {middlewares: {m: {requestRedirect: {bogus: x}}}}",
       "GP0101 1:44 field not found, node: bogus"},
      {"http: {middlewares: {m: {addPrefx: {prefix: /}}}}",
       "GP0101 1:26 field not found, node: addPrefx"},
      {"http: {services: {s: {loadBalancer: {}}}}",
       "GP0103 1:37 loadBalancer cannot be a standalone element"},
      {"http: {services: {s: {loadBalancer: {nope: 1}}}}",
       "GP0101 1:38 field not found, node: nope"},
      {"http: {services: {s: {loadBalancer: {healthCheck: {}}}}}",
       "GP0103 1:51 healthCheck cannot be a standalone element"},
      {"http: {services: {s: {loadBalancer: {servers: [~]}}}}",
       "GP0102 1:48 `servers` is a list of objects: unsupported simple value"},
      {"http: {services: {s: {weighted: {}}}}",
       "GP0103 1:33 weighted cannot be a standalone element"},
      {"http: {services: {s: {failover: {errors: {}}}}}",
       "GP0103 1:42 errors cannot be a standalone element"},
      {"http: {routers: {r: {observability: {}}}}",
       "GP0103 1:37 observability cannot be a standalone element"},
      {"http: {serversTransports: {t: {forwardingTimeouts: {}}}}",
       "GP0103 1:52 forwardingTimeouts cannot be a standalone element"},
      {"tcp: {services: {s: {weighted: {sticky: {}}}}}",
       "GP0101 1:33 field not found, node: sticky"},
      {"tls: {options: {o: {clientAuth: {}}}}",
       "GP0103 1:33 clientAuth cannot be a standalone element"},
      {"tls: {options: {o: {clientAuth: {secretNames: [a]}}}}",
       "GP0101 1:34 field not found, node: secretNames"},
      {"tls: {nope: 1}", "GP0101 1:7 field not found, node: nope"},
      {"[a]", "GP0112 1:1 cannot unmarshal !!seq into map[string]interface {}"},
      {"abc", "GP0112 1:1 cannot unmarshal !!str into map[string]interface {}"}};
  for (const auto& [text, want] : rows) {
    const Decoded d = decode(text);
    EXPECT_FALSE(d.config) << text;
    EXPECT_TRUE(testing::brief(d.findings).starts_with(want)) << text << "\n"
                                                              << testing::brief(d.findings);
  }
}

TEST(DecodeDynamic, WhatDoesNot) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"http:", ""},
      {"tls: {}", ""},
      {"tls: {options: {o: {minVersion: VersionTLS12}}}", ""},
      {"tls: {certificates: [{certFile: a}]}", ""},
      {"tls: {stores: {default: {defaultGeneratedCert: {resolver: r}}}}",
       "GP1101 1:16 `defaultGeneratedCert` is not acted on yet: no certificate is asked for"},
      {"htpp: {}",
       "GP0109 1:1 `htpp` is no section of the dynamic configuration; everything below it is "
       "ignored"},
      {"http: {services: {s: {loadBalancer: {servers: [{url: a, scheme: http}]}}}}",
       "GP0107 1:57 `scheme` is known but not read from files; it is ignored"},
      {"http: {services: {s: {weighted: {services: []}}}}", ""},
      {"http: {serversTransports: {t: {}}}", ""},
      {"http: {serversTransports: {t: {spiffe: {}}}}", ""},
      {"http: {routers: {r: abc}}",
       "GP0107 1:21 router r@file has no options: its value is ignored"}};
  for (const auto& [text, want] : rows) {
    const Decoded d = decode(text);
    EXPECT_TRUE(d.config) << text;
    EXPECT_EQ(testing::brief(d.findings), want) << text;
  }
}

TEST(DecodeDynamic, OddNamesAndShapes) {
  Decoded d = decode("http: {routers: {12: {rule: a}, true: {rule: b}, '13': {rule: c}}}");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(d.config->routers.at("<int Value>@file").rule.value, "a");
  EXPECT_EQ(d.config->routers.at("<bool Value>@file").rule.value, "b");
  EXPECT_EQ(d.config->routers.at("13@file").rule.value, "c");
  d = decode("http: {routers: [{rule: a}]}");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(d.config->routers.at("[0]@file").rule.value, "a");
  // An object in the place of a list: one element for each member.
  d = decode("http: {services: {s: {loadBalancer: {servers: {url: x, b: {url: y}}}}}}");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(d.config->services.at("s@file").load_balancer->servers.size(), 2u);
  d = decode("http: {services: {s: {loadBalancer: {servers: [abc, {url: x}]}}}}");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(d.config->services.at("s@file").load_balancer->servers.size(), 1u);
}

TEST(DecodeDynamic, TcpAndUdp) {
  const Decoded d = decode(
      "tcp:\n  routers: {r: {entryPoints: [web], middlewares: [a], service: s, rule: x, "
      "ruleSyntax: v3, priority: 3, tls: "
      "{passthrough: true, options: a, certResolver: b, domains: [{main: a, sans: [b]}]}}}\n"
      "  services: {s: {loadBalancer: {servers: [{address: 'a:1', tls: true}], serversTransport: "
      "t, terminationDelay: 3, "
      "proxyProtocol: {version: 2}, healthCheck: {port: 1, send: a, expect: b, interval: 3, "
      "unhealthyInterval: 3, "
      "timeout: 3}}}, w: {weighted: {services: [{name: s, weight: 1}], healthCheck: {}}}}\n"
      "  middlewares: {a: {ipAllowList: {sourceRange: [a]}}, b: {inFlightConn: {amount: 3}}}\n"
      "  serversTransports: {t: {dialTimeout: 3, proxyProtocol: {}, tls: {}}}\n"
      "udp: {routers: {r: {entryPoints: [web], service: s}}, services: {s: {loadBalancer: "
      "{servers: [{address: a}]}}}}\n"
      "tls:\n  certificates: [{certFile: a, keyFile: b, stores: [default]}]\n  options: {o: "
      "{minVersion: a, sniStrict: "
      "true, clientAuth: {caFiles: [a], clientAuthType: b}}, default: {}}\n  stores: {default: "
      "{defaultCertificate: "
      "{certFile: a, keyFile: b}}}\n");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(testing::brief(d.findings),
            "GP0108 3:94 `terminationDelay` is deprecated\nGP0108 3:115 `proxyProtocol` is "
            "deprecated");
  EXPECT_EQ(d.config->certificates[0].cert_file.value, "a");
  EXPECT_TRUE(d.config->tls_options.count("o@file"));
  EXPECT_TRUE(d.config->tls_options.count("default"));
  const TcpConfig& tcp = d.config->tcp;
  const TcpRouterConfig& r = tcp.routers.at("r@file");
  EXPECT_EQ(r.rule.span.to_string(), "d.yml:2:73");
  EXPECT_EQ(r.priority.value, 3);
  ASSERT_TRUE(r.tls);
  EXPECT_TRUE(r.tls->passthrough);
  EXPECT_EQ(r.tls->options.value, "a");
  EXPECT_EQ(r.tls->span.line, 2u);
  const TcpLoadBalancerConfig& lb = *tcp.services.at("s@file").load_balancer;
  EXPECT_EQ(lb.servers[0].address.value, "a:1");
  EXPECT_TRUE(lb.servers[0].tls);
  EXPECT_EQ(lb.servers_transport.value, "t");
  EXPECT_EQ(lb.termination_delay_ms, 3);
  EXPECT_EQ(lb.proxy_protocol->version.value, 2);
  EXPECT_EQ(lb.health_check->expect, "b");
  EXPECT_EQ(lb.health_check->interval, std::chrono::seconds(3));
  const TcpWeightedConfig& w = *tcp.services.at("w@file").weighted;
  EXPECT_EQ(w.services[0].name.value, "s");
  EXPECT_TRUE(w.has_health_check);
  EXPECT_EQ(tcp.middlewares.at("a@file").ip_allow_list->source_range[0].value, "a");
  EXPECT_EQ(tcp.middlewares.at("b@file").in_flight_conn->amount, 3);
  const TcpServersTransportConfig& t = tcp.servers_transports.at("t@file");
  EXPECT_EQ(t.dial_timeout, std::chrono::seconds(3));
  EXPECT_EQ(t.dial_keep_alive, std::chrono::seconds(15));
  EXPECT_EQ(t.termination_delay, std::chrono::milliseconds(100));
  EXPECT_EQ(t.proxy_protocol->version.value, 2);
  EXPECT_TRUE(t.tls.has_value());
  EXPECT_EQ(d.config->udp.routers.at("r@file").service.value, "s");
  EXPECT_EQ(d.config->udp.services.at("s@file").servers->at(0).value, "a");
}

TEST(DecodeDynamic, WhatRejectsTcpAndUdp) {
  const std::pair<const char*, const char*> rows[] = {
      {"tcp: {routers: {r: {rul: x}}}", "GP0101 1:21 field not found, node: rul"},
      {"tcp: {routers: {r: {priority: x}}}", "GP0104"},
      {"tcp: {middlewares: {m: {inFlightConn: {amount: x}}}}", "GP0104"},
      {"tcp: {middlewares: {m: {inFlightConn: {}}}}", "GP0103"},
      {"tcp: {middlewares: {m: {rateLimit: {average: 1}}}}", "GP0101"},
      {"tcp: {services: {s: {loadBalancer: {}}}}", "GP0103"},
      {"tcp: {services: {s: {loadBalancer: {servers: [{url: x}]}}}}", "GP0101"},
      {"tcp: {serversTransports: {t: {dialTimeout: x}}}", "GP0106"},
      {"udp: {routers: {r: {rule: x}}}", "GP0101 1:21 field not found, node: rule"},
      {"udp: {services: {s: {loadBalancer: {servers: [{address: a, weight: 1}]}}}}", "GP0101"}};
  for (const auto& [text, want] : rows) {
    const Decoded d = decode(text);
    EXPECT_FALSE(d.config) << text;
    EXPECT_TRUE(testing::brief(d.findings).starts_with(want)) << text << "\n"
                                                              << testing::brief(d.findings);
  }
}

TEST(DecodeDynamic, ServersTransports) {
  const Decoded d = decode(
      "http: {serversTransports: {t: {serverName: a, insecureSkipVerify: true, rootCAs: [a], "
      "certificates: [{certFile: a}], "
      "cipherSuites: [a], minVersion: a, maxVersion: b, maxIdleConnsPerHost: 3, "
      "forwardingTimeouts: {dialTimeout: 3, "
      "responseHeaderTimeout: 4s, idleConnTimeout: 5, readIdleTimeout: 3, pingTimeout: 3}, "
      "disableHTTP2: true, peerCertURI: "
      "a}, u: {}}}");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  const ServersTransportConfig& t = d.config->servers_transports.at("t@file");
  EXPECT_EQ(t.max_idle_conns_per_host, 3);
  EXPECT_EQ(t.dial_timeout, std::chrono::seconds(3));
  EXPECT_EQ(t.response_header_timeout, std::chrono::seconds(4));
  EXPECT_EQ(d.config->servers_transports.at("u@file").max_idle_conns_per_host,
            2);  // net/http's own default
}

TEST(DecodeDynamic, SeveralDocumentsAndToml) {
  const Decoded d =
      decode("http: {routers: {r: {rule: a}}}\n---\nhttp: {routers: {s: {rule: a}}}\n");
  ASSERT_TRUE(d.config);
  EXPECT_EQ(d.config->routers.size(), 1u);
  EXPECT_EQ(d.findings.list()[0].code, "GP0006");
  const Decoded t = decode("[http.routers.r]\nrule = \"Host(`a`)\"\npriority = 0x10\n", "d.toml");
  ASSERT_TRUE(t.config);
  EXPECT_EQ(t.config->routers.at("r@file").priority.value, 16);
}

TEST(Names, Qualify) {
  EXPECT_EQ(qualify("x", "file"), "x@file");
  EXPECT_EQ(qualify("x@y", "file"), "x@y");
  EXPECT_EQ(provider_of("x@y"), "y");
  EXPECT_EQ(provider_of("x"), "");
  EXPECT_EQ(bare_name("x@y"), "x");
  EXPECT_EQ(bare_name("x"), "x");
}

}  // namespace
}  // namespace gateproof::config
