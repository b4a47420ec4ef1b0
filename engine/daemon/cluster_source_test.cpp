// A cluster's mirror in virtual time: what is made of it and when; which kinds are followed; what Ingresses are told.
#include "engine/daemon/cluster_source.h"

#include "engine/daemon/ingress_status.h"
#include "engine/sim/kube_host_test.h"

namespace gateproof::daemon {
namespace {

using namespace std::chrono_literals;
using config::KubernetesProviderConfig;

std::vector<std::string> shown(const config::StaticConfig& s) {
  std::vector<std::string> out;
  for (const providers::KubeSelection& one : selections_of(cluster_providers(s))) {
    out.push_back(one.resource.label() + (one.ns.empty() ? "" : " in " + one.ns) +
                  (one.label_selector.empty() ? "" : " with " + one.label_selector));
  }
  return out;
}

TEST(ClusterKinds, AreThoseOfTheProvidersThatAreOn) {
  config::StaticConfig s;
  EXPECT_TRUE(shown(s).empty());
  s.kubernetes_ingress.emplace().label_selector = "a=b";
  using List = std::vector<std::string>;
  EXPECT_EQ(
      shown(s),
      (List{"nodes", "secrets with owner!=helm", "services", "endpointslices.discovery.k8s.io",
            "ingresses.networking.k8s.io with a=b", "ingressclasses.networking.k8s.io"}));
  s.kubernetes_ingress->disable_cluster_scope = true;
  s.kubernetes_ingress->namespaces = {{"x", {}}, {"y", {}}};
  s.kubernetes_ingress->status_address.emplace().service = "x/lb";
  EXPECT_EQ(
      shown(s),
      (List{"secrets in x with owner!=helm", "secrets in y with owner!=helm", "services in x",
            "services in y", "endpointslices.discovery.k8s.io in x",
            "endpointslices.discovery.k8s.io in y", "ingresses.networking.k8s.io in x with a=b",
            "ingresses.networking.k8s.io in y with a=b"}));
  config::StaticConfig chosen;
  chosen.kubernetes_nginx.emplace().namespace_selector = "a=b";
  chosen.kubernetes_nginx->cluster.namespaces = {{"x", {}}};
  const List kinds = shown(chosen);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "namespaces"), 1);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "services"), 1);
  // One provider sees some namespaces, another all of them.
  s.kubernetes_crd.emplace().label_selector = "c=d";
  const List all = shown(s);
  const auto has = [&](const char* what) { return std::count(all.begin(), all.end(), what); };
  EXPECT_EQ(has("services"), 1);
  EXPECT_EQ(has("services in x"), 0);
  EXPECT_EQ(has("ingressroutetcps.traefik.io with c=d"), 1);
  EXPECT_EQ(has("ingresses.networking.k8s.io in y with a=b"), 1);
  EXPECT_EQ(has("configmaps"), 1);
  EXPECT_EQ(has("nodes"), 1);
  s.kubernetes_crd->disable_cluster_scope = true;
  const List without_nodes = shown(s);
  EXPECT_EQ(std::count(without_nodes.begin(), without_nodes.end(), "nodes"), 0);
}

TEST(IngressAddresses, AsTraefikMakesThem) {
  kubernetes::ObjectStore store;
  const std::string objects = R"(
{apiVersion: v1, kind: Service, metadata: {name: lb, namespace: x}, spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 1.2.3.4, ipMode: VIP}, {hostname: h.test}]}}}
---
{apiVersion: v1, kind: Service, metadata: {name: early, namespace: x}, spec: {type: LoadBalancer}}
---
{apiVersion: v1, kind: Service, metadata: {name: cluster, namespace: x}, spec: {type: ClusterIP, externalIPs: [5.6.7.8], ports: [{port: 80, protocol: TCP}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: node, namespace: x}, spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: name, namespace: x}, spec: {type: ExternalName, externalName: out.test}}
)";
  config::Findings findings;
  store.add(*config::parse_documents(objects, "objects", config::Format::yaml), findings);
  const auto node = config::parse_document(
      "status: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: ExternalIP, address: "
      "9.9.9.9}]}",
      "node", config::Format::yaml);
  struct Row {
    KubernetesProviderConfig::StatusAddress where;
    std::string want;  // or the beginning of the error
  };
  const Row rows[] = {
      {{"1.1.1.1", "", ""}, R"([{"ip":"1.1.1.1"}])"},
      {{"1.1.1.1", "h", ""}, R"([{"hostname":"h","ip":"1.1.1.1"}])"},
      {{"", "", ""}, "publishedService or ip or hostname must be defined"},
      {{"", "", "lb"}, "invalid publishedService format"},
      {{"", "", "x/none"}, "missing service: x/none"},
      {{"", "", "x/lb"}, R"([{"ip":"1.2.3.4"},{"hostname":"h.test"}])"},
      {{"", "", "x/early"}, "service x/early has no status yet"},
      {{"", "", "x/cluster"}, R"([{"ip":"5.6.7.8","ports":[{"port":80,"protocol":"TCP"}]}])"},
      {{"", "", "x/node"}, R"([{"ip":"9.9.9.9","ports":[{"port":30080,"protocol":"TCP"}]}])"},
      {{"", "", "x/name"}, R"([{"hostname":"out.test"}])"},
  };
  for (const Row& row : rows) {
    const auto got = ingress_addresses(row.where, store, {&node->root});
    const std::string text = got ? *got : got.error().message;
    EXPECT_EQ(text.substr(0, row.want.size()), row.want);
  }
}

