// ExtensionRef filters: Middleware objects of the route's namespace, made into middlewares as the CRD provider makes them.
#include <algorithm>
#include <deque>

#include "engine/kubernetes/crd.h"
#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

// Names cannot collide, and nothing is allowed that the provider's options would have to allow.
const config::KubernetesProviderConfig& usual_options() {
  static const config::KubernetesProviderConfig options = [] {
    config::KubernetesProviderConfig o;
    o.safe_naming = true;
    return o;
  }();
  return options;
}

bool is_extension(const Value& filter) { return text_at(&filter, "type") == "ExtensionRef"; }

class Extensions {
 public:
  Extensions(const Model& model, const config::MiddlewareTypes& types, config::Findings& findings,
             std::vector<std::string>& asked)
      : model_(model),
        types_(types),
        context_{*model.store, usual_options(), crd_provider, "providers.kubernetesCRD",
                 findings,     &asked},
        services_(context_, made_.config) {}

  void add() {
    for (const Route& route : model_.routes) {
      for (const Rule& rule : route.rules) {
        name_all(rule.rule, route.object->ns);
        for (const Backend& b : rule.backends) name_all(b.ref, route.object->ns);
      }
    }
    for (; !left_.empty(); left_.pop_front()) make(*left_.front());
  }
  CrdResult& made() { return made_; }

 private:
  void name_all(const Value* owner, const std::string& ns) {
    for (const Value& f : items_at(owner, "filters")) {
      const Value* ref = member(&f, "extensionRef");
      if (is_extension(f) && text_at(ref, "kind") == "Middleware") name(ns, text_at(ref, "name"));
    }
  }

  void name(const std::string& ns, const std::string& middleware) {
    const Object* o = model_.store->find(traefik_group, "Middleware", ns, middleware);
    if (o && seen_.insert(o).second) left_.push_back(o);
  }

  void make(const Object& o) {
    crd_middleware(context_, types_, services_, o, made_);
    const Value* chain = o.at("spec.chain");
    for (const Value& ref : items_at(chain, "middlewares")) {
      const std::string ns = text_at(&ref, "namespace");
      name(ns.empty() ? o.ns : ns, text_at(&ref, "name"));
    }
  }

  const Model& model_;
  const config::MiddlewareTypes& types_;
  const Context context_;
  CrdResult made_;
  CrdServices services_;
  std::deque<const Object*> left_;
  std::set<const Object*> seen_;
};

}  // namespace

std::string middleware_name(std::string_view ns, std::string_view name) {
  return config::qualify(CrdNames(usual_options().safe_naming).object(ns, name), crd_provider);
}

std::set<std::string> named_middlewares(const Route& route) {
  std::set<std::string> out;
  const auto add = [&out](const Value* owner) {
    for (const Value& f : items_at(owner, "filters")) {
      if (is_extension(f)) out.insert(text_at(member(&f, "extensionRef"), "name"));
    }
  };
  for (const Rule& r : route.rules) {
    add(r.rule);
    for (const Backend& b : r.backends) add(b.ref);
  }
  return out;
}

void add_extensions(const Model& model, const config::MiddlewareTypes& types,
                    config::Findings& findings, config::DynamicConfig& out,
                    std::vector<std::string>& asked) {
  if (!model.store) return;
  Extensions all(model, types, findings, asked);
  all.add();
  config::DynamicConfig& made = all.made().config;
  out.middlewares.merge(made.middlewares);
  out.services.merge(made.services);  // of `errors`
  out.servers_transports.merge(made.servers_transports);
}

}  // namespace gateproof::kubernetes::gateway
