// kubernetesGateway in Traefik's dialect over an API server in virtual time: what is served, what is told, and when it is told
// again.
#include "engine/daemon/gateway_rig_test.h"
#include "engine/daemon/traefik_gateway.h"

namespace gateproof::daemon {
namespace {

class Gateways : public GatewayRig {
  Served serve(ClusterSource& from) override {
    return served_by(std::make_shared<TraefikGateway>(
        from, statics, rig.clock,
        [this](providers::KubeLevel, const std::string& line) { log.push_back(line); }));
  }
  std::string controller() const override { return "traefik.io/gateway-controller"; }
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