TEST(NginxAddresses, AsTraefikMakesThem) {
  kubernetes::ObjectStore store;
  const std::string objects = R"(
{apiVersion: v1, kind: Service, metadata: {name: lb, namespace: x}, spec: {type: LoadBalancer, externalIPs: [1.2.3.4, 5.5.5.5]}, status: {loadBalancer: {ingress: [{ip: 1.2.3.4}, {hostname: h.test}]}}}
---
{apiVersion: v1, kind: Service, metadata: {name: early, namespace: x}, spec: {type: LoadBalancer}}
---
{apiVersion: v1, kind: Service, metadata: {name: cluster, namespace: x}, spec: {clusterIP: 10.9.9.9, externalIPs: [5.6.7.8], ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: node, namespace: x}, spec: {type: NodePort, clusterIP: 10.1.1.1}}
---
{apiVersion: v1, kind: Service, metadata: {name: nodes, namespace: x}, spec: {type: NodePort, clusterIP: 10.1.1.1, externalIPs: [7.7.7.7]}}
---
{apiVersion: v1, kind: Service, metadata: {name: name, namespace: x}, spec: {type: ExternalName, externalName: out.test}}
)";
  config::Findings findings;
  store.add(*config::parse_documents(objects, "objects", config::Format::yaml), findings);
  const struct {
    std::vector<config::Text> addresses;
    std::string service, want;
  } rows[] = {
      {{{"1.1.1.1", {}}, {"h.test", {}}, {"::1", {}}},
       "x/lb",
       R"([{"ip":"1.1.1.1"},{"hostname":"h.test"},{"ip":"::1"}])"},
      {{}, "lb", "parsing publishService, 'namespace/service' format expected: lb"},
      {{}, "x/none", "getting service: missing service x/none"},
      {{}, "x/lb", R"([{"ip":"1.2.3.4"},{"hostname":"h.test"},{"ip":"5.5.5.5"}])"},
      {{}, "x/early", "[]"},
      {{}, "x/cluster", R"([{"ip":"10.9.9.9"}])"},
      {{}, "x/node", R"([{"ip":"10.1.1.1"}])"},
      {{}, "x/nodes", R"([{"ip":"7.7.7.7"}])"},
      {{}, "x/name", R"([{"hostname":"out.test"}])"},
  };
  for (const auto& row : rows) {
    config::NginxProviderConfig options;
    options.publish_addresses = row.addresses;
    options.publish_service.value = row.service;
    const auto got = nginx_addresses(options, store);
    EXPECT_EQ(got ? *got : got.error().message, row.want);
  }
}

const std::string services = "/api/v1/services";
const std::string routes = "/apis/traefik.io/v1alpha1/ingressroutes";
const ClusterKind service_kind{"", "Service"}, route_kind{"traefik.io", "IngressRoute"},
    node_kind{"", "Node"};

class Source : public ::testing::Test {
 protected:
  sim::KubeRig rig;
  std::unique_ptr<ClusterSource> source;
  std::vector<std::string> made, delivered, log;
  std::vector<size_t> listened;

  void SetUp() override {
    rig.host.kinds[services];
    rig.host.kinds[routes];
    ClusterSource::Hooks hooks;
    hooks.client = rig.hooks;
    hooks.log = [this](providers::KubeLevel, const std::string& line) { log.push_back(line); };
    hooks.report = [](const config::Findings&) {};
    std::vector<providers::KubeSelection> what;
    for (const ClusterKind& kind : followed()) what.emplace_back().resource = resource_of(kind);
    source = std::make_unique<ClusterSource>(rig.env, std::move(what), std::move(hooks));
    add("services", {service_kind}, 0s);
    add("all", {service_kind, route_kind}, 2s);
    source->add_listener([this](const auto& changes) { listened.push_back(changes.size()); });
    source->start();
  }
  void TearDown() override { rig.scheduler.cancel_all(); }
  virtual std::vector<ClusterKind> followed() const { return {service_kind, route_kind}; }
  void add(const std::string& name, std::vector<ClusterKind> kinds, Duration throttle) {
    ClusterSource::Unit unit;
    unit.name = name;
    unit.kinds = std::move(kinds);
    unit.throttle = throttle;
    unit.show = [this, name] {
      made.push_back(name);
      std::string seen;
      for (const kubernetes::Object& o : source->store().all()) {
        if (!o.refused) seen += " " + o.name;
      }
      delivered.push_back(name + seen);
    };
    source->add(std::move(unit));
  }
  void service(const std::string& name, int port, const std::string& more = "") {
    rig.host.put(services, "a", name,
                 "\"spec\":{\"ports\":[{\"port\":" + std::to_string(port) + "}]}" + more);
  }
  std::vector<std::string> take() { return std::exchange(delivered, {}); }
};
using Texts = std::vector<std::string>;

