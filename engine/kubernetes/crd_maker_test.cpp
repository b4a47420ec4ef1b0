// Objects that change one by one come to what a translation of everything says, or say that it is needed.
#include "engine/kubernetes/crd_maker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/objects_rig_test.h"
#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using Name = CrdMaker::Name;

std::string head(const std::string& version, const std::string& kind, const std::string& name) {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name;
}
std::string traefik(const std::string& kind, const std::string& name, const std::string& spec) {
  return head("traefik.io/v1alpha1", kind, name) + "}\nspec: {" + spec + "}\n";
}
std::string service(const std::string& name, const std::string& more = "") {
  return head("v1", "Service", name) + "}\nspec: {ports: [{port: 80}]" + more + "}\n";
}
std::string slice(const std::string& name, const std::string& of, const std::string& address) {
  return testing::slice(name, of, address, 8080);
}
std::string secret(const std::string& name, const std::string& value) {
  return head("v1", "Secret", name) + "}\nstringData: {" + value + "}\n";
}

struct Cluster : testing::Objects {
  Cluster() {
    for (const std::string name : {"one", "two"}) {
      put(service(name));
      put(slice(name + "-1", name, "10.0.0.1"));
    }
    put(secret("pair", "tls.crt: a, tls.key: b"));
  }
  Name route(int n, const std::string& spec) {
    return put(traefik("IngressRoute", "r" + std::to_string(n), spec));
  }
  config::DynamicConfig all(CrdMaker& maker) {
    found.clear();
    config::Findings all;
    config::DynamicConfig out =
        maker.make({store, options, crd_provider, "providers.kubernetesCRD", all});
    for (const config::Finding& f : all.list()) found[f.object].insert(f.code + " " + f.message);
    return out;
  }
  // False: everything is to be translated.
  bool update(CrdMaker& maker, std::span<const Name> changed, config::DynamicConfig& kept);

  testing::TestTypes types;
  std::map<std::string, std::set<std::string>> found;  // by object
};

template <class T>
void apply(std::map<std::string, T>& objects, const config::ConfigPatch::Changes<T>& changes) {
  for (const auto& [name, object] : changes) {
    objects.erase(name);
    if (object) objects.emplace(name, *object);
  }
}

bool Cluster::update(CrdMaker& maker, std::span<const Name> changed, config::DynamicConfig& kept) {
  config::Findings now;
  const auto done =
      maker.update({store, options, crd_provider, "providers.kubernetesCRD", now}, changed);
  if (!done) return false;
  for (const std::string& object : done->about) found.erase(object);
  for (const config::Finding& f : now.list()) {
    EXPECT_TRUE(done->about.contains(f.object)) << f.object;
    found[f.object].insert(f.code + " " + f.message);
  }
  apply(kept.routers, done->patch.routers);
  apply(kept.services, done->patch.services);
  apply(kept.middlewares, done->patch.middlewares);
  apply(kept.servers_transports, done->patch.servers_transports);
  return true;
}

std::string shown(const config::ServiceConfig& s) {
  std::string out = s.span.to_string();
  if (s.load_balancer) {
    for (const auto& server : s.load_balancer->servers) out += " " + server.url.value;
    out += " " + s.load_balancer->servers_transport.value;
  }
  if (s.weighted) {
    for (const auto& child : s.weighted->services)
      out += " " + child.name.value + "*" + std::to_string(child.weight);
  }
  if (s.mirroring) {
    out += " " + s.mirroring->service.value;
    for (const auto& mirror : s.mirroring->mirrors) out += " >" + mirror.name.value;
  }
  if (s.failover) out += " " + s.failover->service.value + " else " + s.failover->fallback.value;
  for (const auto& m : s.middlewares) out += " through " + m.value;
  return out;
}

std::vector<std::string> shown(const config::DynamicConfig& c) {
  std::vector<std::string> out;
  for (const auto& [name, r] : c.routers) {
    out.push_back(name + " " + r.rule.value + " " + r.service.value + " " + r.span.to_string() +
                  (r.tls ? " tls " + r.tls->options.value : ""));
    for (const auto& m : r.middlewares) out.back() += " " + m.value;
  }
  for (const auto& [name, s] : c.services) out.push_back(name + " " + shown(s));
  for (const auto& [name, m] : c.middlewares) {
    out.push_back(name + " " + m.type + " " + m.span.to_string());
    const auto* o = static_cast<const testing::Options*>(m.options.get());
    if (!o) continue;
    out.back() += " " + o->prefix;
    for (const std::string& user : o->users) out.back() += " " + user;
    for (const Text& ref : o->refs) out.back() += " " + ref.value;
  }
  for (const auto& [name, t] : c.servers_transports) {
    out.push_back(name + " " + t.tls.server_name + " " + t.span.to_string());
    for (const Text& ca : t.tls.root_cas) out.back() += " " + ca.value;
  }
  out.push_back(std::to_string(c.certificates.size()) + " certificates, " +
                std::to_string(c.tls_options.size()) + " options, " +
                std::to_string(c.tcp.routers.size()) + " tcp");
  for (const auto& [name, s] : c.tcp.services) {
    out.push_back(name);
    if (!s.load_balancer) continue;
    for (const auto& server : s.load_balancer->servers) out.back() += " " + server.address.value;
  }
  return out;
}

