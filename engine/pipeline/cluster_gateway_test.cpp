// A cluster's Gateways followed inside its writes: what is served, what is told, and what each costs.
#include "engine/pipeline/cluster_gateway.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/kubernetes/cluster/manifests.h"

namespace gateproof::pipeline {
namespace {

namespace cluster = kubernetes::cluster;
using cluster::Json;

const std::string api = "apiVersion: gateway.networking.k8s.io/v1\n";

std::string crd(const std::string& kind, const std::string& plural, const std::string& scope) {
  return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " +
         plural +
         ".gateway.networking.k8s.io}\nspec:\n  group: gateway.networking.k8s.io\n  scope: " +
         scope + "\n  names: {kind: " + kind + ", plural: " + plural + "}\n" +
         "  versions: [{name: v1, served: true, storage: true, subresources: {status: {}}, schema: "
         "{openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]\n---\n";
}

const std::string base = crd("GatewayClass", "gatewayclasses", "Cluster") +
                         crd("Gateway", "gateways", "Namespaced") +
                         crd("HTTPRoute", "httproutes", "Namespaced") + api +
                         "kind: GatewayClass\nmetadata: {name: gp}\n"
                         "spec: {controllerName: gateproof.dev/gateway-controller}\n---\n";

std::string listener(const std::string& name, int port, const std::string& more = "") {
  return "{name: " + name + ", port: " + std::to_string(port) + ", protocol: HTTP" + more + "}";
}
std::string gateway(const std::string& name, const std::string& listeners,
                    const std::string& meta = "") {
  return api + "kind: Gateway\nmetadata: {name: " + name + ", namespace: default" + meta +
         "}\nspec: {gatewayClassName: gp, listeners: [" + listeners + "]}\n---\n";
}
std::string route(const std::string& name, const std::string& parent, const std::string& service,
                  const std::string& more = "") {
  return api + "kind: HTTPRoute\nmetadata: {name: " + name +
         ", namespace: default}\nspec: {parentRefs: [{name: " + parent +
         "}], rules: [{backendRefs: [{name: " + service + ", port: 80}]" + more + "}]}\n---\n";
}
std::string service(const std::string& name, const std::string& ip) {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         ", namespace: default}\nspec: {ports: [{port: 80}]}\n---\n"
         "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " +
         name + "-1, namespace: default, labels: {kubernetes.io/service-name: " + name +
         "}}\naddressType: IPv4\nports: [{port: 8080}]\nendpoints: [{addresses: [" + ip +
         "]}]\n---\n";
}

// Answers with the address that it was sent to.
class Echo final : public http::Origin {
 public:
  Task<Result<void>> round_trip(http::Exchange& x, http::Outbound& out) override {
    x.response = http::Response::make(200, out.server->authority, "text/plain");
    co_return Result<void>();
  }
};

class ClusterGateways : public ::testing::Test {
 protected:
  ClusterGateways() {
    store.add_hook([this](cluster::Store&, std::span<const cluster::Event> events) {
      for (const cluster::Event& e : events) {
        if (e.type == cluster::Event::modified) ++modified[e.object->type->kind];
      }
    });
    apply(base + service("one", "10.0.0.1") + service("two", "10.0.0.2"));
    settled();
  }
  void apply(const std::string& manifests) {
    auto documents = config::parse_documents(manifests, "m.yaml", config::Format::yaml);
    ASSERT_TRUE(documents) << documents.error().message << manifests;
    for (const cluster::Applied& a : cluster::apply_manifests(store, *documents))
      EXPECT_NE(a.outcome, cluster::Applied::failed) << a.name << ": " << a.message;
  }
  cluster::Target at(const std::string& resource, const std::string& name,
                     cluster::Sub sub = cluster::Sub::none) {
    const size_t dot = resource.find('.');
    const cluster::TypePtr type = store.registry().find_plural(
        dot == std::string::npos ? "" : resource.substr(dot + 1), resource.substr(0, dot));
    return {type, type->preferred()->name, type->namespaced ? "default" : "", name, sub};
  }
  cluster::ObjectPtr find(const std::string& resource, const std::string& name) {
    const cluster::Target t = at(resource, name);
    return store.find(*t.type, t.ns, t.name);
  }
  Json status(const std::string& resource, const std::string& name) {
    const cluster::ObjectPtr o = find(resource, name);
    return o ? o->body["status"] : Json();
  }
  // "True Accepted" of a condition of the object or of a route's first parent.
  std::string condition(const Json& in, const std::string& type) {
    for (const Json& c : in["conditions"].items()) {
      if (c["type"].str() == type)
        return std::string(c["status"].str()) + " " + std::string(c["reason"].str());
    }
    return "";
  }
  std::string address(const std::string& name) {
    const Json s = status(gateways, name);
    return s["addresses"].size() ? std::string(s["addresses"].items()[0]["value"].str()) : "";
  }
  std::string entry_points() {
    std::string out;
    for (const auto& [name, e] : engine.snapshot()->entry_points) {
      if (!e->listener) out += (out.empty() ? "" : " ") + name;
    }
    return out;
  }
  // Who answers, or the status.
  std::string ask(const std::string& entry_point, const std::string& host = "a.test") {
    http::Exchange x(world.env);
    x.request.method = "GET";
    x.request.host = host;
    x.request.url.raw = "/";
    x.origin = &origin;
    x.entry_point = entry_point;
    EXPECT_TRUE(world.run_void(Engine::handle(x, engine.snapshot())));
    return x.response.status == 200 ? std::string(x.response.body.bytes())
                                    : std::to_string(x.response.status);
  }
  // What was counted so far is over.
  void settled() {
    changes = 0;
    modified.clear();
  }

