// Configuration and statuses of Gateway API objects in Traefik's dialect: rules, priorities, names and words as recorded from
// Traefik 3.7.15.
#include "engine/kubernetes/gateway_config.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/config/route_filters.h"
#include "engine/kubernetes/gateway_statuses.h"
#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

const std::string base = R"(
{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: traefik, generation: 3}, spec: {controllerName: traefik.io/gateway-controller}}
---
{apiVersion: v1, kind: Service, metadata: {name: back}, spec: {clusterIP: 10.9.9.9, ports: [{name: http, port: 80}, {name: https, port: 443}, {name: h2c, port: 81, appProtocol: kubernetes.io/h2c}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: back-1, namespace: default, labels: {kubernetes.io/service-name: back}}
ports: [{name: http, port: 8080}, {name: https, port: 8443}, {name: h2c, port: 8081}]
endpoints:
  - {addresses: [10.0.0.1], conditions: {ready: true}}
  - {addresses: [10.0.0.2], conditions: {ready: false, serving: true, terminating: true}}
  - {addresses: [10.0.0.3]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: default, generation: 7}
spec:
  gatewayClassName: traefik
  listeners:
    - {name: web, protocol: HTTP, port: 80}
    - {name: wild, protocol: HTTP, port: 80, hostname: "*.w.example"}
    - {name: tls, protocol: TLS, port: 443, tls: {mode: Passthrough}}
    - {name: tcp, protocol: TCP, port: 9000}
)";

// The manifests of a cluster as the provider sees them.
struct Cluster {
  explicit Cluster(const std::string& manifests) {
    options.experimental_channel = true;
    testing::add_yaml(store, base + manifests, findings, "objects.yaml");
    setting.entry_points = {true,
                            {{"web", ":80", false},
                             {"websecure", ":443", false},
                             {"tcp", ":9000", false},
                             {"dns", ":53/udp", false}}};
    setting.whole_cluster = true;
  }
  void look() {
    result = check_gateway(context, setting);
    config = gateway_config(context, result, setting.entry_points);
  }
  json status(const std::string& kind, const std::string& name) {
    for (const gateway::StatusUpdate& u : gateway_statuses(context, result, addresses)) {
      if (u.object.kind == kind && u.object.name == name) return json::parse(u.status);
    }
    return nullptr;
  }

  config::KubernetesProviderConfig options;
  ObjectStore store;
  config::Findings findings;
  Context context{store, options, gateway_provider, "providers.kubernetesGateway", findings};
  GatewaySetting setting;
  GatewayResult result;
  config::DynamicConfig config;
  std::vector<StatusAddress> addresses;
};

std::string route(const std::string& kind, const std::string& name, const std::string& spec) {
  return "---\n{apiVersion: gateway.networking.k8s.io/v1, kind: " + kind +
         ", metadata: {name: " + name + ", namespace: default, generation: 5}, spec: {" + spec +
         "}}\n";
}

// "PRIORITY RULE", the highest first.
template <class Routers>
Texts rules(const Routers& routers) {
  std::vector<std::pair<int64_t, std::string>> found;
  for (const auto& [name, r] : routers) found.emplace_back(-r.priority.value, r.rule.value);
  std::sort(found.begin(), found.end());
  Texts out;
  for (const auto& [priority, rule] : found) out.push_back(std::to_string(-priority) + " " + rule);
  return out;
}

TEST(GatewayConfig, RulesAndPrioritiesOfHttpRoutes) {
  Cluster c(route("HTTPRoute", "many.dots", R"(
    parentRefs: [{name: g, sectionName: web}], hostnames: [a.example, "*.b.example"],
    rules: [{matches: [
      {path: {type: Exact, value: /exact}}, {path: {value: /prefix}}, {path: {value: /prefix/}},
      {path: {type: RegularExpression, value: "/re.*"}}, {method: POST},
      {headers: [{name: X-A, value: "1"}, {type: RegularExpression, name: X-B, value: "b.*"}]},
      {queryParams: [{name: q, value: "1"}, {type: RegularExpression, name: r, value: "b.*"}],
       method: GET, path: {type: Exact, value: "/q\"uo`te"}}]}, {}])"));
  c.look();
  const std::string hosts =
      R"((Host("a.example") || HostRegexp("^[a-z0-9-\\.]+\\.b\\.example$")) && )";
  EXPECT_EQ(
      rules(c.config.routers),
      (Texts{
          "101033 " + hosts +
              R"(Path("/q\"uo`te") && Method("GET") && Query("q","1") && QueryRegexp("r","b.*"))",
          "100013 " + hosts + R"(Path("/exact"))",
          "10713 " + hosts + R"((Path("/prefix") || PathPrefix("/prefix/")))",
          "10513 " + hosts + R"(PathRegexp("/re.*"))",
          "1014 " + hosts + R"(PathPrefix("/") && Method("POST"))",
          "214 " + hosts + R"(PathPrefix("/") && Header("X-A","1") && HeaderRegexp("X-B","b.*"))",
          "13 " + hosts + R"(PathPrefix("/"))"}));
  const std::string& name = c.config.routers.begin()->first;
  EXPECT_TRUE(name.starts_with("httproute-default-many-dots-gw-default-g-ep-web-0-")) << name;
  EXPECT_EQ(name.size(), std::string("httproute-default-many-dots-gw-default-g-ep-web-0-").size() +
                             20 + std::string("@kubernetesgateway").size());
}

