// Routes, Services and EndpointSlices that come, change and go: after every change a cluster's traffic and statuses are those of a controller that sees all
// objects for the first time, and little is built for it.
#include <rapidcheck.h>

#include "engine/pipeline/gateway_controller.h"
#include "engine/sim/gateway_rig_test.h"

namespace gateproof::sim {
namespace {

using namespace testing;
using kubernetes::gateway::ObjectName;

constexpr size_t services = 4;

std::string service_name(size_t n) { return "s" + std::to_string(n); }

std::string service_text(size_t n, const std::string& port_more) {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + service_name(n) +
         "}\nspec: {ports: [{port: 80" + port_more + "}]}\n";
}
std::string slice_text(size_t n, const std::string& service, size_t address) {
  return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " +
         service_name(n) + ", labels: {kubernetes.io/service-name: " + service +
         "}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints: [{addresses: [10.0.0." +
         std::to_string(address) + "]}]\n";
}

// A store, a controller and the engine that it keeps.
struct Cluster {
  Cluster() {
    controller = std::make_unique<pipeline::GatewayController>(
        world.engine(), gw::Options{},
        pipeline::GatewayController::Hooks{
            [this](const gw::StatusUpdate& u) { told[u.object] = u.status; }, {}});
    for (size_t n = 0; n < services; ++n) {
      Host host;
      host.name = service_name(n);
      host.script = [name = host.name](const HostRequest& r) {
        HostAnswer answer;
        answer.body = name + " " + r.target;
        return answer;
      };
      world.add_host("10.0.0." + std::to_string(n + 1) + ":80", std::move(host));
    }
  }
  void put(const std::string& text) {
    auto parsed = config::parse_document(text, "put.yaml", config::Format::yaml);
    ASSERT_TRUE(parsed) << text;
    store.put(std::make_shared<const config::Document>(std::move(*parsed)), findings);
  }
  void base() {
    put("apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\n"
        "spec: {controllerName: gateproof.dev/gateway-controller}\n");
    std::string one =
        gateway(plain +
                ", {name: b, port: 80, protocol: HTTP, hostname: '*.b.test'}, {name: far, "
                "port: 81, protocol: HTTP}");
    put(one.substr(0, one.find("---")));
    for (const char* m : {"mark}\nspec: {addPrefix: {prefix: /x}",
                          "chain}\nspec: {chain: {middlewares: [{name: mark}, {name: mark}]}"})
      put("apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: " + std::string(m) +
          "}\n");
    for (size_t n = 0; n < services; ++n) {
      put(service_text(n, ""));
      put(slice_text(n, service_name(n), n + 1));
    }
    put("apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p}\n"
        "spec: {targetRefs: [{group: '', kind: Service, name: s3}], validation: {hostname: "
        "s3.test, "
        "wellKnownCACertificates: System}}\n");
  }
  std::vector<std::string> answers() {
    std::vector<std::string> out;
    for (const char* host : {"a.test", "x.a.test", "y.b.test", "c.test"}) {
      for (const char* target : {"/", "/x", "/x/y?q=1"}) {
        for (const char* port : {"127.80.0.1:80/tcp", "127.80.0.1:81/tcp"}) {
          Request r;
          r.host = host;
          r.target = target;
          r.entry_point = port;
          const Outcome o = world.send(r, Arm::direct, Detail::none);
          out.push_back(std::string(host) + target + " " + port + ": " + who(o) + " " +
                        field(o.headers, "X-Rule"));
        }
      }
    }
    return out;
  }