  const std::string gateways = "gateways.gateway.networking.k8s.io";
  const std::string routes = "httproutes.gateway.networking.k8s.io";
  gateproof::testing::FakeWorld world;
  cluster::Store store{world.clock, world.random};
  Engine engine{std::make_shared<const config::StaticConfig>(), world.clock, world.random, "h"};
  int changes = 0;                      // configurations: the objects were resolved
  std::map<std::string, int> modified;  // writes to objects that were there, by kind
  std::string told;                     // findings, "object code;" each
  ClusterGateway controller{store,
                            world.clock,
                            engine,
                            {},
                            [this] { ++changes; },
                            [this](const config::Findings& fresh) {
                              for (const config::Finding& f : fresh.list())
                                told += f.object + " " + f.code + ";";
                            }};
  Echo origin;
};

TEST_F(ClusterGateways, ListenersComeAndGoWithTheirObjects) {
  EXPECT_EQ(entry_points(), "");
  apply(gateway("web", listener("a", 80)));
  EXPECT_EQ(entry_points(), "127.80.0.1:80/tcp");
  EXPECT_EQ(ask("127.80.0.1:80/tcp"), "404") << "served, though there is no route";
  apply(route("r", "web", "one"));
  EXPECT_EQ(ask("127.80.0.1:80/tcp"), "10.0.0.1:8080");
  apply(gateway("web", listener("a", 80) + ", " + listener("b", 81)));
  EXPECT_EQ(entry_points(), "127.80.0.1:80/tcp 127.80.0.1:81/tcp");
  EXPECT_EQ(ask("127.80.0.1:81/tcp"), "10.0.0.1:8080");
  apply(gateway("web", listener("b", 81)));
  EXPECT_EQ(entry_points(), "127.80.0.1:81/tcp");
  // Another class's Gateway is not ours any more.
  apply(api +
        "kind: Gateway\nmetadata: {name: web, namespace: default}\n"
        "spec: {gatewayClassName: other, listeners: [" +
        listener("b", 81) + "]}\n");
  EXPECT_EQ(entry_points(), "");
  apply(gateway("web", listener("b", 81)));
  EXPECT_EQ(ask("127.80.0.1:81/tcp"), "10.0.0.1:8080");
  EXPECT_TRUE(store.remove(at(gateways, "web")));
  EXPECT_EQ(entry_points(), "");
  EXPECT_EQ(store.unsettled(), 0u);
}

TEST_F(ClusterGateways, EndpointsAreFollowed) {
  apply(gateway("web", listener("a", 80)) + route("r", "web", "one"));
  apply(service("one", "10.0.0.9"));
  EXPECT_EQ(ask("127.80.0.1:80/tcp"), "10.0.0.9:8080");
  EXPECT_TRUE(store.remove(at("endpointslices.discovery.k8s.io", "one-1")));
  EXPECT_EQ(ask("127.80.0.1:80/tcp"), "503");
  EXPECT_TRUE(store.remove(at("services", "one")));
  EXPECT_EQ(ask("127.80.0.1:80/tcp"), "500");
  EXPECT_EQ(condition(status(routes, "r")["parents"].items()[0], "ResolvedRefs"),
            "False BackendNotFound");
}

// A write is answered with the status that it leads to; each status is written once, and our own write asks for nothing.
TEST_F(ClusterGateways, StatusesAreWrittenOnceAndAskForNothing) {
  apply(gateway("web", listener("a", 80)));
  EXPECT_EQ(condition(status(gateways, "web"), "Programmed"), "True Programmed");
  EXPECT_EQ(address("web"), "127.80.0.1");
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(modified["Gateway"], 1);
  settled();

  apply(route("r", "web", "one"));
  EXPECT_EQ(condition(status(routes, "r")["parents"].items()[0], "Accepted"), "True Accepted");
  EXPECT_EQ(status(gateways, "web")["listeners"].items()[0]["attachedRoutes"].integer(), 1);
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(modified["HTTPRoute"], 1);
  EXPECT_EQ(modified["Gateway"], 1) << "attachedRoutes";
  settled();

  // The same again, what nobody follows, and nothing at all.
  world.clock.advance(std::chrono::hours(1));
  apply(route("r", "web", "one"));
  apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x, namespace: default}\n");
  store.settle();
  EXPECT_EQ(changes, 0);
  // Followed, but without a meaning for them: looked at, and no status is written.
  apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: default}\n");
  EXPECT_EQ(modified["HTTPRoute"] + modified["Gateway"], 0);
  EXPECT_EQ(store.unsettled(), 0u);
}

