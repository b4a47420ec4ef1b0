// kubernetesGateway over an API server in virtual time: what is served, what is told, and when it is told again.
#include "engine/daemon/gateway_status.h"

#include "engine/daemon/traefik_gateway.h"
#include "engine/kubernetes/gateway_config.h"
#include "engine/sim/kube_host_test.h"

namespace gateproof::daemon {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

const std::string api = "/apis/gateway.networking.k8s.io/v1";
const std::string classes = api + "/gatewayclasses", gateways = api + "/gateways",
                  routes = api + "/httproutes", services = "/api/v1/services";
const std::string of_class = R"("spec":{"controllerName":"traefik.io/gateway-controller"})";
const std::string of_gateway =
    R"("spec":{"gatewayClassName":"traefik","listeners":[{"name":"web","protocol":"HTTP","port":80}]})";
const std::string of_route = R"("spec":{"parentRefs":[{"name":"g"}],"rules":[{}]})";

class Gateways : public ::testing::Test {
 protected:
  sim::KubeRig rig;
  config::StaticConfig statics;
  std::unique_ptr<ClusterSource> source;
  std::shared_ptr<TraefikGateway> gateway;
  config::Findings findings;
  Texts written;  // "gateways/g": statuses that the server has taken
  Texts log;
  std::vector<size_t> routers;  // of each configuration

  void SetUp() override {
    for (const std::string& path : {classes, gateways, routes, services}) rig.host.kinds[path];
    rig.host.script = [this](const sim::KubeHost::Seen& seen, std::string& answer) {
      return take_status(seen, answer);
    };
    statics.kubernetes_gateway.emplace();
    statics.entry_points["web"].address.value = ":80";
  }
  void TearDown() override {
    rig.scheduler.cancel_all();
    source.reset();
  }

  void start() {
    const ClusterProvider provider = cluster_providers(statics).at(0);
    const std::vector<ClusterKind> kinds = {{"gateway.networking.k8s.io", "GatewayClass"},
                                            {"gateway.networking.k8s.io", "Gateway"},
                                            {"gateway.networking.k8s.io", "HTTPRoute"},
                                            {"", "Service"}};
    std::vector<providers::KubeSelection> what;
    for (const ClusterKind& kind : kinds) what.emplace_back().resource = resource_of(kind);
    ClusterSource::Hooks hooks;
    hooks.client = rig.hooks;
    hooks.log = [this](providers::KubeLevel, const std::string& line) { log.push_back(line); };
    hooks.report = [](const config::Findings&) {};
    source = std::make_unique<ClusterSource>(rig.env, std::move(what), std::move(hooks));
    gateway = std::make_shared<TraefikGateway>(
        *source, statics, rig.clock,
        [this](providers::KubeLevel, const std::string& line) { log.push_back(line); });
    source->add_listener([this](const auto& changes) { gateway->changed(changes); });
    ClusterSource::Unit unit;
    unit.name = provider.name;
    unit.kinds = kinds;
    unit.make = [this] { return gateway->make(findings); };
    unit.deliver = [this](const config::DynamicConfig& c) { routers.push_back(c.routers.size()); };
    source->add(std::move(unit));
    source->start();
  }
  void put_all() {
    rig.host.put(classes, "", "traefik", of_class);
    rig.host.put(gateways, "shop", "g", of_gateway);
    rig.host.put(routes, "shop", "r", of_route);
  }