  World world{1, std::make_shared<config::StaticConfig>()};
  kubernetes::ObjectStore store;
  config::Findings findings;
  std::map<ObjectName, std::string> told;
  std::unique_ptr<pipeline::GatewayController> controller;
};

// `named`: also filters that name a Middleware, which is everybody's.
std::string draw_rule(int number, bool named) {
  // Never two of them: whose turn it is depends on what was asked before, since services keep their state.
  const auto service = [](const char* more = "") {
    return "{name: " + *rc::gen::element<std::string>("s0", "s1", "s2", "s3", "gone") +
           ", port: 80" + more + "}";
  };
  std::string out = "{matches: [{" +
                    *rc::gen::element<std::string>("path: {type: PathPrefix, value: /}",
                                                   "path: {type: PathPrefix, value: /x}",
                                                   "path: {type: Exact, value: /x}", "method: GET",
                                                   "queryParams: [{name: q, value: '1'}]") +
                    "}], filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: "
                    "[{name: X-Rule, value: '" +
                    std::to_string(number) + "'}]}}";
  if (*rc::gen::inRange(0, 5) == 0)
    out += ", {type: RequestMirror, requestMirror: {backendRef: " + service() + "}}";
  if (*rc::gen::inRange(0, 5) == 0) {
    out +=
        ", {type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: " + service() +
        "}}";
  }
  if (named && *rc::gen::inRange(0, 2) == 0) {
    out += ", {type: ExtensionRef, extensionRef: {group: traefik.io, kind: Middleware, name: " +
           *rc::gen::element<std::string>("mark", "chain", "none") + "}}";
  }
  const bool own = *rc::gen::inRange(0, 3) == 0;  // a service of the rule's own
  out += "]";
  if (*rc::gen::inRange(0, 5) == 0)
    out += ", sessionPersistence: {type: Header, header: {name: X-Rule}}";
  return out + ", backendRefs: [" +
         service(own ? ", filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: "
                       "[{name: A, value: b}]}}]"
                     : "") +
         "]}";
}

std::string draw_route(int n, int step, bool named) {
  std::string rules = draw_rule(step, named);
  if (*rc::gen::inRange(0, 2) == 0) rules += ", " + draw_rule(step + 100, named);
  const std::string section =
      *rc::gen::element<std::string>("", "", ", sectionName: b", ", sectionName: far");
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: " +
         std::string(n == 5 ? "GRPCRoute" : "HTTPRoute") + "\nmetadata: {name: r" +
         std::to_string(n) + ", creationTimestamp: '2024-01-0" +
         std::to_string(*rc::gen::inRange(1, 4)) + "T00:00:00Z'}\nspec: {parentRefs: [{name: gw" +
         section + "}], hostnames: [" +
         *rc::gen::element<std::string>("", "a.test", "'*.a.test'", "'*.b.test'",
                                        "a.test, '*.test'", "y.b.test") +
         "], rules: [" + (n == 5 ? "{backendRefs: [{name: s0, port: 80}]}" : rules) + "]}\n";
}

// Objects that are not as base() has them; "": gone.
using Texts = std::map<ObjectName, std::string>;

ObjectName draw_change(Texts& texts, int step, bool named) {
  const bool gone = *rc::gen::inRange(0, 4) == 0;
  const auto put = [&](std::string_view group, const char* kind, const std::string& name,
                       std::string text) {
    ObjectName o{std::string(group), kind, "default", name};
    texts[o] = gone ? "" : std::move(text);
    return o;
  };
  const size_t n = *rc::gen::inRange<size_t>(0, services);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return put("", "Service", service_name(n),
                 service_text(n, *rc::gen::element<std::string>("", ", name: x",
                                                                ", appProtocol: kubernetes.io/h2c",
                                                                ", appProtocol: nonsense")));
    case 1:
      return put("discovery.k8s.io", "EndpointSlice", service_name(n),
                 slice_text(n, *rc::gen::element(service_name(n), std::string("nobody")),
                            *rc::gen::inRange<size_t>(1, services + 1)));
    default: {
      const int r = *rc::gen::inRange(0, 6);
      return put(kubernetes::gateway_group, r == 5 ? "GRPCRoute" : "HTTPRoute",
                 "r" + std::to_string(r), draw_route(r, step, named));
    }
  }
}

void put_as(Cluster& c, const ObjectName& name, const std::string& text) {
  if (!text.empty()) return c.put(text);
  c.store.remove(name.group, name.kind, name.ns, name.name);
  c.told.erase(name);
}

void chain_of_changes(bool named) {
  Cluster kept;
  kept.base();
  kept.controller->reconcile(kept.store, {});
  const uint64_t first = kept.world.engine().version();
  Texts texts;
  for (int step = *rc::gen::inRange(1, 10); step > 0; --step) {
    std::vector<ObjectName> changed;
    for (int n = *rc::gen::inRange(1, 3); n > 0; --n) {
      changed.push_back(draw_change(texts, step, named));
      put_as(kept, changed.back(), texts.at(changed.back()));
    }
    kept.controller->reconcile(kept.store, changed);
    const auto now = kept.world.engine().snapshot();
    RC_ASSERT(named || now->work.patched || now->version == first);
    Cluster fresh;
    fresh.base();
    for (const auto& [name, text] : texts) put_as(fresh, name, text);
    fresh.controller->reconcile(fresh.store, {});
    // A policy that is told of no Gateway any more and one that never was are one and the same.
    std::erase_if(kept.told, [](const auto& t) { return t.second == "{\"ancestors\":[]}"; });
    RC_ASSERT(kept.told == fresh.told);
    RC_ASSERT(kept.answers() == fresh.answers());
    RC_ASSERT(kept.world.engine().snapshot()->routers.size() ==
              fresh.world.engine().snapshot()->routers.size());
    RC_ASSERT(kept.world.engine().snapshot()->services.size() ==
              fresh.world.engine().snapshot()->services.size());
    RC_ASSERT(kept.world.engine().snapshot()->middlewares.size() ==
              fresh.world.engine().snapshot()->middlewares.size());
  }
}

TEST(GatewayChanges, TrafficAndStatusesAreThoseOfAFreshStart) {
  EXPECT_TRUE(rc::check("a chain of changed routes", [] { chain_of_changes(false); }));
  EXPECT_TRUE(rc::check("some of which name middlewares", [] { chain_of_changes(true); }));
}

// An endpoint that comes and goes is the work of the routes that name its Service.
TEST(GatewayChanges, OneEndpointIsTheWorkOfItsService) {
  Cluster c;
  c.base();
  for (int n = 0; n < 100; ++n) {
    const std::string text = route("r" + std::to_string(n),
                                   "hostnames: [h" + std::to_string(n) + ".test], rules: [" +
                                       rule(path("PathPrefix", "/"), n < 2 ? "s2" : "s1") + "]",
                                   "HTTPRoute", "http");
    c.put(text.substr(0, text.find("---")));
  }
  c.controller->reconcile(c.store, {});
  const auto before = c.world.engine().snapshot();
  c.put(slice_text(2, "s2", 1));
  const ObjectName slice{"discovery.k8s.io", "EndpointSlice", "default", "s2"};
  c.controller->reconcile(c.store, {&slice, 1});
  const auto after = c.world.engine().snapshot();
  EXPECT_TRUE(after->work.patched);
  EXPECT_EQ(after->work.routers, 2u);
  EXPECT_EQ(after->work.services, 1u);
  const std::string s1 = "service/default/s1/80@kubernetesgateway";
  EXPECT_EQ(before->server_health.at(s1), after->server_health.at(s1));
  Request r;
  r.host = "h1.test";
  r.entry_point = "127.80.0.1:80/tcp";
  EXPECT_EQ(who(c.world.send(r, Arm::direct, Detail::none)), "s0");
  // Of a Service that nobody names nothing is made.
  c.put(slice_text(0, "s0", 2));
  const ObjectName nobodys{"discovery.k8s.io", "EndpointSlice", "default", "s0"};
  c.controller->reconcile(c.store, {&nobodys, 1});
  EXPECT_EQ(c.world.engine().snapshot(), after);
}

// Work is counted, not timed: a changed route among a thousand is as much of it as among ten.
TEST(GatewayChanges, OneRouteIsTheWorkOfOneRoute) {
  for (const int count : {10, 1000}) {
    Cluster c;
    c.base();
    const auto route_of = [](int n, const std::string& service) {
      std::string text = route("r" + std::to_string(n),
                               "hostnames: [h" + std::to_string(n) + ".test], rules: [" +
                                   rule(path("PathPrefix", "/"), service) + "]",
                               "HTTPRoute", "http");
      return text.substr(0, text.find("---"));
    };
    for (int n = 0; n < count; ++n) c.put(route_of(n, service_name(n % 3)));
    c.controller->reconcile(c.store, {});
    const auto before = c.world.engine().snapshot();
    EXPECT_EQ(before->work.routers, size_t(count));
    EXPECT_EQ(before->work.services, 3u);
    const ObjectName name{std::string(kubernetes::gateway_group), "HTTPRoute", "default", "r7"};
    c.put(route_of(7, "s3"));
    c.controller->reconcile(c.store, {&name, 1});
    const auto after = c.world.engine().snapshot();
    EXPECT_TRUE(after->work.patched);
    EXPECT_EQ(after->work.routers, 1u);
    EXPECT_EQ(after->work.services, 1u);  // s3, which nobody used
    EXPECT_EQ(after->work.tables, 1u);
    // The rest is the same, and not only equal: other routers, services with their state, and tables.
    EXPECT_EQ(before->routers
                  .find("httproute/default/r8/0/0 gateway/default/gw/http h8.test@"
                        "kubernetesgateway")
                  .shared(),
              after->routers
                  .find("httproute/default/r8/0/0 gateway/default/gw/http h8.test@"
                        "kubernetesgateway")
                  .shared());
    const std::string s1 = "service/default/s1/80@kubernetesgateway";
    EXPECT_EQ(before->server_health.at(s1), after->server_health.at(s1));
    EXPECT_EQ(before->entry_points.find("gateway/default/gw/far")->second->plain,
              after->entry_points.find("gateway/default/gw/far")->second->plain);
    EXPECT_TRUE(after->entry_points.find("gateway/default/gw/http")->second->plain->patched());
    Request r;
    r.host = "h7.test";
    r.entry_point = "127.80.0.1:80/tcp";
    EXPECT_EQ(who(c.world.send(r, Arm::direct, Detail::none)), "s3");
    r.host = "h8.test";
    EXPECT_EQ(who(c.world.send(r, Arm::direct, Detail::none)), "s2");
  }
}

}  // namespace
}  // namespace gateproof::sim