TEST_F(ClusterGateways, WhatOthersWriteIntoAStatusIsPutRight) {
  apply(gateway("web", listener("a", 80)) + route("r", "web", "one"));
  const cluster::ObjectPtr before = find(routes, "r");
  const Json good = before->body["status"];
  settled();
  Json body = before->body;
  Json& parents = body.member("status").member("parents");
  auto foreign = cluster::parse_json(
      R"([{"parentRef":{"name":"web"},"controllerName":"example.com/other","conditions":[]}])");
  ASSERT_TRUE(foreign);
  parents = *foreign;  // ours is lost
  ASSERT_TRUE(store.update(at(routes, "r", cluster::Sub::status), body));
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(modified["HTTPRoute"], 2) << "theirs, and ours behind it";
  const Json now = status(routes, "r");
  ASSERT_EQ(now["parents"].size(), 2u) << "an entry of another controller stays";
  const Json& first = now["parents"].items()[0];
  const Json& ours =
      first["controllerName"].str() == "example.com/other" ? now["parents"].items()[1] : first;
  EXPECT_EQ(condition(ours, "Accepted"), condition(good["parents"].items()[0], "Accepted"));
  EXPECT_EQ(ask("127.80.0.1:80/tcp"), "10.0.0.1:8080");
}

TEST_F(ClusterGateways, TwoGatewaysHaveAnAddressEach) {
  apply(gateway("first", listener("a", 80)) + gateway("second", listener("a", 80)));
  EXPECT_EQ(entry_points(), "127.80.0.1:80/tcp 127.80.0.2:80/tcp");
  apply(route("r1", "first", "one") + route("r2", "second", "two"));
  const std::string one = address("first") + ":80/tcp", two = address("second") + ":80/tcp";
  EXPECT_NE(one, two);
  EXPECT_EQ(ask(one), "10.0.0.1:8080");
  EXPECT_EQ(ask(two), "10.0.0.2:8080");
  // The one that stays keeps its address, and a new one takes nothing from it.
  EXPECT_TRUE(store.remove(at(gateways, "first")));
  EXPECT_EQ(ask(two), "10.0.0.2:8080");
  EXPECT_EQ(entry_points(), two);
  apply(gateway("a-third", listener("a", 80)));
  EXPECT_EQ(address("second") + ":80/tcp", two);
  EXPECT_EQ(address("a-third") + ":80/tcp", one);
}