template <class... T>
std::string one_of(T... texts) {
  return *rc::gen::elementOf(std::vector<std::string>{texts...});
}
bool rarely(int n) { return *rc::gen::inRange(0, n) == 0; }

std::string draw_entry(const std::string& more = "") {
  if (rarely(5)) return "{kind: TraefikService, name: " + one_of("ts0", "ts1", "gone") + more + "}";
  return "{name: " + one_of("one", "two", "three", "gone") + ", port: 80" +
         (rarely(6) ? ", serversTransport: " + one_of("st0", "gone") : "") +
         (rarely(6) ? ", nativeLB: true" : "") + (rarely(6) ? ", nodePortLB: true" : "") + more +
         "}";
}

std::string draw_route() {
  std::string out = "routes: [";
  for (int n = *rc::gen::inRange(0, 3); n >= 0; --n) {
    out += "{kind: Rule, match: '" + one_of("Host(`a.test`)", "Host(`b.test`)", "Path(`/x`)") +
           "', services: [" + draw_entry() + (rarely(3) ? ", " + draw_entry() : "") +
           "], middlewares: [" + (rarely(3) ? "{name: " + one_of("m0", "m1") + "}" : "") + "]}" +
           (n ? ", " : "");
  }
  out += "]" + one_of("", "", "", "", ", tls: {}", ", tls: {secretName: pair}",
                      ", tls: {options: {name: o}}");
  if (rarely(30)) out += ", parentRefs: [{name: r0}]";
  return out;
}

std::string draw_traefik_service() {
  const std::string two = draw_entry() + ", " + draw_entry();
  switch (*rc::gen::inRange(0, 4)) {
    case 0: return "weighted: {services: [" + two + "]}";
    case 1: return "highestRandomWeight: {services: [" + two + "]}";
    case 2: return "failover: {service: " + draw_entry() + ", fallback: " + draw_entry() + "}";
    default: {
      const std::string main = draw_entry();
      return "mirroring: " + main.substr(0, main.size() - 1) + ", mirrors: [" +
             draw_entry(", percent: 10") + "]}";
    }
  }
}

std::string draw_middleware() {
  return one_of("addPrefix: {prefix: /a}", "addPrefix: {prefix: /b}", "basicAuth: {secret: users}",
                "chain: {middlewares: [{name: m0}]}", "nonsense: {}",
                "errors: {status: ['500'], query: /, service: {name: one, port: 80}}");
}

// What a put object may be; a removed one is one of the same name.
std::string draw_object() {
  const std::string n = std::to_string(*rc::gen::inRange(0, 2));
  switch (*rc::gen::inRange(0, 14)) {
    case 0:
    case 1:
      return service(one_of("one", "two", "three"),
                     one_of("", "", ", type: NodePort", ", clusterIP: 10.1.1.1",
                            ", type: ExternalName, externalName: x.test"));
    case 2:
    case 3:
    case 4:
      return slice(one_of("one-1", "two-1", "three-1", "more"), one_of("one", "two", "three"),
                   one_of("10.0.0.1", "10.0.0.2"));
    case 5:
    case 6: return traefik("Middleware", "m" + n, draw_middleware());
    case 7:
    case 8: return traefik("TraefikService", "ts" + n, draw_traefik_service());
    case 9:
      return traefik("ServersTransport", "st0",
                     one_of("serverName: a", "serverName: b", "rootCAsSecrets: [ca]"));
    case 10:
      return one_of(secret("users", "a: 'u:1'"), secret("users", "a: 'u:2'"),
                    secret("users", "a: u, b: v"), secret("ca", "ca.crt: one"),
                    secret("ca", "ca.crt: two"), secret("pair", "tls.crt: a, tls.key: c"));
    case 11:
      if (!rarely(3)) return slice("one-1", "one", one_of("10.0.0.3", "10.0.0.4"));
      return one_of(traefik("TLSOption", "o", "minVersion: VersionTLS12"),
                    traefik("IngressRouteTCP", "tcp",
                            "entryPoints: [web], routes: [{match: HostSNI(`*`), services: [{name: "
                            "two, port: 80}]}]"),
                    head("v1", "Node", "n") +
                        "}\nstatus: {addresses: [{type: InternalIP, address: 10.9.9.9}]}\n");
    default:
      return traefik("IngressRoute", "r" + std::to_string(*rc::gen::inRange(0, 5)), draw_route());
  }
}

