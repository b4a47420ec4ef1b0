// The Gateway API's controller over an API server in virtual time: addresses, entry points, statuses, accounts.
#include "engine/daemon/standard_gateway.h"

#include "engine/daemon/gateway_rig_test.h"
#include "engine/middleware/middleware.h"

namespace gateproof::daemon {
namespace {

const std::string accounts = "/api/v1/namespaces/shop/serviceaccounts";

class StandardGateways : public GatewayRig {
 protected:
  Served serve(ClusterSource& from) override {
    gateway = std::make_shared<StandardGateway>(from, statics.gateproof,
                                                middleware::middleware_types(), rig.env);
    return {[g = gateway](const auto& changes) { g->changed(changes); },
            [g = gateway](config::Findings& f) { return g->make(f); }};
  }
  std::string controller() const override { return "gateproof.dev/gateway-controller"; }
  void TearDown() override {
    gateway.reset();
    GatewayRig::TearDown();
  }
  Texts entry_points() const {
    Texts out;
    for (const auto& [name, e] : shown.entry_points) out.push_back(name);
    return out;
  }
  size_t posted() const { return rig.host.requests("POST " + accounts); }

  std::shared_ptr<StandardGateway> gateway;
};

TEST_F(StandardGateways, AnAddressIsGivenAndKept) {
  statics.gateproof.gateway_addresses = "127.90.0.0/29";
  put_all();
  start();
  rig.pass(1s);
  EXPECT_EQ(entry_points(), (Texts{"127.90.0.1:80/tcp"}));
  EXPECT_EQ(take(), (Texts{"gatewayclasses/traefik", "gateways/g", "httproutes/r"}));
  EXPECT_EQ(told(gateways, "g", "status.addresses"),
            R"([{"type":"IPAddress","value":"127.90.0.1"}])");
  rig.pass(60s);
  EXPECT_TRUE(take().empty()) << "what it has written itself asks for nothing";
  // One whose name comes first takes nothing from anybody.
  rig.host.put(gateways, "shop", "a", of_gateway);
  rig.pass(1s);
  EXPECT_EQ(entry_points(), (Texts{"127.90.0.1:80/tcp", "127.90.0.2:80/tcp"}));
  EXPECT_EQ(told(gateways, "a", "status.addresses"),
            R"([{"type":"IPAddress","value":"127.90.0.2"}])");
}

TEST_F(StandardGateways, OfAChangedRouteOnlyWhatItMeansIsTold) {
  put_all();
  start();
  rig.pass(1s);
  take();
  rig.host.put(routes, "shop", "second", of_route);
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"gateways/g", "httproutes/second"}));
  EXPECT_EQ(patches, 1u);
  EXPECT_EQ(routers, (std::vector<size_t>{1, 2}));
  // Not among the updates of the last change, and yet known.
  rig.host.put(routes, "shop", "r", of_route + R"(,"status":{"parents":[]})");
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"httproutes/r"}));
  rig.host.remove(routes, "shop", "second");
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"gateways/g"}));
  EXPECT_EQ(patches, 2u);
  EXPECT_EQ(routers.back(), 1u);
}

TEST_F(StandardGateways, OfAServiceOnlyTheRoutesThatNameItAreLookedAt) {
  put_all();
  rig.host.put(
      routes, "shop", "second",
      R"("spec":{"parentRefs":[{"name":"g"}],"rules":[{"backendRefs":[{"name":"s","port":80}]}]})");
  start();
  rig.pass(1s);
  take();
  rig.host.put(services, "shop", "s", R"("spec":{"ports":[{"port":80}]})");
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"httproutes/second"}));
  rig.host.put(services, "shop", "nobodys", R"("spec":{"ports":[{"port":80}]})");
  rig.pass(1s);
  EXPECT_TRUE(take().empty());
  rig.host.remove(services, "shop", "s");
  rig.pass(1s);
  EXPECT_EQ(take(), (Texts{"httproutes/second"}));
  EXPECT_EQ(patches, 3u);
}

TEST_F(StandardGateways, AClusterThatIsMadeAnewIsToldEverything) {
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
  EXPECT_EQ(told(gateways, "g", "status.addresses"),
            R"([{"type":"IPAddress","value":"127.80.0.1"}])");
}

TEST_F(StandardGateways, EachHasAnAccountAndARefusedOneIsTriedAgain) {
  int refuse = 2;
  const auto statuses = rig.host.script;
  rig.host.script = [&](const sim::KubeHost::Seen& seen, std::string& answer) {
    if (statuses(seen, answer)) return true;
    if (!seen.line.starts_with("POST " + accounts)) return false;
    const std::string code = refuse-- > 0 ? "503 X" : "201 Created";
    answer =
        "HTTP/1.1 " + code + "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    return true;
  };
  put_all();
  start();
  rig.pass(500ms);
  EXPECT_EQ(posted(), 1u);
  rig.pass(gateway_account_retry * 2);
  EXPECT_EQ(posted(), 3u);
  rig.pass(60s);
  EXPECT_EQ(posted(), 3u);
  const auto& seen = rig.host.seen;
  const auto last = std::find_if(seen.rbegin(), seen.rend(), [](const auto& s) {
    return s.line.starts_with("POST " + accounts);
  });
  ASSERT_NE(last, seen.rend());
  EXPECT_NE(last->body.find(R"("kind":"Gateway","name":"g")"), std::string::npos) << last->body;
}

TEST(GatewayKinds, OfTheStandardAreAll) {
  config::StaticConfig s;
  s.kubernetes_gateway.emplace();
  s.gateproof.dialect = config::GateproofOptions::Dialect::standard;
  size_t found = 0;
  for (const ClusterKind& kind : kinds_of(cluster_providers(s).at(0)))
    found += kind.second == "ListenerSet" || kind.second == "UDPRoute" || kind.second == "TCPRoute";
  EXPECT_EQ(found, 3u);
}

}  // namespace
}  // namespace gateproof::daemon