TEST_F(ClusterGateways, WhatIsWrongIsToldOnce) {
  apply(gateway("web", listener("a", 80)) + route("good", "web", "one"));
  EXPECT_EQ(told, "");
  apply(route("bad", "web", "nobody"));
  EXPECT_EQ(std::exchange(told, {}), "HTTPRoute default/bad GP0812;");
  // Not when another object changes, routes alone or everything.
  apply(route("good", "web", "two"));
  apply(service("three", "10.0.0.3"));
  EXPECT_EQ(told, "");
  apply(route("bad", "web", "two"));
  EXPECT_EQ(told, "");
  apply(route("bad", "web", "nobody"));
  EXPECT_EQ(std::exchange(told, {}), "HTTPRoute default/bad GP0812;");
  EXPECT_TRUE(store.remove(at("services", "one")));
  EXPECT_EQ(told, "");
}

TEST_F(ClusterGateways, ABrokenObjectHurtsNoOtherRoute) {
  apply(gateway("web", listener("a", 80)) + route("good", "web", "one"));
  const std::string entry = "127.80.0.1:80/tcp";
  const std::string elsewhere = ", matches: [{path: {type: PathPrefix, value: /x}}]";
  for (const std::string& bad : {
           route("bad", "web", "nobody", elsewhere),
           route("bad", "web", "two", elsewhere + ", filters: [{type: Unheard}]"),
           route("bad", "web", "two", ", matches: [{path: {type: RegularExpression, value: '('}}]"),
           route("bad", "gone", "two"),
           api + "kind: HTTPRoute\nmetadata: {name: bad, namespace: default}\nspec: {rules: 7}\n",
           gateway("bad", listener("a", 80, ", hostname: '*'") + ", {name: x}"),
           gateway("bad",
                   "{name: t, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: "
                   "none}]}}"),
           gateway("web", listener("a", 80) + ", {name: b, port: 82, protocol: CARRIER}"),
       }) {
    apply(bad);
    EXPECT_EQ(ask(entry), "10.0.0.1:8080") << bad;
    EXPECT_EQ(condition(status(routes, "good")["parents"].items()[0], "Accepted"), "True Accepted")
        << bad;
    for (const std::string& resource : {routes, gateways}) {
      if (find(resource, "bad")) EXPECT_TRUE(store.remove(at(resource, "bad")));
    }
  }
  EXPECT_EQ(store.unsettled(), 0u);
}

// What a store holds already is followed as if it had come one by one.
TEST_F(ClusterGateways, AStoreThatIsFullAlreadyIsFollowed) {
  cluster::Store full(world.clock, world.random);
  auto documents =
      config::parse_documents(base + service("one", "10.0.0.1") +
                                  gateway("web", listener("a", 80)) + route("r", "web", "one"),
                              "m.yaml", config::Format::yaml);
  ASSERT_TRUE(documents);
  cluster::apply_manifests(full, *documents);
  int looked = 0;
  Engine another(std::make_shared<const config::StaticConfig>(), world.clock, world.random, "h");
  ClusterGateway late(full, world.clock, another, {}, [&] { ++looked; });
  late.follow_all();
  EXPECT_EQ(looked, 1);
  EXPECT_TRUE(another.snapshot()->entry_points.contains("127.80.0.1:80/tcp"));
  const cluster::TypePtr type =
      full.registry().find_plural("gateway.networking.k8s.io", "gateways");
  const cluster::ObjectPtr web = full.find(*type, "default", "web");
  EXPECT_EQ(condition(web->body["status"], "Programmed"), "True Programmed");
}

TEST_F(ClusterGateways, AnAccountOfItsNameThatIsSomebodyElsesStays) {
  apply(
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: taken, namespace: default, labels: "
      "{mine: x}}\n");
  apply(gateway("taken", listener("a", 80)) + gateway("web", listener("b", 81)));
  EXPECT_EQ(find("serviceaccounts", "taken")->body.at("metadata.labels.mine").str(), "x");
  EXPECT_FALSE(find("serviceaccounts", "taken")->body["metadata"]["ownerReferences"].size());
  EXPECT_TRUE(find("serviceaccounts", "web"));
  settled();
  apply(gateway("web", listener("b", 81), ", annotations: {a: b}"));
  EXPECT_EQ(modified["ServiceAccount"], 0);
}

}  // namespace
}  // namespace gateproof::pipeline