void chain_of_changes(size_t& alone, size_t& steps) {
  Cluster c;
  c.options.safe_naming = rarely(2);
  c.options.allow_empty_services = rarely(3);
  c.options.allow_external_name_services = rarely(2);
  CrdMaker maker(c.types);
  config::DynamicConfig kept = c.all(maker);
  for (int step = *rc::gen::inRange(1, 16); step > 0; --step) {
    std::vector<Name> changed;
    for (int k = *rc::gen::inRange(1, 3); k > 0; --k) {
      changed.push_back(c.put(draw_object()));
      const Name& n = changed.back();
      if (rarely(5)) c.store.remove(n.group, n.kind, n.kind == "Node" ? "" : n.ns, n.name);
    }
    ++steps;
    if (c.update(maker, changed, kept)) {
      ++alone;
    } else {
      kept = c.all(maker);
    }
    const auto found = c.found;
    CrdMaker fresh(c.types);
    RC_ASSERT(shown(kept) == shown(c.all(fresh)));
    RC_ASSERT(found == c.found);
  }
}

TEST(CrdMaker, AnyChangesComeToWhatATranslationOfAllSays) {
  size_t alone = 0, steps = 0;
  EXPECT_TRUE(rc::check("a chain of changes", [&] { chain_of_changes(alone, steps); }));
  EXPECT_GT(alone * 10, steps * 6) << "most changes are translated alone";
}

TEST(CrdMaker, WhatReachesFurtherIsSaid) {
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
    CrdMaker maker(c.types);
    config::DynamicConfig kept = c.all(maker);
    const Name changed = c.route(0, row.after);
    EXPECT_EQ(c.update(maker, {&changed, 1}, kept), row.alone) << row.clause;
  }
}

TEST(CrdMaker, OfAServiceOnlyThoseThatNameItAreTranslated) {
  Cluster c;
  const auto naming = [](const std::string& name) {
    return "routes: [{kind: Rule, match: 'Host(`a.test`)', services: [{name: " + name +
           ", port: 80}]}]";
  };
  for (int n = 0; n < 6; ++n) c.route(n, naming(n % 3 ? "one" : "two"));
  c.put(traefik("IngressRouteTCP", "tcp",
                "routes: [{match: HostSNI(`*`), services: [{name: three, port: 80}]}]"));
  CrdMaker maker(c.types);
  c.all(maker);
  const auto about = [&](const Name& changed) {
    const auto done = maker.update(
        {c.store, c.options, crd_provider, "providers.kubernetesCRD", c.findings}, {&changed, 1});
    if (!done) return std::set<std::string>{"everything"};
    std::set<std::string> others = done->about;
    others.erase(changed.kind + " default/" + changed.name);
    return others;
  };
  using Set = std::set<std::string>;
  const Set of_two{"IngressRoute default/r0", "IngressRoute default/r3"};
  EXPECT_EQ(about(c.put(slice("two-1", "two", "10.0.0.9"))), of_two);
  EXPECT_EQ(about(c.put(slice("two-2", "two", "10.0.0.8"))), of_two);
  EXPECT_EQ(about(c.put(service("two"))), of_two);
  EXPECT_EQ(about(c.put(slice("two-2", "nobody", "10.0.0.8"))), of_two);
  EXPECT_EQ(about(c.put(slice("two-2", "nobody", "10.0.0.7"))), Set{});
  // What is no unit looked for it.
  EXPECT_EQ(about(c.put(service("three"))), Set{"everything"});
}

// Two weighted services make one of the same name, unless names are safe: the last of them decides (recorded).
TEST(CrdMaker, ANameOfSeveralIsTheLastOnes) {
  for (const bool safe : {false, true}) {
    Cluster c;
    c.options.safe_naming = safe;
    const auto both = [](const std::string& more) {
      return "routes: [{kind: Rule, match: 'Host(`a.test`)', services: [{name: one, port: 80" +
             more + "}, {name: two, port: 80}]}]";
    };
    c.route(0, both(""));
    c.route(1, both(", serversTransport: st0"));
    CrdMaker maker(c.types);
    config::DynamicConfig kept = c.all(maker);
    for (const auto& [n, more] : {std::pair(0, ", serversTransport: a"), {1, ""}}) {
      const Name changed = c.route(n, both(more));
      ASSERT_TRUE(c.update(maker, {&changed, 1}, kept));
      CrdMaker fresh(c.types);
      EXPECT_EQ(shown(kept), shown(c.all(fresh))) << safe;
    }
  }
}

TEST(CrdMaker, WithTooManyEverythingIsTranslated) {
  Cluster c;
  for (size_t n = 0; n <= changed_units_max; ++n) {
    c.put(traefik("IngressRoute", "n" + std::to_string(n),
                  "routes: [{kind: Rule, match: 'Host(`a.test`)', services: [{name: one, port: "
                  "80}]}]"));
  }
  CrdMaker maker(c.types);
  config::DynamicConfig kept = c.all(maker);
  const Name changed = c.put(slice("one-1", "one", "10.0.0.9"));
  EXPECT_FALSE(c.update(maker, {&changed, 1}, kept));
  c.all(maker);
  c.store.remove(std::string(traefik_group), "IngressRoute", "default", "n0");
  const Name gone{std::string(traefik_group), "IngressRoute", "default", "n0"};
  EXPECT_TRUE(c.update(maker, {&gone, 1}, kept));
  EXPECT_TRUE(c.update(maker, {&changed, 1}, kept));
}

}  // namespace
}  // namespace gateproof::kubernetes
