// Rows without another note were observed on Traefik 3.7.15: errors stop its start-up.
#include <gtest/gtest.h>

#include "engine/config/static.h"
#include "engine/config/testing_types.h"

namespace gateproof::config {
namespace {

struct Decoded {
  std::optional<StaticConfig> config;
  Findings findings;
};

Decoded decode(const std::string& text) {
  Decoded d;
  const Result<Document> doc = parse_document(text, "traefik.yml", Format::yaml);
  EXPECT_TRUE(doc.has_value()) << text << ": " << (doc.has_error() ? doc.error().message : "");
  if (doc.has_value()) d.config = decode_static(*doc, d.findings);
  return d;
}

TEST(DecodeStatic, EntryPoints) {
  const Decoded d = decode(
      "entryPoints:\n  web:\n    address: ':80'\n    reusePort: true\n    asDefault: true\n    "
      "allowACMEByPass: true\n"
      "    http:\n      middlewares: [a@file]\n      redirections: {entryPoint: {to: websecure, "
      "permanent: false, priority: 7}}\n"
      "      encodeQuerySemicolons: true\n      sanitizePath: false\n      encodedCharacters: "
      "{allowEncodedSlash: false}\n"
      "      maxHeaderBytes: 5\n      underscoreHeadersStrategy: reject\n      "
      "aliasHeadersStrategy: delete\n"
      "      tls: {certResolver: r}\n"
      "    transport: {respondingTimeouts: {readTimeout: 5, idleTimeout: 6s, writeTimeout: 7}, "
      "lifeCycle: {graceTimeOut: 8, "
      "requestAcceptGraceTimeout: 9}, keepAliveMaxTime: 1, keepAliveMaxRequests: 2}\n"
      "    forwardedHeaders: {insecure: true, trustedIPs: [10.0.0.0/8, '::1'], connection: [X-A], "
      "notAppendXForwardedFor: "
      "true}\n    observability: {accessLogs: false, traceVerbosity: nope}\n");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  EXPECT_EQ(testing::brief(d.findings), "");
  const EntryPointConfig& e = d.config->entry_points.at("web");
  EXPECT_EQ(e.name, "web");
  EXPECT_EQ(e.address.value, ":80");
  EXPECT_TRUE(e.reuse_port && e.as_default && e.allow_acme_bypass && e.encode_query_semicolons);
  EXPECT_FALSE(e.sanitize_path);
  ASSERT_TRUE(e.redirection);
  EXPECT_EQ(e.redirection->to.value, "websecure");
  EXPECT_EQ(e.redirection->scheme, "https");
  EXPECT_FALSE(e.redirection->permanent);
  EXPECT_EQ(e.redirection->priority, 7);
  ASSERT_TRUE(e.encoded_characters);
  EXPECT_FALSE(e.encoded_characters->slash);
  EXPECT_TRUE(e.encoded_characters->hash);
  EXPECT_EQ(e.max_header_bytes, 5);
  EXPECT_EQ(e.alias_headers_strategy, "delete");
  EXPECT_EQ(e.tls->cert_resolver.value, "r");
  EXPECT_EQ(e.read_timeout, std::chrono::seconds(5));
  EXPECT_EQ(e.grace_timeout, std::chrono::seconds(8));
  EXPECT_EQ(e.keep_alive_max_requests, 2);
  EXPECT_EQ(e.forwarded.trusted_ips.size(), 2u);
  EXPECT_TRUE(e.forwarded.not_append_x_forwarded_for);
}

TEST(DecodeStatic, WhatStopsStartUp) {
  const std::pair<const char*, const char*> rows[] = {
      {"entryPoints: {w: {nope: 1}}", "GP0101 1:19 field not found, node: nope"},
      {"entryPoints: {w: {address: '127.0.0.1:0/sctp'}}", "GP0201 1:29 invalid protocol: sctp"},
      {"entryPoints: {w: {address: '127.0.0.1:0/tcp/udp'}}",
       "GP0201 1:29 invalid protocol: tcp/udp"},
      {"entryPoints: {w: {address: 127.0.0.1}}",
       "GP0201 1:28 address 127.0.0.1: missing port in address"},
      {"entryPoints: {w: {address: '127.0.0.1:abc'}}", "GP0201 1:29 unknown port: abc"},
      {"entryPoints: {w: {address: '127.0.0.1:99999'}}", "GP0201 1:29 address 99999: invalid port"},
      {"entryPoints: {w: {forwardedHeaders: {trustedIPs: [nope]}}}",
       "GP0202 1:51 parsing CIDR trusted IPs: invalid CIDR address: nope"},
      {"entryPoints: {w: {proxyProtocol: {trustedIPs: [nope]}}}",
       "GP0202 1:48 parsing CIDR trusted IPs: invalid CIDR address: nope"},
      {"entryPoints: {w: {proxyProtocol: {}}}",
       "GP0208 1:34 error creating proxy protocol listener: no trusted IPs provided"},
      {"providers: {precedence: [file, nope]}",
       "GP0203 1:32 provider \"nope\" is not a valid provider name"},
      {"providers: {kubernetesIngressNGINX: {watchNamespace: a, watchNamespaceSelector: b=c}}",
       "GP0203 1:37 watchNamespace and watchNamespaceSelector options are mutually exclusive"},
      {"entryPoints: {w: {http2: {maxConcurrentStreams: -1}}}",
       "GP0204 1:49 max concurrent streams value must be greater than or equal to zero"},
      {"entryPoints: {w: {address: ':1/udp', udp: {timeout: 0}}}",
       "GP0204 1:43 timeout should be greater than zero"},
      {"entryPoints: {w: {http: {underscoreHeadersStrategy: nope}}}",
       "GP0203 1:53 invalid underscoreHeadersStrategy value \"nope\""},
      {"entryPoints: {w: {http: {aliasHeadersStrategy: nope}}}",
       "GP0203 1:48 invalid aliasHeadersStrategy value \"nope\""},
      {"entryPoints: {w: {http: {}}}", "GP0103 1:25 http cannot be a standalone element"},
      {"entryPoints: {w: {http: {encodedCharacters: {}}}}",
       "GP0103 1:45 encodedCharacters cannot be a standalone element"},
      {"entryPoints: {w: {http: {redirections: {entryPoint: {}}}}}",
       "GP0103 1:53 entryPoint cannot be a standalone element"},
      {"entryPoints: {w: {forwardedHeaders: {}}}",
       "GP0103 1:37 forwardedHeaders cannot be a standalone element"},
      {"entryPoints: {w: {transport: {}}}", "GP0103 1:30 transport cannot be a standalone element"},
      {"entryPoints: {w: {http2: {}}}", "GP0103 1:26 http2 cannot be a standalone element"},
      {"pilot: {token: a}",
       "GP0205 1:8 `pilot` has been removed in Traefik v3: incompatible deprecated option"},
      {"experimental: {http3: true}",
       "GP0205 1:23 `http3` has been removed in Traefik v3: incompatible deprecated option"},
      {"providers: {docker: {swarmMode: true}}",
       "GP0205 1:33 `swarmMode` has been removed in Traefik v3: incompatible deprecated option"},
      {"providers: {marathon: {endpoint: x}}",
       "GP0205 1:23 `marathon` has been removed in Traefik v3: incompatible deprecated option"},
      {"tracing: {jaeger: {}}",
       "GP0205 1:19 `jaeger` has been removed in Traefik v3: incompatible deprecated option"},
      {"metrics: {influxDB: {address: x}}", "GP0101 1:11 field not found, node: influxDB"},
      {"metrics: {}", "GP0103 1:10 metrics cannot be a standalone element"},
      {"spiffe: {}", "GP0103 1:9 spiffe cannot be a standalone element"},
      {"global: {}", "GP0103 1:9 global cannot be a standalone element"},
      {"core: {}", "GP0103 1:7 core cannot be a standalone element"},
      {"providers: {}", "GP0103 1:12 providers cannot be a standalone element"},
      {"providers: {file: }", "GP0103 1:12 providers cannot be a standalone element"},
      {"providers: {file: {}}", "GP0103 1:19 file cannot be a standalone element"},
      {"providers: {file: true}", "GP0103 1:19 file cannot be a standalone element"},
      {"certificatesResolvers: {r: {acme: {storage: ''}}}",
       "GP0208 1:46 unable to initialize certificates resolver \"r\" with no storage location for "
       "the certificates"},
      {"certificatesResolvers: {r: {acme: {email: a}, tailscale: {}}}",
       "GP0209 1:28 unable to initialize certificates resolver \"r\", as ACME and Tailscale "
       "providers are mutually "
       "exclusive"},
      {"api: {basePath: a b}", "GP0203 1:17 API basePath must be a valid absolute URL path"},
      {"ocsp: {responderOverrides: {a: ''}}",
       "GP0208 1:33 OCSP responder override value for a cannot be empty"},
      {"providers: {knative: {}}",
       "GP0208 1:22 the experimental Knative feature must be enabled to use the Knative provider"},
      {"log: {otlp: {}}",
       "GP0208 1:13 the experimental OTLPLogs feature must be enabled to use OTLP logging"},
      {"gateproof: {strict: maybe}",
       "GP0105 1:21 strconv.ParseBool: parsing \"maybe\": invalid syntax"},
      {"gateproof: {dialect: envoy}", "GP0203 1:22 no dialect `envoy`"},
      {"[a]", "GP0112 1:1 the static configuration is no object"}};
  for (const auto& [text, want] : rows) {
    const Decoded d = decode(text);
    EXPECT_FALSE(d.config) << text;
    EXPECT_TRUE(testing::brief(d.findings).starts_with(want)) << text << "\n"
                                                              << testing::brief(d.findings);
    for (const Finding& f : d.findings.list()) EXPECT_FALSE(f.remedy.empty()) << text;
  }
  const Decoded syntax = decode("core: {defaultRuleSyntax: v4}");
  EXPECT_FALSE(syntax.config);
}

TEST(DecodeStatic, WhatDoesNot) {
  for (const char* text :
       {"", "entryPoints: {w: {}}", "entryPoints: {w: , v: {}}",
        "entryPoints: {w: {address: ':1/UDP'}}",
        "entryPoints: {w: {address: ':1', udp: {timeout: 0}}}",
        "entryPoints: {w: {http: {aliasHeadersStrategy: ''}}}",
        "entryPoints: {w: {http: {maxHeaderBytes: -1}}}", "providers: {precedence: [FILE, Docker]}",
        "ping: {}", "core: {defaultRuleSyntax: v2}", "tracing: {otlp: {}}",
        "certificatesResolvers: {r: {}}", "hostResolver: {}",
        "experimental: {knative: true}\nproviders: {knative: {}}",
        "experimental: {kubernetesGateway: true}",
        "entryPoints: {w: {proxyProtocol: {insecure: true}, http3: {}}}", "nope: {a: 1}",
        "metrics: {prometheus: {}}", "providers: {http: {}, consul: {}, docker: {}}"}) {
    const Decoded d = decode(text);
    EXPECT_TRUE(d.config) << text << "\n" << testing::brief(d.findings);
  }
}

TEST(DecodeStatic, OneNoteForEachBlockThatComesLater) {
  const std::pair<const char*, const char*> rows[] = {
      {"api: {insecure: true, dashboard: true}", "GP1104 1:1 `api` is not acted on yet"},
      {"metrics: {prometheus: {buckets: [0.1, 1]}, statsD: {}}",
       "GP1104 1:1 `metrics` is not acted on yet"},
      {"accessLog: {filters: {statusCodes: ['200']}, fields: {headers: {names: {A: keep}}}}",
       "GP1104 1:1 `accessLog` is not acted on yet"},
      {"log: {level: DEBUG}", ""},
      {"log: {level: DEBUG, format: json, filePath: a.log, noColor: true, maxSize: 1, maxAge: 2, "
       "maxBackups: 3, compress: true}",
       ""},
      {"log: {otlp: {}}\nexperimental: {otlpLogs: true}",
       "GP1104 1:1 `log` is not acted on yet\nGP1104 2:1 `experimental` is not acted on yet"},
      {"log: {format: xml}", "GP0210 1:15 unknown log format \"xml\"; common is used"},
      {"log: {level: nope}", "GP0210 1:14 unknown log level \"nope\"; ERROR is used"},
      {"tracing: {otlp: {http: {endpoint: a, headers: {a: b}}}}",
       "GP1104 1:1 `tracing` is not acted on yet"},
      {"certificatesResolvers: {r: {acme: {httpChallenge: {entryPoint: web}}}, s: {acme: "
       "{tlsChallenge: {}}}}",
       "GP1104 1:1 `certificatesResolvers` is not acted on yet"},
      {"hostResolver: {cnameFlattening: true}", ""},
      {"experimental: {fastProxy: {debug: true}, plugins: {p: {moduleName: a, version: b}}}",
       "GP1104 1:1 `experimental` is not acted on yet"},
      {"experimental: {localPlugins: {p: {settings: {mounts: [a]}}}}",
       "GP0213 1:31 p: plugin name is missing"},
      {"spiffe: {workloadAPIAddr: a}", "GP1104 1:1 `spiffe` is not acted on yet"},
      {"ocsp: {}", ""},
      {"tcpServersTransport: {dialTimeout: 3}",
       "GP1104 1:1 `tcpServersTransport` is not acted on yet"},
      {"serversTransport: {maxIdleConnsPerHost: 7, forwardingTimeouts: {dialTimeout: 3}}", ""},
      {"serversTransport: {insecureSkipVerify: true, rootCAs: [a]}",
       "GP1104 1:1 `serversTransport` is not acted on yet"},
      {"providers: {docker: {}, consulCatalog: {endpoint: {address: a}}}",
       "GP1105 1:13 `providers.docker` is not acted on yet\nGP1105 1:25 `providers.consulCatalog` "
       "is not acted on yet"},
      {"entryPoints: {w: {http2: {maxConcurrentStreams: 5}, http3: {advertisedPort: 3}}}",
       "GP1107 1:53 `http3` is not acted on yet"},
      {"ping: {entryPoint: w}", ""},
      {"ping: false", ""},
      {"api: false", ""},
      {"global: {checkNewVersion: false}", ""},
      {"metricss: {prometheus: {}}",
       "GP0109 1:1 `metricss` is no block of the static configuration; everything below it is "
       "ignored"}};
  for (const auto& [text, want] : rows) {
    const Decoded d = decode(text);
    EXPECT_TRUE(d.config) << text << "\n" << testing::brief(d.findings);
    EXPECT_EQ(testing::brief(d.findings), want) << text;
  }
}

TEST(DecodeStatic, StoredValues) {
  const Decoded d = decode(
      "providers:\n  providersThrottleDuration: 5s\n  precedence: [FILE, docker]\n  file: "
      "{directory: /d, watch: false}\n"
      "  kubernetesCRD: {namespaces: [a], ingressClass: c, allowCrossNamespace: true, "
      "crossProviderNamespaces: [x]}\n"
      "  kubernetesIngress: {}\n  kubernetesGateway: {experimentalChannel: true, "
      "gateways: [{name: g, namespace: n}]}\n"
      "ping: {entryPoint: w, manualRouting: true, terminatingStatusCode: 204}\napi: {insecure: "
      "true, basePath: /t}\n"
      "log: {level: debug, format: json, filePath: /l, maxSize: 1, maxAge: 2, maxBackups: 3}\n"
      "global: {notAppendXForwardedFor: true}\nserversTransport: "
      "{maxIdleConnsPerHost: 7}\n"
      "metrics: {prometheus: {entryPoint: m}}\ngateproof: {strict: true, workers: 3, seed: 9, "
      "connections: 100, requests: 50, dialect: standard, gatewayAddresses: 127.81.0.0/24, "
      "gatewayVersion: v1.6.3}\n"
      "certificatesResolvers: {r: {acme: {storage: /s, httpChallenge: {entryPoint: web}, "
      "dnsChallenge: {provider: p}}}}\n");
  ASSERT_TRUE(d.config) << testing::brief(d.findings);
  const StaticConfig& s = *d.config;
  EXPECT_EQ(s.providers_throttle, std::chrono::seconds(5));
  EXPECT_EQ(s.precedence, (std::vector<std::string>{"file", "docker"}));
  EXPECT_EQ(s.file->directory.value, "/d");
  EXPECT_FALSE(s.file->watch);
  EXPECT_TRUE(s.kubernetes_crd->allow_cross_namespace);
  EXPECT_EQ(s.kubernetes_crd->cross_provider_namespaces, std::vector<std::string>{"x"});
  EXPECT_FALSE(s.kubernetes_ingress->cross_provider_namespaces);
  ASSERT_TRUE(s.kubernetes_gateway);
  EXPECT_TRUE(s.kubernetes_gateway->experimental_channel);
  ASSERT_EQ(s.kubernetes_gateway->gateways.size(), 1u);
  EXPECT_EQ(s.kubernetes_gateway->gateways[0].ns + "/" + s.kubernetes_gateway->gateways[0].name,
            "n/g");
  EXPECT_TRUE(s.ping->manual_routing);
  EXPECT_EQ(s.ping->terminating_status_code, 204);
  EXPECT_EQ(s.api->base_path, "/t");
  EXPECT_EQ(s.log.level, "DEBUG");
  EXPECT_TRUE(s.log.json);
  EXPECT_EQ(s.log.file_path, "/l");
  EXPECT_EQ(s.log.max_size, 1);
  EXPECT_EQ(s.log.max_age, 2);
  EXPECT_EQ(s.log.max_backups, 3);
  EXPECT_TRUE(s.not_append_x_forwarded_for);
  EXPECT_EQ(s.servers_transport.max_idle_conns_per_host, 7);
  EXPECT_EQ(s.metrics_entry_point, "m");
  EXPECT_TRUE(s.gateproof.strict);
  EXPECT_EQ(s.gateproof.workers, 3);
  EXPECT_EQ(s.gateproof.seed, 9);
  EXPECT_EQ(s.gateproof.connections, 100);
  EXPECT_EQ(s.gateproof.requests, 50);
  EXPECT_EQ(s.gateproof.dialect, GateproofOptions::Dialect::standard);
  EXPECT_EQ(s.gateproof.gateway_addresses, "127.81.0.0/24");
  EXPECT_EQ(s.gateproof.gateway_version, "v1.6.3");
  EXPECT_EQ(s.resolvers.at("r").storage, "/s");
  EXPECT_EQ(s.resolvers.at("r").http_challenge_entry_point, "web");
  EXPECT_EQ(s.resolvers.at("r").dns_provider, "p");
  EXPECT_EQ(s.file_name, "traefik.yml");
}

TEST(CompleteStatic, EntryPointsThatTraefikAdds) {
  const std::tuple<const char*, std::vector<std::string>> rows[] = {
      {"", {"http"}},
      {"entryPoints: {w: {address: ':1'}}", {"w"}},
      {"entryPoints: {w: {address: ':1'}}\nping: {}", {"traefik", "w"}},
      {"entryPoints: {w: {address: ':1'}}\nping: {manualRouting: true}", {"w"}},
      {"entryPoints: {w: {address: ':1'}}\nping: {entryPoint: w}", {"w"}},
      {"entryPoints: {w: {address: ':1'}}\napi: {insecure: true}", {"traefik", "w"}},
      {"entryPoints: {w: {address: ':1'}}\napi: {}", {"w"}},
      {"entryPoints: {w: {address: ':1'}}\nmetrics: {prometheus: {}}", {"traefik", "w"}},
      {"entryPoints: {w: {address: ':1'}}\nmetrics: {prometheus: {manualRouting: true}}", {"w"}},
      {"entryPoints: {w: {address: ':1'}}\nproviders: {rest: {insecure: true}}", {"traefik", "w"}}};
  for (const auto& [text, want] : rows) {
    Decoded d = decode(text);
    ASSERT_TRUE(d.config);
    complete_static(*d.config, d.findings);
    std::vector<std::string> names;
    for (const auto& [name, e] : d.config->entry_points) names.push_back(name);
    EXPECT_EQ(names, want) << text;
  }
  Decoded d = decode("ping: {}");
  complete_static(*d.config, d.findings);
  EXPECT_EQ(d.config->entry_points.at("http").address.value, ":80");
  EXPECT_EQ(d.config->entry_points.at("traefik").address.value, ":8080");
}

TEST(CompleteStatic, ReferencesToNowhere) {
  const std::pair<const char*, const char*> rows[] = {
      {"entryPoints: {w: {http: {redirections: {entryPoint: {to: nope}}}}}",
       "GP0211 1:58 'to' entry point field references a non-existing entry point: nope; nothing is "
       "redirected"},
      {"entryPoints: {w: {http: {redirections: {entryPoint: {scheme: http}}}}}",
       "GP0211 1:53 unable to create redirection: the entry point or the port is missing"},
      {"entryPoints: {w: {http: {redirections: {entryPoint: {to: ':443'}}}}}", ""},
      {"entryPoints: {w: {http: {redirections: {entryPoint: {to: w}}}}}", ""},
      {"entryPoints: {w: {}}\nping: {entryPoint: nope}",
       "GP0211 2:7 entryPoint \"nope\" doesn't exist: ping answers nowhere"}};
  for (const auto& [text, want] : rows) {
    Decoded d = decode(text);
    ASSERT_TRUE(d.config) << text;
    complete_static(*d.config, d.findings);
    EXPECT_EQ(testing::brief(d.findings), want) << text;
  }
}

TEST(EntryPointAddresses, Parts) {
  const std::tuple<const char*, const char*, int, bool> rows[] = {
      {":80", "", 80, false},
      {"127.0.0.1:0", "127.0.0.1", 0, false},
      {"localhost:8080/tcp", "localhost", 8080, false},
      {":53/UDP", "", 53, true},
      {"[::1]:443", "::1", 443, false},
      {"", "", 0, false},
      {"/udp", "", 0, true},
      {":", "", 0, false},
      {":65535", "", 65535, false}};
  for (const auto& [text, host, port, udp] : rows) {
    const auto a = parse_entry_point_address({text, {}});
    ASSERT_TRUE(a.has_value()) << text << " " << a.error().message;
    EXPECT_EQ(a->host, host) << text;
    EXPECT_EQ(a->port, port) << text;
    EXPECT_EQ(a->udp, udp) << text;
  }
  for (const char* bad : {"80", ":65536", ":-1", "::1:80", "[::1]", ":80/", ":80/tcp/"}) {
    const auto a = parse_entry_point_address({bad, {}});
    EXPECT_TRUE(a.has_error()) << bad;
    if (a.has_error()) {
      EXPECT_FALSE(a.error().remedy.empty());
    }
  }
}

}  // namespace
}  // namespace gateproof::config
