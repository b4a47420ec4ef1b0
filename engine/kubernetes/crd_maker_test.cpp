// IngressRoutes that change one by one come to what a translation of everything says, or say that it is needed.
#include "engine/kubernetes/crd_maker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using Name = CrdRoutes::Name;

struct Cluster {
  Cluster() {
    for (const std::string name : {"one", "two"}) {
      put("apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
          "}\nspec: {ports: [{port: 80}]}\n");
      put("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + name +
          "-1, labels: {kubernetes.io/service-name: " + name +
          "}}\naddressType: IPv4\nports: [{port: 8080}]\nendpoints: [{addresses: [10.0.0.1]}]\n");
    }
    put("apiVersion: v1\nkind: Secret\nmetadata: {name: pair}\ntype: "
        "kubernetes.io/tls\nstringData: "
        "{tls.crt: a, tls.key: b}\n");
  }
  void put(const std::string& text) {
    auto parsed = config::parse_document(text, "put.yaml", config::Format::yaml);
    ASSERT_TRUE(parsed) << text;
    store.put(std::make_shared<const config::Document>(std::move(*parsed)), findings);
  }
  void route(int n, const std::string& spec) {
    put("apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r" +
        std::to_string(n) + "}\nspec: {" + spec + "}\n");
  }
  bool remove(int n) {
    return store.remove(traefik_group, "IngressRoute", "default", "r" + std::to_string(n));
  }
  config::DynamicConfig all(CrdRoutes& routes) {
    return translate_crd(context(), testing::TestTypes(), &routes).config;
  }
  Context context() { return {store, options, crd_provider, "providers.kubernetesCRD", findings}; }

  ObjectStore store;
  config::KubernetesProviderConfig options;
  config::Findings findings;
};

Name name(int n) {
  return {std::string(traefik_group), "IngressRoute", "default", "r" + std::to_string(n)};
}

template <class T>
void apply(std::map<std::string, T>& objects, const config::ConfigPatch::Changes<T>& changes) {
  for (const auto& [name, object] : changes) {
    objects.erase(name);
    if (object) objects.emplace(name, *object);
  }
}

std::vector<std::string> shown(const config::DynamicConfig& c) {
  std::vector<std::string> out;
  for (const auto& [name, r] : c.routers) {
    out.push_back(name + " " + r.rule.value + " " + r.service.value + " " + r.span.to_string() +
                  (r.tls ? " tls " + r.tls->options.value : ""));
    for (const auto& m : r.middlewares) out.back() += " " + m.value;
  }
  for (const auto& [name, s] : c.services) {
    out.push_back(name + " " + s.span.to_string());
    if (s.load_balancer) {
      for (const auto& server : s.load_balancer->servers) out.back() += " " + server.url.value;
    }
    if (s.weighted) {
      for (const auto& child : s.weighted->services) out.back() += " " + child.name.value;
    }
  }
  out.push_back(std::to_string(c.certificates.size()) + " certificates");
  return out;
}

std::string draw_spec() {
  const auto service = [] {
    return "{name: " + *rc::gen::element<std::string>("one", "two", "gone") + ", port: 80}";
  };
  std::string out = "routes: [";
  for (int n = *rc::gen::inRange(0, 3); n >= 0; --n) {
    out += "{kind: Rule, match: '" +
           *rc::gen::element<std::string>("Host(`a.test`)", "Host(`b.test`)", "Path(`/x`)") +
           "', services: [" + service() + (*rc::gen::inRange(0, 3) ? "" : ", " + service()) +
           "], middlewares: [" + (*rc::gen::inRange(0, 3) ? "" : "{name: m}") + "]}" +
           (n ? ", " : "");
  }
  out += "]";
  out += *rc::gen::element<std::string>("", "", "", ", tls: {}", ", tls: {secretName: pair}",
                                        ", tls: {options: {name: o}}");
  if (*rc::gen::inRange(0, 12) == 0) out += ", parentRefs: [{name: r0}]";
  return out;
}

TEST(CrdRoutes, AnyChangesComeToWhatATranslationOfAllSays) {
  EXPECT_TRUE(rc::check("a chain of changes", [] {
    Cluster c;
    CrdRoutes routes;
    config::DynamicConfig kept = c.all(routes);
    for (int step = *rc::gen::inRange(1, 12); step > 0; --step) {
      std::vector<Name> changed;
      for (int k = *rc::gen::inRange(1, 3); k > 0; --k) {
        const int n = *rc::gen::inRange(0, 6);
        changed.push_back(name(n));
        if (*rc::gen::inRange(0, 4) == 0) {
          c.remove(n);
        } else {
          c.route(n, draw_spec());
        }
      }
      if (const auto patch = routes.update(c.context(), changed)) {
        apply(kept.routers, patch->routers);
        apply(kept.services, patch->services);
      } else {
        kept = c.all(routes);
      }
      CrdRoutes fresh;
      RC_ASSERT(shown(kept) == shown(c.all(fresh)));
    }
  }));
}

TEST(CrdRoutes, WhatReachesFurtherIsSaid) {
  struct Row {
    std::string clause, before, after;
    bool alone;
  };
  const std::string route =
      "routes: [{kind: Rule, match: 'Host(`a.test`)', services: [{name: one, "
      "port: 80}]}]";
  for (const Row& row : std::vector<Row>{
           {"a route", route, "routes: [{kind: Rule, match: 'Host(`b.test`)'}]", true},
           {"a certificate comes", route, route + ", tls: {secretName: pair}", false},
           {"a certificate goes", route + ", tls: {secretName: pair}", route, false},
           {"a certificate stays", route + ", tls: {secretName: pair}",
            "routes: [], tls: {secretName: pair}", true},
           {"a child", route, route + ", parentRefs: [{name: r1}]", false},
           {"a child before", route + ", parentRefs: [{name: r1}]", route, false},
       }) {
    Cluster c;
    c.route(0, row.before);
    c.route(1, "routes: [{kind: Rule, match: 'Host(`c.test`)'}]");
    CrdRoutes routes;
    c.all(routes);
    c.route(0, row.after);
    EXPECT_EQ(routes.update(c.context(), std::vector<Name>{name(0)}).has_value(), row.alone)
        << row.clause;
  }
  Cluster c;
  CrdRoutes routes;
  c.all(routes);
  const Name service{"", "Service", "default", "one"};
  EXPECT_FALSE(routes.update(c.context(), std::vector<Name>{service}));
  EXPECT_TRUE(routes.update(c.context(), {})->empty());
}

}  // namespace
}  // namespace gateproof::kubernetes