TEST_F(Source, DeliversWhenAllIsListed) {
  service("s", 80);
  EXPECT_FALSE(source->complete());
  rig.pass(1s);
  EXPECT_TRUE(source->complete());
  EXPECT_EQ(take(), (Texts{"services s", "all s"}));
  EXPECT_EQ(listened, (std::vector<size_t>{1}));
  rig.pass(10s);
  EXPECT_TRUE(take().empty()) << "nothing is new";
}

TEST_F(Source, MakesOnlyWhatReadsTheKindAndInItsTurn) {
  rig.pass(10s);
  take();
  rig.host.put(routes, "a", "r", R"("spec":{"routes":[]})");
  rig.pass(100ms);
  EXPECT_EQ(take(), (Texts{"all r"}));
  service("s", 80);
  service("t", 80);
  rig.pass(100ms);
  EXPECT_EQ(take(), (Texts{"services r s t"}));
  rig.pass(2s);
  EXPECT_EQ(take(), (Texts{"all r s t"}));
  // A change and its taking back, and one that is none.
  rig.pass(5s);
  made.clear();
  rig.host.put(routes, "a", "r", R"("spec":{"routes":[]},"status":{"a":1})");
  rig.pass(5s);
  EXPECT_TRUE(made.empty());
  EXPECT_EQ(listened.back(), 1u) << "whoever writes statuses is told";
  service("s", 80, R"(,"status":{"loadBalancer":{"ingress":[{"ip":"1.1.1.1"}]}})");
  rig.pass(5s);
  EXPECT_EQ(made, (Texts{"services", "all"})) << "the address of a Service counts";
}

TEST_F(Source, TheStoreFollows) {
  service("s", 80);
  rig.pass(1s);
  ASSERT_TRUE(source->store().find("", "Service", "a", "s"));
  EXPECT_TRUE(source->document({"", "Service", "a", "s"}));
  EXPECT_EQ(source->documents("", "Service").size(), 1u);
  rig.host.remove(services, "a", "s");
  rig.pass(5s);
  EXPECT_FALSE(source->store().find("", "Service", "a", "s"));
  EXPECT_FALSE(source->document({"", "Service", "a", "s"}));
  EXPECT_EQ(delivered.back(), "all");
}

class SourceWithNodes : public Source {
 protected:
  void SetUp() override {
    rig.host.script = [this](const sim::KubeHost::Seen& seen, std::string& answer) {
      if (!seen.line.starts_with("GET /api/v1/nodes?")) return false;
      ++refused;
      answer = "HTTP/1.1 403 F\r\nContent-Length: 9\r\n\r\nforbidden";
      return true;
    };
    Source::SetUp();
  }
  std::vector<ClusterKind> followed() const override {
    return {service_kind, route_kind, node_kind};
  }
  int refused = 0;
};

// Roles that were written for Traefik without nodePortLB let nobody list Nodes.
TEST_F(SourceWithNodes, NodesThatMayNotBeListedAreLoggedAndHoldNobodyUp) {
  service("s", 80);
  rig.pass(1s);
  EXPECT_TRUE(source->complete());
  EXPECT_EQ(take(), (Texts{"services s", "all s"}));
  EXPECT_EQ(std::count(log.begin(), log.end(), "nodes: cannot be listed: 403 forbidden"), 1);
  service("t", 80);
  rig.pass(10min);
  EXPECT_EQ(take(), (Texts{"services s t", "all s t"}));
  EXPECT_EQ(std::count(log.begin(), log.end(), "nodes: cannot be listed: 403 forbidden"), 1)
      << "not told again at each try";
  EXPECT_GT(refused, 1);
  // A role that comes later is found.
  rig.host.script = {};
  rig.host.kinds["/api/v1/nodes"];
  rig.host.put("/api/v1/nodes", "", "n", R"("spec":{})");
  rig.pass(2min);
  EXPECT_TRUE(source->store().find("", "Node", "", "n"));
}

// While the server is away and comes back with another history, what was delivered stays.
TEST_F(Source, ARestartThatChangesNothingDeliversNothing) {
  service("s", 80);
  rig.host.put(routes, "a", "r", R"("spec":{"routes":[]})");
  rig.pass(10s);
  take();
  rig.host.down();
  rig.pass(10s);
  rig.host.forget_history();
  rig.host.up();
  rig.pass(60s);
  EXPECT_TRUE(take().empty());
  service("s", 81);
  rig.pass(3s);
  EXPECT_EQ(take().size(), 2u);
}

}  // namespace
}  // namespace gateproof::daemon