  // PUT /apis/GROUP/v1[/namespaces/NS]/PLURAL/NAME/status
  bool take_status(const sim::KubeHost::Seen& seen, std::string& answer) {
    if (!seen.line.starts_with("PUT ") || !seen.line.ends_with("/status")) return false;
    std::string path = seen.line.substr(4, seen.line.size() - 4 - std::string("/status").size());
    std::string ns;
    if (const size_t at = path.find("/namespaces/"); at != std::string::npos) {
      const size_t from = at + std::string("/namespaces/").size(), to = path.find('/', from);
      ns = path.substr(from, to - from);
      path.erase(at, to - at);
    }
    const size_t slash = path.rfind('/');
    const std::string name = path.substr(slash + 1), kind = path.substr(0, slash);
    const auto body = providers::read_kube_json(seen.body, "a body");
    EXPECT_TRUE(body);
    rig.host.put(kind, ns, name,
                 "\"spec\":" + providers::json_of(*body->find("spec")) +
                     ",\"status\":" + providers::json_of(*body->find("status")));
    written.push_back(kind.substr(kind.rfind('/') + 1) + "/" + name);
    answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    return true;
  }
  Texts take() {
    std::sort(written.begin(), written.end());
    return std::exchange(written, {});
  }
  std::string told(const std::string& kind, const std::string& name, const char* path) {
    const auto now = providers::read_kube_json(
        "{" + rig.host.kinds.at(kind).objects.at({"shop", name}).json + "}", "an object");
    const config::Value* v = now ? now->at(path) : nullptr;
    return v ? providers::json_of(*v) : "";
  }
};

TEST_F(Gateways, EverybodyIsToldOnce) {
  put_all();
  start();
  rig.pass(1s);
  EXPECT_EQ(routers, (std::vector<size_t>{1}));
  EXPECT_EQ(take(), (Texts{"gatewayclasses/traefik", "gateways/g", "httproutes/r"}));
  EXPECT_NE(told(routes, "r", "status").find("traefik.io/gateway-controller"), std::string::npos);
  rig.pass(60s);
  EXPECT_TRUE(take().empty()) << "what it has written itself asks for nothing";
  EXPECT_EQ(routers.size(), 1u);
}

TEST_F(Gateways, OnlyThoseThatAChangeMeansAreToldAgain) {
  put_all();
  start();
  rig.pass(1s);
  take();
  rig.host.put(routes, "shop", "second", of_route);
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"gateways/g", "httproutes/second"}));
  rig.host.remove(routes, "shop", "second");
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"gateways/g"}));
}

TEST_F(Gateways, WhatSomebodyElseWritesIsPutRight) {
  put_all();
  start();
  rig.pass(1s);
  take();
  rig.host.put(routes, "shop", "r", of_route + R"(,"status":{"parents":[]})");
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"httproutes/r"}));
  EXPECT_NE(told(routes, "r", "status").find("Accepted"), std::string::npos);
}

TEST_F(Gateways, AClusterThatIsMadeAnewIsToldEverything) {
  put_all();
  start();
  rig.pass(1s);
  take();
  rig.host.down();
  rig.pass(1s);
  rig.host.start_anew();
  put_all();  // without statuses
  rig.host.up();
  rig.pass(60s);
  EXPECT_EQ(take(), (Texts{"gatewayclasses/traefik", "gateways/g", "httproutes/r"}));
}

TEST_F(Gateways, NothingIsToldBeforeTheAddressIsKnown) {
  statics.kubernetes_gateway->status_address.emplace().service = "shop/lb";
  put_all();
  start();
  rig.pass(5s);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(routers, (std::vector<size_t>{0}));
  EXPECT_EQ(std::count(log.begin(), log.end(),
                       "addresses of Gateways: getting service: service \"lb\" not found"),
            1);
  rig.host.put(
      services, "shop", "lb",
      R"("spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}})");
  rig.pass(5s);
  EXPECT_EQ(take().size(), 3u);
  EXPECT_EQ(routers.back(), 1u);
  EXPECT_EQ(told(gateways, "g", "status.addresses"),
            R"([{"type":"IPAddress","value":"192.0.2.1"}])");
  // Gone again: what was served stays.
  rig.host.remove(services, "shop", "lb");
  rig.pass(5s);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(routers.back(), 1u);
}

TEST(GatewayKinds, AreThoseThatTraefikReads) {
  config::StaticConfig s;
  s.kubernetes_gateway.emplace().label_selector = "a=b";
  const auto has = [&s](const char* what) {
    for (const providers::KubeSelection& one : selections_of(cluster_providers(s))) {
      if (one.resource.label() +
              (one.label_selector.empty() ? "" : " with " + one.label_selector) ==
          what)
        return true;
    }
    return false;
  };
  EXPECT_TRUE(has("gatewayclasses.gateway.networking.k8s.io with a=b"));
  EXPECT_TRUE(has("gateways.gateway.networking.k8s.io"));
  EXPECT_TRUE(has("backendtlspolicies.gateway.networking.k8s.io"));
  EXPECT_TRUE(has("configmaps"));
  EXPECT_TRUE(has("namespaces"));
  EXPECT_FALSE(has("tcproutes.gateway.networking.k8s.io"));
  EXPECT_FALSE(has("udproutes.gateway.networking.k8s.io"));
  s.kubernetes_gateway->experimental_channel = true;
  EXPECT_TRUE(has("tcproutes.gateway.networking.k8s.io"));
}

}  // namespace
}  // namespace gateproof::daemon
