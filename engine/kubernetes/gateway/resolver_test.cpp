// A store that changes: after every step the kept model and what was told so far are what resolve() says from scratch.
#include "engine/kubernetes/gateway/resolver.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes::gateway {
namespace {

std::shared_ptr<const config::Document> document(const std::string& text) {
  auto parsed = config::parse_document(text, "put.yaml", config::Format::yaml);
  EXPECT_TRUE(parsed) << text;
  return parsed ? std::make_shared<const config::Document>(std::move(*parsed)) : nullptr;
}

std::string head(const char* kind, const std::string& name, const std::string& more = "") {
  return std::string("apiVersion: gateway.networking.k8s.io/v1\nkind: ") + kind +
         "\nmetadata: {name: " + name + ", namespace: infra" + more + "}\n";
}
ObjectName gateway_object(const char* kind, const std::string& name) {
  return {std::string(gateway_group), kind, "infra", name};
}

struct World {
  World() {
    put("apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: gp}\nspec: "
        "{controllerName: gateproof.dev/gateway-controller}\n");
    put(head("Gateway", "web") +
        "spec: {gatewayClassName: gp, allowedListeners: {namespaces: {from: Same}}, listeners: "
        "[{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, protocol: HTTP, hostname: "
        "\"*.b.test\"}]}\n");
    put(head("Gateway", "other") +
        "spec: {gatewayClassName: gp, listeners: [{name: a, port: 80, protocol: HTTP}]}\n");
    put(head("ListenerSet", "set") +
        "spec: {parentRef: {name: web}, listeners: [{name: s, port: 82, protocol: HTTP}]}\n");
    for (const char* service : {"one", "two"}) {
      put(std::string("apiVersion: v1\nkind: Service\nmetadata: {name: ") + service +
          ", namespace: infra}\nspec: {ports: [{name: p, port: 80}]}\n");
      put(head("BackendTLSPolicy", service) +
          "spec: {targetRefs: [{kind: Service, group: \"\", name: " + service +
          "}], validation: {hostname: a.test, wellKnownCACertificates: System}}\n");
    }
  }
  void put(const std::string& text) { store.put(document(text), findings); }
  void route(int n, int age, const std::string& parents, const std::string& service) {
    put(head("HTTPRoute", "r" + std::to_string(n),
             ", creationTimestamp: \"2024-01-0" + std::to_string(age) + "T00:00:00Z\"") +
        "spec: {parentRefs: [" + parents + "], rules: [{backendRefs: [{name: " + service +
        ", port: 80}]}]}\n");
  }
  bool remove_route(int n) {
    return store.remove(gateway_group, "HTTPRoute", "infra", "r" + std::to_string(n));
  }
  ObjectStore store;
  config::Findings findings;
};

ObjectName put_backend(World& w) {
  const std::string name = *rc::gen::element<std::string>("one", "two", "three");
  const bool gone = *rc::gen::inRange(0, 3) == 0;
  ObjectName changed{"", "Service", "infra", name};
  if (*rc::gen::inRange(0, 2) == 0) {
    if (!gone) {
      w.put("apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
            ", namespace: infra}\nspec: {ports: [{name: p, port: " +
            *rc::gen::element<std::string>("80", "80, appProtocol: https", "81") + "}]}\n");
    }
  } else {
    changed = {"discovery.k8s.io", "EndpointSlice", "infra", name};
    if (!gone) {
      w.put(
          "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + name +
          ", namespace: infra, labels: {kubernetes.io/service-name: " +
          *rc::gen::element<std::string>("one", "two", "three") +
          "}}\naddressType: IPv4\nports: [{name: p, port: 80}]\nendpoints: [{addresses: [10.0.0." +
          std::to_string(*rc::gen::inRange(1, 4)) + "]}]\n");
    }
  }
  if (gone) w.store.remove(changed.group, changed.kind, changed.ns, changed.name);
  return changed;
}

std::vector<std::string> routes_of(const Model& m) {
  std::vector<std::string> out;
  for (const Route& r : m.routes) {
    std::string text = r.object->name + " " + r.created;
    for (const Attachment& a : r.attachments) {
      text += " " + std::to_string(a.gateway) + "/" + std::to_string(a.listener);
      for (const std::string& h : a.hostnames) text += "," + h;
    }
    for (const Rule& rule : r.rules) {
      for (const Backend& b : rule.backends) {
        text += " " + b.service.name + (b.tls ? "+tls " : " ") + b.app_protocol + " " +
                std::to_string(b.error_status);
        for (const Backend::Address& a : b.endpoints) text += " " + a.ip;
      }
    }
    out.push_back(std::move(text));
  }
  return out;
}

using Told = std::map<ObjectName, std::string>;
void tell(Told& told, const Model& m) {
  for (const StatusUpdate& u : m.statuses) told[u.object] = u.status;
}
// A route that was told nothing and one that is told no more are one and the same.
Told without_empty(Told told) {
  std::erase_if(told, [](const auto& t) {
    return t.second == "{\"parents\":[]}" || t.second == "{\"ancestors\":[]}";
  });
  return told;
}

TEST(Resolver, AnyChangesOfRoutesAndBackendsComeToWhatAFreshLookSays) {
  EXPECT_TRUE(rc::check([] {
    World w;
    Resolver resolver({});
    Told told;
    tell(told, resolver.resolve(w.store, w.findings));
    const auto parents = rc::gen::element<std::string>(
        "{name: web}", "{name: web, sectionName: b}, {name: other}", "{name: gone}",
        "{kind: ListenerSet, name: set}", "{name: other, port: 99}");
    for (int step = 0; step < 12; ++step) {
      const int n = *rc::gen::inRange(0, 5);
      ObjectName name = gateway_object("HTTPRoute", "r" + std::to_string(n));
      if (*rc::gen::inRange(0, 2) == 0) {
        name = put_backend(w);
      } else if (*rc::gen::inRange(0, 3) == 0) {
        w.remove_route(n);
        told.erase(name);
      } else {
        w.route(n, *rc::gen::inRange(1, 4), *parents, *rc::gen::element("one", "two", "three"));
      }
      const Model& kept = resolver.update(w.store, {&name, 1}, w.findings);
      tell(told, kept);
      config::Findings findings;
      const Model fresh = resolve(w.store, {}, findings);
      RC_ASSERT(routes_of(kept) == routes_of(fresh));
      Told all;
      tell(all, fresh);
      RC_ASSERT(without_empty(told) == without_empty(all));
    }
    RC_ASSERT(resolver.full_runs() == 1u);
  }));
}

TEST(Resolver, RoutesServicesAndEndpointsAreLookedAtAlone) {
  World w;
  Resolver resolver({});
  resolver.resolve(w.store, w.findings);
  const ObjectName pod{"", "Pod", "infra", "p"}, lease{"coordination.k8s.io", "Lease", "x", "y"};
  resolver.update(w.store, std::vector<ObjectName>{pod, lease}, w.findings);
  EXPECT_EQ(resolver.full_runs(), 1u);
  w.route(1, 1, "{name: web}", "one");
  const Model& m = resolver.update(
      w.store, std::vector<ObjectName>{pod, gateway_object("HTTPRoute", "r1")}, w.findings);
  EXPECT_EQ(resolver.full_runs(), 1u);
  // The route, its Gateway, the Gateway's ListenerSet, and the policy that has an ancestor now.
  EXPECT_EQ(m.statuses.size(), 4u);
  EXPECT_TRUE(resolver.update(w.store, {}, w.findings).statuses.empty());
  const ObjectName service{"", "Service", "infra", "one"}, nobodys{"", "Service", "infra", "two"};
  w.store.remove("", "Service", "infra", "one");
  resolver.update(w.store, {&service, 1}, w.findings);
  EXPECT_EQ(resolver.looked_at().routes,
            (std::vector<ObjectName>{gateway_object("HTTPRoute", "r1")}));
  EXPECT_TRUE(resolver.update(w.store, {&nobodys, 1}, w.findings).statuses.empty());
  EXPECT_TRUE(resolver.looked_at().routes.empty());
  EXPECT_EQ(resolver.full_runs(), 1u);
  const ObjectName policy = gateway_object("BackendTLSPolicy", "one");
  resolver.update(w.store, {&policy, 1}, w.findings);
  EXPECT_EQ(resolver.full_runs(), 2u);
  ObjectStore another;
  resolver.update(another, {}, w.findings);
  EXPECT_EQ(resolver.full_runs(), 3u);
}

TEST(Resolver, AddressesStayWhateverTheStatusInTheStoreSays) {
  World w;
  Resolver resolver({});
  const auto address = [](const Model& m, std::string_view name) {
    for (const Gateway& g : m.gateways) {
      if (g.object->name == name) return g.address;
    }
    return std::string();
  };
  EXPECT_EQ(address(resolver.resolve(w.store, w.findings), "web"), "127.80.0.2");
  const ObjectName other = gateway_object("Gateway", "other");
  w.store.remove(gateway_group, "Gateway", "infra", "other");
  EXPECT_EQ(address(resolver.update(w.store, {&other, 1}, w.findings), "web"), "127.80.0.2");
}

TEST(ObjectStore, PutReplacesAndRemoveForgets) {
  ObjectStore store;
  config::Findings findings;
  const auto secret = [](const std::string& name, const std::string& value) {
    return document("apiVersion: v1\nkind: Secret\nmetadata: {name: " + name +
                    "}\nstringData: {a: " + value + "}\n");
  };
  const auto value = [&](std::string_view name) {
    const Object* o = store.find("", "Secret", "default", name);
    return o ? text_at(o->at("stringData"), "a") : "none";
  };
  store.put(secret("a", "one"), findings);
  store.put(secret("b", "two"), findings);
  const Object* b = store.find("", "Secret", "default", "b");
  store.put(secret("a", "three"), findings);
  EXPECT_EQ(value("a"), "three");
  EXPECT_TRUE(store.remove("", "Secret", "default", "a"));
  EXPECT_FALSE(store.remove("", "Secret", "default", "a"));
  EXPECT_EQ(value("a"), "none");
  EXPECT_EQ(store.list("", "Secret").size(), 1u);
  store.put(secret("c", "four"), findings);
  store.put(secret("a", "five"), findings);
  EXPECT_EQ(value("c") + value("a") + value("b"), "fourfivetwo");
  EXPECT_EQ(store.find("", "Secret", "default", "b"), b);
  EXPECT_EQ(store.all().size(), 3u);
  // What is no object, and one that the API server would refuse.
  store.put(nullptr, findings);
  store.put(document("a: b\n"), findings);
  EXPECT_TRUE(findings.list().empty());
  store.put(document("apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: [1]\n"),
            findings);
  EXPECT_EQ(findings.list().size(), 1u);
  EXPECT_EQ(value("b"), "none");
}

TEST(Resolver, AMiddlewareThatComesAndGoesIsLookedAt) {
  World w;
  w.put(head("HTTPRoute", "r") +
        "spec: {parentRefs: [{name: web}], rules: [{filters: [{type: ExtensionRef, extensionRef: "
        "{group: traefik.io, kind: Middleware, name: m}}]}]}\n");
  Resolver resolver({});
  Told told;
  const auto status = [&] { return told[gateway_object("HTTPRoute", "r")]; };
  tell(told, resolver.resolve(w.store, w.findings));
  EXPECT_NE(status().find("BackendNotFound"), std::string::npos);
  w.put(
      "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m, namespace: infra}\n"
      "spec: {addPrefix: {prefix: /x}}\n");
  const ObjectName name{std::string(traefik_group), "Middleware", "infra", "m"};
  const Model& known = resolver.update(w.store, {&name, 1}, w.findings);
  tell(told, known);
  EXPECT_EQ(status().find("BackendNotFound"), std::string::npos);
  EXPECT_EQ(known.routes.front().rules.front().error_status, 0);
  w.store.remove(name.group, name.kind, name.ns, name.name);
  tell(told, resolver.update(w.store, {&name, 1}, w.findings));
  EXPECT_NE(status().find("BackendNotFound"), std::string::npos);
}

}  // namespace
}  // namespace gateproof::kubernetes::gateway
