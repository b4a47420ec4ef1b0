// What conformance/kubernetes/answers found out about services of the CRD and Ingress providers, without the binary.
#include <gtest/gtest.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using testing::Translated;
using Found = std::vector<std::string>;

std::vector<std::string> texts(const std::vector<Text>& list) {
  std::vector<std::string> out;
  for (const Text& t : list) out.push_back(t.value);
  return out;
}

constexpr const char* secrets = R"(
{apiVersion: v1, kind: Secret, metadata: {name: old}, stringData: {tls.ca: one}}
---
{apiVersion: v1, kind: Secret, metadata: {name: new}, stringData: {ca.crt: two}}
---
{apiVersion: v1, kind: Secret, metadata: {name: mine}, stringData: {tls.crt: c, tls.key: k}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: map}, data: {ca.crt: three}}
---
)";

TEST(Transports, HaveWhatTheirSecretsAndConfigMapsHold) {
  const Translated t(std::string(secrets) + R"(
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: t}
spec:
  rootCAsSecrets: [old]
  rootCAs: [{secret: new}, {configMap: map}]
  certificatesSecrets: [mine]
---
apiVersion: traefik.io/v1alpha1
kind: ServersTransportTCP
metadata: {name: t}
spec: {tls: {rootCAs: [{configMap: map}], certificatesSecrets: [mine]}}
)");
  EXPECT_EQ(t.found(), Found());
  const auto& http = t.result.config.servers_transports.at("default-t@kubernetescrd").tls;
  EXPECT_EQ(texts(http.root_cas), (Found{"one", "two", "three"}));
  ASSERT_EQ(http.certificates.size(), 1u);
  EXPECT_EQ(http.certificates[0].key_file.value, "k");
  const auto& tcp = t.result.config.tcp.servers_transports.at("default-t@kubernetescrd").tls;
  ASSERT_TRUE(tcp.has_value());
  EXPECT_EQ(texts(tcp->root_cas), Found{"three"});
  EXPECT_EQ(tcp->certificates.size(), 1u);
}

TEST(Transports, LoseOnlyWhatIsMissing) {
  const Translated t(std::string(secrets) + R"(
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: t}
spec:
  rootCAs: [{secret: nobody}, {configMap: nobody}, {secret: mine}, {secret: new, configMap: map}, {secret: new}]
  certificatesSecrets: [new, nobody]
)");
  const auto& tls = t.result.config.servers_transports.at("default-t@kubernetescrd").tls;
  EXPECT_EQ(texts(tls.root_cas), Found{"two"});
  EXPECT_TRUE(tls.certificates.empty());
  EXPECT_EQ(t.codes(), (Found{"GP0722", "GP0722", "GP0723", "GP0723", "GP0723", "GP0722"}));
}

