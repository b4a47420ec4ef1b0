// Routes of Traefik's dialect and what they depend on change one by one: configuration and statuses are those of a look at all.
#include "engine/kubernetes/gateway_maker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/objects_rig_test.h"
namespace gateproof::kubernetes {
namespace {

using Name = UnitMaker::Name;
using gateway::ObjectName;
using Told = std::map<ObjectName, std::string>;

std::string head(const std::string& kind, const std::string& name, const std::string& more = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         more + "}\n";
}

struct Cluster : testing::Objects {
  Cluster() {
    options.experimental_channel = true;
    setting.entry_points = {true, {{"web", ":80", false}, {"other", ":81", false}}};
    setting.whole_cluster = true;
    put(head("GatewayClass", "c") + "spec: {controllerName: traefik.io/gateway-controller}\n");
    put(head("Gateway", "gw") +
        "spec: {gatewayClassName: c, listeners: [{name: web, port: 80, protocol: HTTP}, {name: "
        "same, port: 80, protocol: HTTP, hostname: '*.test'}, {name: tcp, port: 81, protocol: "
        "TCP}]}\n");
    put(head("Gateway", "bad") +
        "spec: {gatewayClassName: c, listeners: [{name: a, port: 99, protocol: HTTP}]}\n");
    put(head("BackendTLSPolicy", "p") +
        "spec: {targetRefs: [{group: '', kind: Service, name: safe}], validation: {hostname: x, "
        "caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}}\n");
    for (const std::string name : {"one", "two", "safe"}) {
      put(service(name, ""));
      put(slice(name, name, "10.0.0.1"));
    }
  }
  static std::string service(const std::string& name, const std::string& port) {
    return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
           "}\nspec: {ports: [{port: 80" + port + "}]}\n";
  }
  static std::string slice(const std::string& name, const std::string& of,
                           const std::string& address) {
    return testing::slice(name, of, address, 80, ", conditions: {ready: true}");
  }
  Context context(config::Findings& to) const {
    return {store, options, gateway_provider, "providers.kubernetesGateway", to};
  }

  GatewaySetting setting;
};

std::vector<std::string> shown(const config::DynamicConfig& c) {
  std::vector<std::string> out;
  for (const auto& [name, r] : c.routers)
    out.push_back(name + " " + r.rule.value + " " + std::to_string(r.priority.value) + " " +
                  r.service.value + (r.filters ? " filtered" : ""));
  for (const auto& [name, s] : c.services) {
    out.push_back(name);
    if (s.load_balancer) {
      for (const auto& server : s.load_balancer->servers) out.back() += " " + server.url.value;
    }
    if (s.weighted) {
      for (const auto& child : s.weighted->services) out.back() += " " + child.name.value;
    }
  }
  for (const auto& [name, t] : c.servers_transports) out.push_back(name + " " + t.tls.server_name);
  for (const auto& [name, r] : c.tcp.routers) out.push_back(name + " " + r.rule.value);
  for (const auto& [name, s] : c.tcp.services) out.push_back(name);
  return out;
}

template <class... T>
std::string one_of(T... texts) {
  return *rc::gen::elementOf(std::vector<std::string>{texts...});
}

std::string draw_route(int n) {
  const bool grpc = n == 4;
  std::string out =
      head(grpc ? "GRPCRoute" : "HTTPRoute", "r" + std::to_string(n),
           ", creationTimestamp: '2024-01-0" + one_of("1", "2", "3") + "T00:00:00Z'") +
      "spec: {parentRefs: [{name: " + one_of("gw", "gw", "bad", "gone") +
      one_of("", "", ", sectionName: same") + "}], hostnames: [" +
      one_of("", "a.test", "b.test", "a.test, b.test") + "], rules: [";
  for (int r = *rc::gen::inRange(0, 2); r >= 0; --r) {
    out +=
        "{backendRefs: [{name: " +
        one_of("one", "two", "one", "two", "gone", *rc::gen::inRange(0, 4) ? "one" : "safe") +
        ", port: 80}]" +
        (grpc ? "" : ", matches: [{path: {type: PathPrefix, value: " + one_of("/", "/x") + "}}]") +
        "}" + (r ? ", " : "");
  }
  return out + "]}\n";
}

std::string draw_object() {
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
    case 1:
      return Cluster::service(one_of("one", "two", "safe"),
                              one_of("", ", appProtocol: https", ", appProtocol: nonsense"));
    case 2:
    case 3:
      return Cluster::slice(one_of("one", "two", "safe"), one_of("one", "two", "nobody"),
                            one_of("10.0.0.1", "10.0.0.2"));
    case 4:
      if (*rc::gen::inRange(0, 3)) return Cluster::slice("one", "one", "10.0.0.3");
      return one_of(
          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca}\ndata: {ca.crt: x}\n",
          head("TCPRoute", "t") +
              "spec: {parentRefs: [{name: gw, sectionName: tcp}], rules: [{backendRefs: [{name: "
              "two, port: 80}]}]}\n");
    default: return draw_route(*rc::gen::inRange(0, 5));
  }
}

