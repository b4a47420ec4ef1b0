// Ingresses and what they depend on change one by one: it comes to what a translation of everything says.
#include "engine/kubernetes/ingress_maker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/ingress.h"
#include "engine/kubernetes/objects_rig_test.h"

namespace gateproof::kubernetes {
namespace {

using Name = UnitMaker::Name;

struct Cluster : testing::Objects {
  Cluster() {
    for (const std::string name : {"one", "two"}) put(service(name, ""));
    put(slice("one", "one", "10.0.0.1"));
    put(slice("two", "two", "10.0.0.2"));
    put("apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: ours}\nspec: "
        "{controller: traefik.io/ingress-controller}\n");
  }
  static std::string service(const std::string& name, const std::string& annotation) {
    return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", annotations: {" +
           annotation + "}}\nspec: {ports: [{port: 80}]}\n";
  }
  static std::string slice(const std::string& name, const std::string& of,
                           const std::string& address) {
    return testing::slice(name, of, address, 80);
  }
  Context context(config::Findings& to) const {
    return {store, options, ingress_provider, "providers.kubernetesIngress", to};
  }
};

std::vector<std::string> shown(const config::DynamicConfig& c) {
  std::vector<std::string> out;
  for (const auto& [name, r] : c.routers)
    out.push_back(name + " " + r.rule.value + " " + r.service.value + " " + r.span.to_string());
  for (const auto& [name, s] : c.services) {
    out.push_back(name + " " + s.span.to_string() +
                  (s.load_balancer->pass_host_header ? " passes" : ""));
    for (const auto& server : s.load_balancer->servers) out.back() += " " + server.url.value;
  }
  out.push_back(std::to_string(c.certificates.size()) + " certificates");
  return out;
}

template <class... T>
std::string one_of(T... texts) {
  return *rc::gen::elementOf(std::vector<std::string>{texts...});
}

std::string draw_ingress(int n) {
  const auto backend = [] {
    return "service: {name: " + one_of("one", "two", "gone") + ", port: {number: 80}}";
  };
  std::string out = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i" +
                    std::to_string(n) +
                    "}\nspec: {ingressClassName: " + one_of("ours", "ours", "late", "gone");
  if (*rc::gen::inRange(0, 4) == 0) return out + ", defaultBackend: {" + backend() + "}}\n";
  if (*rc::gen::inRange(0, 6) == 0) out += ", tls: [{secretName: pair}]";
  out += ", rules: [";
  for (int r = *rc::gen::inRange(0, 2); r >= 0; --r) {
    out += "{host: " + one_of("a.test", "b.test") +
           ", http: {paths: [{path: " + one_of("/", "/x", "/y") +
           ", pathType: " + one_of("Prefix", "Exact") + ", backend: {" + backend() + "}}]}}" +
           (r ? ", " : "");
  }
  return out + "]}\n";
}

std::string draw_object() {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
    case 1:
      return Cluster::service(
          one_of("one", "two"),
          one_of("", "'traefik.ingress.kubernetes.io/service.passhostheader': 'false'"));
    case 2:
    case 3:
      return Cluster::slice(one_of("one", "two"), one_of("one", "two", "nobody"),
                            one_of("10.0.0.1", "10.0.0.2", "10.0.0.3"));
    case 4:
      return one_of(
          "apiVersion: v1\nkind: Secret\nmetadata: {name: pair}\nstringData: {tls.crt: a, tls.key: "
          "b}\n",
          "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: late}\nspec: "
          "{controller: traefik.io/ingress-controller}\n");
    default: return draw_ingress(*rc::gen::inRange(0, 5));
  }
}

// Those of a Service stay with whoever named it first.
std::set<std::string> of_ingresses(const config::Findings& findings) {
  std::set<std::string> out;
  for (const config::Finding& f : findings.list()) {
    if (f.object.starts_with("Ingress ")) out.insert(f.object + ": " + f.code + " " + f.message);
  }
  return out;
}

template <class T>
void apply(std::map<std::string, T>& objects, const config::ConfigPatch::Changes<T>& changes) {
  for (const auto& [name, object] : changes) {
    objects.erase(name);
    if (object) objects.emplace(name, *object);
  }
}

void chain_of_changes(size_t& alone, size_t& steps) {
  Cluster c;
  IngressMaker maker("v3");
  config::Findings first;
  config::DynamicConfig kept = maker.make(c.context(first));
  std::set<std::string> found = of_ingresses(first);
  for (int step = *rc::gen::inRange(1, 16); step > 0; --step) {
    std::vector<Name> changed;
    for (int k = *rc::gen::inRange(1, 3); k > 0; --k) {
      changed.push_back(c.put(draw_object()));
      Name& n = changed.back();
      if (n.kind == "IngressClass") n.ns = "";
      if (*rc::gen::inRange(0, 5) == 0) c.store.remove(n.group, n.kind, n.ns, n.name);
    }
    ++steps;
    config::Findings now, all;
    IngressMaker fresh("v3");
    if (const auto done = maker.update(c.context(now), changed)) {
      ++alone;
      apply(kept.routers, done->patch.routers);
      apply(kept.services, done->patch.services);
      std::erase_if(found, [&](const std::string& f) {
        return done->about.contains(f.substr(0, f.find(':')));
      });
      found.merge(of_ingresses(now));
    } else {
      config::Findings whole;
      kept = maker.make(c.context(whole));
      found = of_ingresses(whole);
    }
    RC_ASSERT(shown(kept) == shown(fresh.make(c.context(all))));
    RC_ASSERT(found == of_ingresses(all));
  }
}

TEST(IngressMaker, AnyChangesComeToWhatATranslationOfAllSays) {
  size_t alone = 0, steps = 0;
  EXPECT_TRUE(rc::check("a chain of changes", [&] { chain_of_changes(alone, steps); }));
  EXPECT_GT(alone * 10, steps * 8) << "most changes are translated alone";
}

// Balancers have the name of the Service, whoever names it: one Ingress more takes in no other.
TEST(IngressMaker, AnIngressIsTranslatedAloneThoughOthersNameItsService) {
  Cluster c;
  const auto ingress = [](int n, const std::string& host) {
    return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i" +
           std::to_string(n) + "}\nspec: {ingressClassName: ours, rules: [{host: " + host +
           ", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: one, port: "
           "{number: 80}}}}]}}]}\n";
  };
  for (int n = 0; n < 5; ++n) c.put(ingress(n, "h" + std::to_string(n) + ".test"));
  IngressMaker maker("v3");
  config::Findings findings;
  maker.make(c.context(findings));
  const Name changed = c.put(ingress(2, "other.test"));
  const auto done = maker.update(c.context(findings), {&changed, 1});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->about, (std::set<std::string>{"Ingress default/i2"}));
  EXPECT_TRUE(done->patch.services.empty()) << "it is what it was, with its state";
  const Name gone{"", "Service", "default", "one"};
  c.store.remove("", "Service", "default", "one");
  const auto without = maker.update(c.context(findings), {&gone, 1});
  ASSERT_TRUE(without);
  EXPECT_EQ(without->about.size(), 6u);
  EXPECT_EQ(without->patch.services.at("default-one-80@kubernetes"), nullptr);
}

}  // namespace
}  // namespace gateproof::kubernetes
