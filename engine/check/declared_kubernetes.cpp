#include "engine/check/declared_kubernetes.h"

#include "engine/base/text.h"
#include "engine/kubernetes/core_objects.h"
#include "engine/kubernetes/names.h"

namespace gateproof::check {

using config::qualify;
using config::Value;
using kubernetes::CrdNames;
using kubernetes::items_at;
using kubernetes::located_at;
using kubernetes::member;
using kubernetes::Object;
using kubernetes::text_at;

std::vector<MiddlewareUse> names_in_list(const Value& list) {
  std::vector<MiddlewareUse> out;
  const std::string& all = list.text;
  for (size_t at = 0; at <= all.size();) {
    const size_t end = std::min(all.find(',', at), all.size());
    const std::string_view part = std::string_view(all).substr(at, end - at);
    const std::string_view name = text::trim(part);
    if (!name.empty()) {
      const size_t offset = at + static_cast<size_t>(name.data() - part.data());
      out.push_back(
          {std::string(name), std::string(name),
           list.span.at(static_cast<uint32_t>(offset), static_cast<uint32_t>(name.size()))});
    }
    at = end + 1;
  }
  return out;
}

namespace {

constexpr std::string_view prefix = "traefik.ingress.kubernetes.io/";

MiddlewareUse reference(const CrdNames& names, const Object& o, const Value& ref) {
  const config::Text name = located_at(&ref, "name");
  const std::string ns = text_at(&ref, "namespace");
  const std::string id = name.value.find('@') == std::string::npos
                             ? names.object(ns.empty() ? o.ns : ns, name.value)
                             : name.value;
  return {qualify(id, kubernetes::crd_provider), name.value, name.span};
}

std::vector<MiddlewareUse> references(const CrdNames& names, const Object& o, const Value* holder) {
  std::vector<MiddlewareUse> out;
  for (const Value& ref : items_at(holder, "middlewares")) out.push_back(reference(names, o, ref));
  return out;
}

void parse(DeclaredRouter& r, bool v2) {
  auto parsed = rules::parse_rule(r.rule.value, v2 ? rules::Syntax::v2 : rules::Syntax::v3);
  if (parsed) r.parsed = std::move(*parsed);
}

DeclaredRouter router_of(const Object& o, std::string_view provider) {
  DeclaredRouter r;
  r.object = o.label();
  r.provider = provider;
  r.file = o.span.file_name();
  return r;
}

void ingress_route(const CrdNames& names, const Object& o, Declared& out) {
  const Value* spec = o.at("spec");
  size_t index = 0;
  for (const Value& route : items_at(spec, "routes")) {
    DeclaredRouter r = router_of(o, kubernetes::crd_provider);
    r.rule = located_at(&route, "match");
    r.name =
        qualify(names.http_route(o.ns, o.name, r.rule.value, index++), kubernetes::crd_provider);
    r.span = r.rule.span.known() ? r.rule.span : o.span;
    r.priority = kubernetes::integer_at(&route, "priority");
    if (const Value* p = member(&route, "priority")) r.priority_span = p->span;
    for (const Value& e : items_at(spec, "entryPoints"))
      r.entry_points.push_back({std::string(e.str()), e.span});
    r.middlewares = references(names, o, &route);
    r.tls = member(spec, "tls") != nullptr;
    parse(r, text_at(&route, "syntax") == "v2");
    for (const Value& service : items_at(&route, "services")) {
      for (MiddlewareUse& use : references(names, o, &service))
        out.other_uses.push_back(std::move(use));
    }
    out.routers.push_back(std::move(r));
  }
}

const Value* annotation(const Object& o, std::string_view name) {
  return o.annotation(std::string(prefix) + std::string(name));
}

bool ingress_is_tls(const Object& o) {
  const Value* all = o.at("metadata.annotations");
  if (!all) return false;
  for (const Value::Member& m : all->members) {
    if (m.key.starts_with(std::string(prefix) + "router.tls") && m.value.str() != "false")
      return true;
  }
  return false;
}

// Host("h") && PathPrefix("p"), as the provider writes it (catalogue 6.6).
std::string ingress_rule(const std::string& host, const Value& path) {
  std::string rule = host.empty() ? "" : "Host(" + text::quote(host) + ")";
  const std::string p = text_at(&path, "path");
  if (p.empty()) return rule;
  const bool exact = text_at(&path, "pathType") == "Exact";
  return rule + (rule.empty() ? "" : " && ") + (exact ? "Path(" : "PathPrefix(") + text::quote(p) +
         ")";
}

void ingress(const Object& o, Declared& out) {
  for (const Value& rule : items_at(o.at("spec"), "rules")) {
    const std::string host = text_at(&rule, "host");
    for (const Value& path : items_at(member(&rule, "http"), "paths")) {
      DeclaredRouter r = router_of(o, kubernetes::ingress_provider);
      const std::string written = text_at(&path, "path");
      r.name = qualify(kubernetes::ingress_router_name(o.ns, o.name, host, written),
                       kubernetes::ingress_provider);
      const Value* at = member(&path, "path");
      r.span = at ? at->span : path.span;
      r.rule = {ingress_rule(host, path), r.span};
      if (const Value* p = annotation(o, "router.priority")) {
        r.priority = text::parse_int(p->str()).value_or(0);
        r.priority_span = p->span;
      }
      if (const Value* e = annotation(o, "router.entrypoints")) {
        for (MiddlewareUse& name : names_in_list(*e))
          r.entry_points.push_back({name.name, name.span});
      }
      if (const Value* m = o.annotation(router_middlewares)) r.middlewares = names_in_list(*m);
      r.tls = ingress_is_tls(o);
      parse(r, false);
      out.routers.push_back(std::move(r));
    }
  }
}

void middleware(const CrdNames& names, const Object& o, Declared& out) {
  DeclaredMiddleware m;
  m.name = qualify(names.object(o.ns, o.name), kubernetes::crd_provider);
  m.object = o.label();
  m.span = o.span;
  m.types = o.at("spec");
  m.file = o.span.file_name();
  if (const Value* chain = m.options("chain")) m.chain = references(names, o, chain);
  out.middlewares.emplace(m.name, std::move(m));
}

// ExtensionRef filters of Gateway routes, in rules and in their backends.
void gateway_filters(const Object& o, const Value& holder, Declared& out) {
  for (const Value& f : items_at(&holder, "filters")) {
    const Value* ref = member(&f, "extensionRef");
    if (!ref || text_at(ref, "kind") != "Middleware") continue;
    const config::Text name = located_at(ref, "name");
    out.other_uses.push_back(
        {qualify(kubernetes::object_name(o.ns, name.value), kubernetes::crd_provider), name.value,
         name.span});
  }
  for (const Value& backend : items_at(&holder, "backendRefs")) gateway_filters(o, backend, out);
}

}  // namespace

void declare_kubernetes(const kubernetes::ObjectStore& store, const CrdNames& names,
                        Declared& out) {
  for (const Object* o : store.list(kubernetes::traefik_group, "Middleware"))
    middleware(names, *o, out);
  for (const Object* o : store.list(kubernetes::traefik_group, "IngressRoute"))
    ingress_route(names, *o, out);
  for (const Object* o : store.list(kubernetes::networking_group, "Ingress")) ingress(*o, out);
  for (const char* kind : {"HTTPRoute", "GRPCRoute"}) {
    for (const Object* o : store.list(kubernetes::gateway_group, kind)) {
      for (const Value& rule : items_at(o->at("spec"), "rules")) gateway_filters(*o, rule, out);
    }
  }
  for (const Object* o : store.list(kubernetes::core_group, "Service")) {
    const Value* m = o->annotation("traefik.ingress.kubernetes.io/service.middlewares");
    if (!m) continue;
    for (MiddlewareUse& use : names_in_list(*m)) out.other_uses.push_back(std::move(use));
  }
}

}  // namespace gateproof::check