template <class T>
void apply(std::map<std::string, T>& objects, const config::ConfigPatch::Changes<T>& changes) {
  for (const auto& [name, object] : changes) {
    objects.erase(name);
    if (object) objects.emplace(name, *object);
  }
}

void tell(Told& told, const std::vector<gateway::StatusUpdate>& updates) {
  for (const gateway::StatusUpdate& u : updates) told[u.object] = u.status;
}

void chain_of_changes(size_t& alone, size_t& steps) {
  Cluster c;
  GatewayMaker maker(c.setting);
  config::Findings found;
  config::DynamicConfig kept = maker.make(c.context(found));
  Told told;
  tell(told, maker.statuses(c.context(found), {}));
  for (int step = *rc::gen::inRange(1, 16); step > 0; --step) {
    std::vector<Name> changed;
    for (int k = *rc::gen::inRange(1, 3); k > 0; --k) {
      changed.push_back(c.put(draw_object()));
      const Name& n = changed.back();
      if (*rc::gen::inRange(0, 5) == 0) c.store.remove(n.group, n.kind, n.ns, n.name);
      // What names none of our Gateways any more keeps what it was told.
      told.erase({n.group, n.kind, n.ns, n.name});
    }
    ++steps;
    if (const auto done = maker.update(c.context(found), changed)) {
      ++alone;
      apply(kept.routers, done->patch.routers);
      apply(kept.services, done->patch.services);
      apply(kept.servers_transports, done->patch.servers_transports);
    } else {
      kept = maker.make(c.context(found));
      told.clear();
    }
    tell(told, maker.statuses(c.context(found), {}));
    GatewayMaker fresh(c.setting);
    config::Findings all;
    RC_ASSERT(shown(kept) == shown(fresh.make(c.context(all))));
    Told of_all;
    tell(of_all, fresh.statuses(c.context(all), {}));
    RC_ASSERT(told == of_all);
    // And what is made of all at once, for whoever asks about manifests.
    const GatewayResult result = check_gateway(c.context(all), c.setting);
    RC_ASSERT(shown(kept) == shown(gateway_config(c.context(all), result, c.setting.entry_points)));
  }
}

TEST(GatewayMaker, AnyChangesComeToWhatALookAtAllSays) {
  size_t alone = 0, steps = 0;
  EXPECT_TRUE(rc::check("a chain of changes", [&] { chain_of_changes(alone, steps); }));
  EXPECT_GT(alone * 10, steps * 6) << "most changes are translated alone";
}

// A rule that two routes want is the older one's, and the other's once that is gone.
TEST(GatewayMaker, WhoLosesARuleGetsItWhenItIsFree) {
  Cluster c;
  const auto route = [](const std::string& name, const std::string& day) {
    return head("HTTPRoute", name, ", creationTimestamp: '2024-01-0" + day + "T00:00:00Z'") +
           "spec: {parentRefs: [{name: gw, sectionName: web}], hostnames: [a.test], rules: "
           "[{backendRefs: [{name: one, port: 80}]}]}\n";
  };
  c.put(route("young", "2"));
  const Name old = c.put(route("old", "1"));
  GatewayMaker maker(c.setting);
  config::Findings found;
  const config::DynamicConfig all = maker.make(c.context(found));
  ASSERT_EQ(all.routers.size(), 1u);
  EXPECT_NE(all.routers.begin()->first.find("-old-"), std::string::npos);
  maker.statuses(c.context(found), {});
  c.store.remove(old.group, old.kind, old.ns, old.name);
  const auto done = maker.update(c.context(found), {&old, 1});
  ASSERT_TRUE(done);
  size_t made = 0;
  for (const auto& [name, router] : done->patch.routers) {
    made += router != nullptr;
    EXPECT_EQ(name.find("-old-") == std::string::npos, router != nullptr) << name;
  }
  EXPECT_EQ(made, 1u);
}

}  // namespace
}  // namespace gateproof::kubernetes