TEST(GatewayConfig, RulesAndPrioritiesOfGrpcRoutes) {
  Cluster c(route("GRPCRoute", "grpc", R"(
    parentRefs: [{name: g, sectionName: web}], hostnames: [grpc.example],
    rules: [{matches: [{method: {service: a.B, method: M}}, {method: {service: a.B}},
                       {method: {type: RegularExpression, method: "M.*"}},
                       {headers: [{name: X, value: y}]}],
             backendRefs: [{name: back, port: 80}]}, {}])"));
  c.look();
  EXPECT_EQ(rules(c.config.routers),
            (Texts{R"(46 Host("grpc.example") && PathPrefix("/") && Header("X","y"))",
                   R"(38 Host("grpc.example") && PathRegexp("/a\\.B/[^/]+"))",
                   R"(36 Host("grpc.example") && PathRegexp("/[^/]+/M.*"))",
                   R"(34 Host("grpc.example") && PathRegexp("/a\\.B/M"))",
                   R"(27 Host("grpc.example") && PathPrefix("/"))"}));
  for (const auto& [name, s] : c.config.services) {
    if (s.load_balancer) {
      EXPECT_EQ(s.load_balancer->servers.at(0).url.value, "h2c://10.0.0.1:8080");
    }
  }
}

TEST(GatewayConfig, HostnamesOfAListenerAndARoute) {
  struct Row {
    const char *listener, *route;
    Texts want;
  };
  const Row rows[] = {
      {"", "", {}},
      {"", "b.test a.test", {"b.test", "a.test"}},
      {"*.w", "", {"*.w"}},
      // Sorted, and each once.
      {"*.w", "x.w a.w *.w *.a.w *.other", {"*.a.w", "*.w", "a.w", "x.w"}},
      {"a.w", "*.w a.w", {"a.w"}},
  };
  for (const Row& row : rows) {
    ListenerView listener;
    listener.hostname.value = row.listener;
    std::vector<Text> route;
    for (const std::string_view h : text::split(row.route, ' ')) {
      if (!h.empty()) route.push_back({std::string(h), {}});
    }
    EXPECT_EQ(common_hostnames(listener, route), row.want) << row.route;
  }
}

TEST(GatewayConfig, StreamsAndNamesThatNobodyHas) {
  Cluster c(route("TLSRoute", "t", R"(parentRefs: [{name: g}], hostnames: [a.t, "*.long.t"],
                   rules: [{backendRefs: [{name: back, port: 443, weight: 2}, {name: nobody, port: 1}]}])") +
            route("TCPRoute", "first", R"(parentRefs: [{name: g}],
                   rules: [{backendRefs: [{name: back, port: 80}]}, {backendRefs: []}])") +
            route("TCPRoute", "second", R"(parentRefs: [{name: g}], rules: [{backendRefs: []}])"));
  c.look();
  EXPECT_EQ(rules(c.config.tcp.routers),
            (Texts{R"(7 HostSNI("a.t") || HostSNIRegexp("^[a-z0-9-\\.]+\\.long\\.t$"))",
                   "1 HostSNI(`*`) && !ALPN(`h2`) && !ALPN(`http/1.1`)", R"(-1 HostSNI("*"))"}));
  const config::TcpRouterConfig& deny =
      c.config.tcp.routers.at("deny-unknown-host@kubernetesgateway");
  EXPECT_EQ(deny.entry_points.size(), 3u);  // not that of UDP
  EXPECT_FALSE(deny.tls->passthrough);
  size_t weighted = 0, closed = 0;
  for (const auto& [name, s] : c.config.tcp.services) {
    weighted += s.weighted.has_value();
    closed += s.load_balancer && s.load_balancer->servers.empty();
  }
  EXPECT_EQ(weighted, 2u);
  EXPECT_EQ(closed, 2u);  // of nobody, and of unknown hosts
  size_t lost = 0;
  for (const config::Finding& f : c.findings.list()) lost += f.code == "GP0820";
  EXPECT_EQ(lost, 2u);  // the second rule, and the second route
}

TEST(GatewayConfig, OnlyWhatIsReadyIsServed) {
  Cluster c(route("HTTPRoute", "r", R"(parentRefs: [{name: g, sectionName: web}], rules: [
      {backendRefs: [{name: back, port: 443, weight: 3}, {name: back, port: 81},
                     {name: nobody, port: 80}]}])"));
  c.look();
  Texts servers, children;
  for (const auto& [name, s] : c.config.services) {
    if (s.load_balancer) {
      for (const config::ServerConfig& one : s.load_balancer->servers)
        servers.push_back(one.url.value);
    } else {
      for (const config::WeightedChild& child : s.weighted->services)
        children.push_back(std::to_string(child.weight) + " " +
                           std::to_string(child.status.value_or(0)));
    }
  }
  EXPECT_EQ(servers, (Texts{"http://10.0.0.1:8443", "h2c://10.0.0.1:8081"}));
  EXPECT_EQ(children, (Texts{"3 0", "1 0", "1 500"}));
}

TEST(GatewayConfig, TheServiceItselfWithNativeLb) {
  const std::string r =
      route("HTTPRoute", "r",
            "parentRefs: [{name: g}], rules: [{backendRefs: [{name: back, port: 80}]}]");
  Cluster c(r);
  c.options.native_lb_by_default = true;
  c.look();
  for (const auto& [name, s] : c.config.services) {
    if (s.load_balancer) {
      EXPECT_EQ(s.load_balancer->servers.at(0).url.value, "http://10.9.9.9:80");
    }
  }
}

// Among other filters a Middleware keeps its place; alone it stands with the router's middlewares.
TEST(GatewayConfig, MiddlewaresAmongFiltersKeepTheirPlace) {
  const std::string extension =
      "{type: ExtensionRef, extensionRef: {group: traefik.io, kind: Middleware, name: m}}";
  const std::string rewrite = "{type: URLRewrite, urlRewrite: {hostname: w.test}}";
  const struct {
    std::string filters;
    size_t middlewares;
    std::string order;  // e: the Middleware, f: another filter
  } rows[] = {
      {extension, 1, ""},
      {rewrite, 0, "f"},
      {extension + ", " + rewrite, 0, "ef"},
      {rewrite + ", " + extension, 0, "fe"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.filters);
    Cluster c(route("HTTPRoute", "r",
                    "parentRefs: [{name: g, sectionName: web}], rules: [{filters: [" + row.filters +
                        "], backendRefs: [{name: back, port: 80}]}]"));
    c.setting.crd = true;
    c.look();
    ASSERT_EQ(c.config.routers.size(), 1u);
    const config::RouterConfig& r = c.config.routers.begin()->second;
    EXPECT_EQ(r.middlewares.size(), row.middlewares);
    std::string order;
    if (r.filters) {
      for (const config::RouteFilter& f : r.filters->filters) {
        const auto* m = std::get_if<config::MiddlewareFilter>(&f);
        order += m ? "e" : "f";
        EXPECT_TRUE(!m || (m->needed && m->name.value == "default-m@kubernetescrd"));
      }
    }
    EXPECT_EQ(order, row.order);
  }
}

Texts conditions(const json& holder) {
  Texts out;
  for (const json& c : holder["conditions"])
    out.push_back(c["type"].get<std::string>() + "=" + c["status"].get<std::string>() + " " +
                  c["reason"].get<std::string>() + " " +
                  std::to_string(c["observedGeneration"].get<int>()) + " " +
                  c["message"].get<std::string>());
  return out;
}

TEST(GatewayStatuses, AsTraefikWritesThem) {
  Cluster c(
      route("HTTPRoute", "r", R"(parentRefs: [{name: g, port: 80}, {name: g, sectionName: none}],
                   rules: [{backendRefs: [{name: nobody, port: 80}]}])"));
  c.addresses = {{"IPAddress", "192.0.2.1"}};
  c.look();
  const json of_class = c.status("GatewayClass", "traefik");
  EXPECT_EQ(conditions(of_class), (Texts{"Accepted=True Handled 3 Handled by Traefik controller"}));
  EXPECT_EQ(of_class["supportedFeatures"].size(), 27u);
  const json g = c.status("Gateway", "g");
  EXPECT_EQ(conditions(g), (Texts{"Accepted=True Accepted 7 Gateway successfully scheduled",
                                  "Programmed=True Programmed 7 Gateway successfully programmed"}));
  EXPECT_EQ(g["addresses"], json::parse(R"([{"type":"IPAddress","value":"192.0.2.1"}])"));
  EXPECT_EQ(g["listeners"][0]["attachedRoutes"], 1);
  EXPECT_EQ(g["listeners"][0]["supportedKinds"].size(), 2u);
  const json r = c.status("HTTPRoute", "r");
  ASSERT_EQ(r["parents"].size(), 2u);
  const std::string missing =
      "ResolvedRefs=False BackendNotFound 5 Cannot load HTTPBackendRef default/nobody: getting "
      "service: "
      "service \"nobody\" not found";
  EXPECT_EQ(conditions(r["parents"][0]), (Texts{"Accepted=True Accepted 5 ", missing}));
  EXPECT_EQ(conditions(r["parents"][1]), (Texts{"Accepted=False NoMatchingParent 5 ", missing}));
  EXPECT_EQ(r["parents"][0]["parentRef"], json::parse(R"({"name":"g","port":80})"));
  EXPECT_EQ(r["parents"][0]["controllerName"], "traefik.io/gateway-controller");
}

TEST(GatewayStatuses, OnlyTheGatewaysThatAreNamed) {
  Cluster c("");
  c.options.gateways = {{"default", "other"}};
  c.look();
  EXPECT_TRUE(c.result.gateways.empty());
  EXPECT_EQ(c.status("Gateway", "g"), nullptr);
}

TEST(GatewayStatuses, AddressesByTheOption) {
  struct Row {
    config::KubernetesProviderConfig::StatusAddress where;
    std::string want;  // or the error
  };
  const Row rows[] = {
      {{"1.2.3.4", "h.test", ""}, "IPAddress 1.2.3.4"},
      {{"", "h.test", ""}, "Hostname h.test"},
      {{"", "", "default/lb"}, "IPAddress 5.6.7.8, Hostname lb.test, IPAddress 5.6.7.9"},
      {{"", "", "default/back"}, ""},
      {{"", "", "default/none"}, "getting service: service \"none\" not found"},
      {{"", "", "/lb"}, "empty Gateway status address configuration"},
  };
  for (const Row& row : rows) {
    Cluster c(
        "---\n{apiVersion: v1, kind: Service, metadata: {name: lb}, spec: {type: LoadBalancer}, "
        "status: "
        "{loadBalancer: {ingress: [{ip: 5.6.7.8}, {hostname: lb.test}, {ip: 5.6.7.9, hostname: "
        "x}]}}}\n");
    c.options.status_address = row.where;
    const auto got = gateway_addresses(c.context);
    Texts all;
    if (got) {
      for (const StatusAddress& a : *got) all.push_back(a.type + " " + a.value);
    }
    EXPECT_EQ(got ? text::join(all, ", ") : got.error().message, row.want);
  }
}

TEST(GatewayCertificates, AreRefusedInGosWords) {
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  const std::string other = "-----BEGIN THING-----\nAAAA\n-----END THING-----\n";
  const std::tuple<std::string, std::string, std::string> rows[] = {
      {"x", key, "tls: failed to find any PEM data in certificate input"},
      {key, certificate,
       "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
       "PEM inputs may have been switched"},
      {other, key,
       "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM "
       "blocks of the following types: [THING]"},
      {certificate, "y", "tls: failed to find any PEM data in key input"},
      {certificate, certificate,
       "tls: found a certificate rather than a key in the PEM for the private key"},
      {certificate, other,
       "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after "
       "skipping PEM blocks of the following types: [THING]"},
      {certificate, key, "x509: malformed certificate"},
  };
  for (const auto& [c, k, want] : rows) EXPECT_EQ(key_pair_fault(c, k), want);
}

}  // namespace
}  // namespace gateproof::kubernetes