constexpr const char* out = R"-(
{apiVersion: v1, kind: Service, metadata: {name: out}, spec: {type: ExternalName, externalName: a.test, ports: [{name: http, port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: r}
spec: {routes: [{match: "Path(`/`)", kind: Rule, services: [{name: out, port: 80, )-";

TEST(HealthChecks, AreDroppedWithTheirRouteWhereADurationIsNone) {
  config::StaticConfig statics;
  statics.kubernetes_crd.emplace().allow_external_name_services = true;
  struct Row {
    const char* clause;
    const char* check;
    bool kept;
  };
  const Row rows[] = {
      {"units", "healthCheck: {path: /, interval: 1m30s, timeout: 500ms}", true},
      {"seconds", "healthCheck: {path: /, interval: 10, unhealthyInterval: 5}", true},
      {"interval", "healthCheck: {path: /, interval: often}", false},
      {"unhealthyInterval", "healthCheck: {path: /, unhealthyInterval: often}", false},
      {"timeout", "healthCheck: {path: /, timeout: later}", false},
      {"failureWindow in units", "passiveHealthCheck: {failureWindow: 60s}", true},
      {"failureWindow", "passiveHealthCheck: {failureWindow: sometimes}", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.clause);
    const Translated t(std::string(out) + row.check + "}]}]}\n", &statics);
    EXPECT_EQ(t.result.config.routers.size(), row.kept ? 1u : 0u);
    EXPECT_EQ(t.found().size(), row.kept ? 0u : 1u);
  }
}

TEST(Children, AreNamedAsTraefikHashesThem) {
  config::StaticConfig statics;
  statics.kubernetes_crd.emplace().allow_cross_namespace = true;
  const Translated t(R"(
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: w}
spec: {weighted: {services: [{name: a, port: 80, nativeLB: true}, {name: x, kind: TraefikService}, {name: y@file, kind: TraefikService}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: h}
spec: {highestRandomWeight: {services: [{name: a, port: 80, nativeLB: true}]}}
)",
                     &statics);
  const auto names = [&t](const char* service) {
    Found list;
    const config::ServiceConfig& s = t.result.config.services.at(service);
    const auto& children = s.weighted ? s.weighted->services : s.highest_random_weight->services;
    for (const config::WeightedChild& c : children) list.push_back(c.name.value);
    return list;
  };
  EXPECT_EQ(names("default-w@kubernetescrd"), (Found{"default-a-80", "default-x", "y@file"}));
  EXPECT_EQ(names("default-h@kubernetescrd"), Found{"default-a-80"});
}

constexpr const char* nodes = R"(
{apiVersion: v1, kind: Node, metadata: {name: m}, status: {addresses: [{type: ExternalIP, address: 9.9.9.9}, {type: InternalIP, address: 10.0.0.2}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n}, status: {addresses: [{type: InternalIP, address: 10.0.0.3}]}}
---
)";
constexpr const char* node_port = R"-(
{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {traefik.ingress.kubernetes.io/service.nodeportlb: "true"}}, spec: {type: NodePort, ports: [{name: http, port: 80, nodePort: 30080}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: r}
spec: {routes: [{match: "Path(`/`)", kind: Rule, services: [{name: a, port: 80, nodePortLB: true}]}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: r}
spec: {routes: [{match: "HostSNI(`*`)", services: [{name: a, port: 80, nodePortLB: true}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}
)-";

TEST(NodePorts, AreServedByEveryNode) {
  const Translated t(std::string(nodes) + node_port);
  EXPECT_EQ(t.found(), Found());
  size_t balancers = 0;
  for (const auto& [name, service] : t.result.config.services) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(service.load_balancer.has_value());
    ++balancers;
    ASSERT_EQ(service.load_balancer->servers.size(), 2u);
    EXPECT_EQ(service.load_balancer->servers[0].url.value, "http://10.0.0.2:30080");
    EXPECT_EQ(service.load_balancer->servers[1].url.value, "http://10.0.0.3:30080");
  }
  EXPECT_EQ(balancers, 2u);
  ASSERT_EQ(t.result.config.tcp.services.size(), 1u);
  const auto& tcp = t.result.config.tcp.services.begin()->second;
  ASSERT_TRUE(tcp.load_balancer.has_value());
  EXPECT_EQ(tcp.load_balancer->servers[0].address.value, "10.0.0.2:30080");
}

TEST(NodePorts, NeedNodes) {
  const Translated without(node_port);
  EXPECT_TRUE(without.result.config.routers.empty());
  EXPECT_EQ(without.codes(), (Found{"GP0715", "GP0715", "GP0715"}));
  const Translated external(
      "{apiVersion: v1, kind: Node, metadata: {name: m}, status: {addresses: [{type: ExternalIP, "
      "address: 9.9.9.9}]}}\n---\n" +
      std::string(node_port));
  EXPECT_TRUE(external.result.config.routers.empty());
  config::StaticConfig statics;
  statics.kubernetes_crd.emplace().disable_cluster_scope = true;
  const Translated disabled(std::string(nodes) + node_port, &statics);
  EXPECT_TRUE(disabled.result.config.routers.empty());
}

constexpr const char* native = R"-(
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: w}
spec: {weighted: {services: [{name: a, port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: r, labels: {take: "yes"}}
spec: {routes: [{match: "Path(`/`)", kind: Rule, services: [{name: a, port: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}
)-";

TEST(NativeByDefault, IsForTheServicesOfRoutes) {
  config::StaticConfig statics;
  statics.kubernetes_crd.emplace().native_lb_by_default = true;
  const Translated t(native, &statics);
  EXPECT_EQ(t.result.config.routers.size(), 1u);
  ASSERT_EQ(t.result.config.services.size(), 1u);
  EXPECT_EQ(t.result.config.services.begin()->second.load_balancer->servers[0].url.value,
            "http://10.0.0.1:80");
  EXPECT_EQ(t.codes(), (Found{"GP0712", "GP0729"}));  // and the Ingress, whose provider is off
}

TEST(LabelSelector, ChoosesObjectsOfTheProvider) {
  struct Row {
    const char* selector;
    size_t crd, ingress;
  };
  const Row rows[] = {{"", 1, 1},           {"take=yes", 1, 0}, {"take in (yes, no)", 1, 0},
                      {"take!=yes", 0, 1},  {"!take", 0, 1},    {"take=no", 0, 0},
                      {"no selector", 0, 0}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.selector);
    config::StaticConfig statics;
    for (auto* p : {&statics.kubernetes_crd, &statics.kubernetes_ingress}) {
      p->emplace().native_lb_by_default = true;
      (*p)->label_selector = row.selector;
    }
    const Translated t(native, &statics);
    size_t crd = 0, ingress = 0;
    for (const auto& [name, router] : t.result.config.routers)
      ++(name.ends_with("@kubernetescrd") ? crd : ingress);
    EXPECT_EQ(crd, row.crd);
    EXPECT_EQ(ingress, row.ingress);
  }
}

// Of HTTP the native address comes first, and transports are looked for where the Service is.
TEST(NodePorts, OfStreamsComeBeforeNativeAddresses) {
  const Translated t(std::string(nodes) + R"-(
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, clusterIP: 10.9.9.9, ports: [{name: http, port: 80, nodePort: 30080}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: r}
spec: {routes: [{match: "HostSNI(`*`)", services: [{name: a, port: 80, nodePortLB: true, nativeLB: true}]}]}
)-");
  EXPECT_EQ(t.found(), Found());
  ASSERT_EQ(t.result.config.tcp.services.size(), 1u);
  EXPECT_EQ(t.result.config.tcp.services.begin()->second.load_balancer->servers.at(0).address.value,
            "10.0.0.2:30080");
}

TEST(Streams, TransportsAreOfTheRoutesNamespace) {
  config::StaticConfig statics;
  statics.kubernetes_crd.emplace().allow_cross_namespace = true;
  const Translated t(R"-(
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: far}, spec: {clusterIP: 10.9.9.9, ports: [{name: http, port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: r}
spec: {routes: [{match: "HostSNI(`*`)", services: [{name: a, namespace: far, port: 80, nativeLB: true, serversTransport: t}]}]}
)-",
                     &statics);
  ASSERT_EQ(t.result.config.tcp.services.size(), 1u);
  EXPECT_EQ(t.result.config.tcp.services.begin()->second.load_balancer->servers_transport.value,
            "default-t@kubernetescrd");
}

TEST(Streams, APortThatIsNotWrittenIsNoPort) {
  const Translated t(R"-(
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.9.9.9, ports: [{port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: r}
spec: {routes: [{match: "HostSNI(`*`)", services: [{name: a, port: "", nativeLB: true}]}]}
)-");
  EXPECT_EQ(t.result.config.tcp.services.size(), 0u);
}

}  // namespace
}  // namespace gateproof::kubernetes
