// What a first configuration of thousands of objects is made by, on real threads: the outcome is that of one thread alone. The
// thread sanitizer looks on (tools/nightly).
#include <gtest/gtest.h>

#include "engine/kubernetes/crd_maker.h"
#include "engine/kubernetes/ingress_maker.h"
#include "engine/middleware/middleware.h"
#include "engine/net/clock.h"
#include "engine/net/random.h"
#include "engine/net/work_pool.h"
#include "engine/pipeline/gateway_controller.h"

namespace gateproof::net {
namespace {

constexpr size_t routes = 700;  // some pieces of each kind of work

using kubernetes::Context;

std::string object(const std::string& version, const std::string& kind, const std::string& name,
                   const std::string& more) {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: default" + more + "\n";
}

// Routes of each provider over a tenth as many Services, some of them wrong.
std::string manifests() {
  std::string out;
  const auto add = [&out](const std::string& text) { out += "---\n" + text; };
  add("apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\n"
      "spec: {controllerName: gateproof.dev/gateway-controller}\n");
  add(object("gateway.networking.k8s.io/v1", "Gateway", "gw",
             "}\nspec: {gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]}"));
  add(object("traefik.io/v1alpha1", "Middleware", "m",
             "}\nspec: {headers: {customRequestHeaders: {a: b}}}"));
  for (size_t i = 0; i < routes / 10; ++i) {
    const std::string s = "s" + std::to_string(i);
    add(object("v1", "Service", s, "}\nspec: {ports: [{port: 80}]}"));
    add(object("discovery.k8s.io/v1", "EndpointSlice", s,
               ", labels: {kubernetes.io/service-name: " + s +
                   "}}\naddressType: IPv4\nports: [{port: 8080}]\n"
                   "endpoints: [{addresses: [10.0.0.1]}]"));
  }
  for (size_t i = 0; i < routes; ++i) {
    const std::string n = std::to_string(i), s = "s" + std::to_string(i % (routes / 10));
    const std::string wrong = i % 50 == 7 ? "(" : "";
    add(object("traefik.io/v1alpha1", "IngressRoute", "r" + n,
               "}\nspec: {entryPoints: [web], routes: [{match: \"Host(`h" + n +
                   "`) && PathRegexp(`^/[a-z]+" + wrong + "$`)\", middlewares: [{name: m}], " +
                   "services: [{name: " + s + ", port: 80}]}]}"));
    add(object("networking.k8s.io/v1", "Ingress", "i" + n,
               "}\nspec: {rules: [{host: i" + n +
                   ", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: " + s +
                   ", port: {number: " + (i % 50 == 9 ? "81" : "80") + "}}}}]}}]}"));
    add(object("gateway.networking.k8s.io/v1", "HTTPRoute", "g" + n,
               "}\nspec: {parentRefs: [{name: gw}], hostnames: [g" + n +
                   ".test], rules: [{backendRefs: [{name: " + s +
                   ", port: " + (i % 50 == 11 ? "81" : "80") + "}]}]}"));
  }
  return out;
}

// All that is said of a configuration and of the snapshot that is made of it.
using Said = std::vector<std::string>;

void tell(Said& said, const std::string& what, const config::Findings& findings) {
  for (const config::Finding& f : findings.list())
    said.push_back(what + " " + f.code + " " + f.object + " " + f.message);
}

class TwoThreads : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::make());
  kubernetes::ObjectStore store;
  RealClock clock;
  RealRandom random{7};
  std::shared_ptr<config::StaticConfig> statics = std::make_shared<config::StaticConfig>();

  void SetUp() override {
    statics->entry_points["web"].name = "web";
    statics->entry_points["web"].address.value = ":80";
    auto read = config::parse_documents(manifests(), "m.yml", config::Format::yaml);
    ASSERT_TRUE(read);
    config::Findings findings;
    // As an API server tells of them, one by one.
    for (config::Document& d : *read)
      store.put(std::make_shared<const config::Document>(std::move(d)), findings);
    EXPECT_TRUE(findings.list().empty());
  }

  Said translated(kubernetes::UnitMaker& maker, std::string_view provider, Offload& elsewhere) {
    Said said;
    config::Findings findings;
    const config::KubernetesProviderConfig options;
    const Context context{store, options, provider, "providers", findings};
    config::DynamicConfig made = maker.make(context, elsewhere);
    tell(said, "translating", findings);
    for (const auto& [name, r] : made.routers)
      said.push_back(name + " " + r.rule.value + " " + r.service.value);
    for (const auto& [name, s] : made.services) said.push_back(name);
    pipeline::Engine engine(statics, clock, random, "host");
    built(said, *engine.update(std::string(provider), std::move(made), elsewhere));
    return said;
  }
  static void built(Said& said, const pipeline::Snapshot& snapshot) {
    tell(said, "building", snapshot.findings);
    for (const auto& [name, r] : snapshot.routers) {
      said.push_back(name + " " + std::string(pipeline::to_string(r->status)) + " " + r->rule +
                     " " + (r->errors.empty() ? "" : r->errors.front()));
    }
  }

  // The same from both, each time.
  template <class Say>
  void compare(const Say& say) {
    const Said alone = say(inline_offload());
    EXPECT_GT(alone.size(), 2 * routes);
    for (int i = 0; i < 3; ++i) {
      WorkPool pool;
      PoolOffload elsewhere(pool, *loop);
      EXPECT_EQ(say(elsewhere), alone);
    }
  }
};

TEST_F(TwoThreads, IngressRoutes) {
  compare([this](Offload& elsewhere) {
    kubernetes::CrdMaker maker(middleware::middleware_types());
    return translated(maker, kubernetes::crd_provider, elsewhere);
  });
}

TEST_F(TwoThreads, Ingresses) {
  compare([this](Offload& elsewhere) {
    kubernetes::IngressMaker maker("v3");
    return translated(maker, kubernetes::ingress_provider, elsewhere);
  });
}

TEST_F(TwoThreads, HttpRoutes) {
  compare([this](Offload& elsewhere) {
    Said said;
    pipeline::Engine engine(statics, clock, random, "host");
    pipeline::GatewayController controller(
        engine, {},
        {[&said](const kubernetes::gateway::StatusUpdate& u) {
           said.push_back(u.object.name + " " + u.status);
         },
         {},
         [&said](const config::Findings& f) { tell(said, "resolving", f); }});
    controller.reconcile(store, {}, elsewhere);
    built(said, *engine.snapshot());
    return said;
  });
}

}  // namespace
}  // namespace gateproof::net
