// IngressRoute to routers.
#include "engine/base/text.h"
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::RouterConfig;
using config::Value;

std::optional<Text> resolve_reference(const Context& c, std::string_view parent_ns,
                                      const Value& ref, std::string_view kind,
                                      const Report& report) {
  const Text name = located_at(&ref, "name");
  const Text ns = located_at(&ref, "namespace");
  const std::string what = "invalid reference to " + std::string(kind) + " " + name.value + ": ";
  if (name.value.find('@') != std::string::npos) {
    if (!c.options.allow_cross_namespace && name.value.ends_with("@" + std::string(crd_provider))) {
      report(
          "GP0716", name.span,
          what + "when allowCrossNamespace is disabled, @kubernetescrd references are disallowed",
          "write the object's own name, without namespace and provider, or set " +
              c.option("allowCrossNamespace"));
      return std::nullopt;
    }
    if (!c.cross_provider_allowed(parent_ns)) {
      report(
          "GP0717", name.span,
          what + "namespace \"" + std::string(parent_ns) + "\" is not in crossProviderNamespaces",
          "add the namespace to " + c.option("crossProviderNamespaces"));
      return std::nullopt;
    }
    if (!ns.value.empty()) {
      report.plain("GP0718", ns.span,
                   "Namespace \"" + ns.value + "\" is ignored in cross-provider context",
                   "remove `namespace`: " + name.value + " names its provider");
    }
    return name;
  }
  const std::string_view target = ns.value.empty() ? parent_ns : std::string_view(ns.value);
  if (!c.options.allow_cross_namespace && target != parent_ns) {
    report("GP0716", ns.span,
           what + "allowCrossNamespace is disabled, cross-namespace are disallowed",
           "define the object in namespace " + std::string(parent_ns) + ", or set " +
               c.option("allowCrossNamespace"));
    return std::nullopt;
  }
  return Text{qualify(c.names().object(target, name.value), crd_provider), name.span};
}

std::optional<Text> resolve_tls_options(const Context& c, std::string_view parent_ns,
                                        const Value& ref, const Report& report) {
  // Dots become dashes as in any reference, but not in the name of the TLSOption: one whose name has dots is never found (recorded).
  return resolve_reference(c, parent_ns, ref, "TLSOption", report);
}

std::optional<config::CookieConfig> read_cookie(const Value* sticky) {
  const Value* v = member(sticky, "cookie");
  if (!v || v->kind != Value::mapping) return std::nullopt;
  config::CookieConfig cookie;
  cookie.name = text_at(v, "name");
  cookie.secure = boolean_at(v, "secure").value_or(false);
  cookie.http_only = boolean_at(v, "httpOnly").value_or(false);
  cookie.same_site = text_at(v, "sameSite");
  cookie.max_age = integer_at(v, "maxAge");
  if (const Value* path = member(v, "path")) cookie.path = path->str();
  cookie.domain = text_at(v, "domain");
  return cookie;
}

namespace {

constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";

}  // namespace

bool taken(const Context& c, const Object& o) {
  const Value* spec_class = o.at("spec.ingressClassName");
  std::string_view name;
  SourceSpan span = o.span;
  if (spec_class && spec_class->kind == Value::scalar) {
    name = spec_class->str();
    span = spec_class->span;
  } else if (const Value::Member* m = o.annotation_member(class_annotation);
             m && !m->value.str().empty()) {
    name = m->value.str();
    span = m->value.span;
    c.findings.add("GP0707", m->key_span, o.label(),
                   "the annotation kubernetes.io/ingress.class is deprecated",
                   "write spec.ingressClassName instead");
  }
  const bool ours =
      name == c.options.ingress_class || (c.options.ingress_class.empty() && name == "traefik");
  if (!ours) {
    c.findings.add("GP0709", span, o.label(),
                   "the object is not taken: its class is \"" + std::string(name) + "\" and " +
                       c.option("ingressClass") + " is \"" + c.options.ingress_class + "\"",
                   c.options.ingress_class.empty()
                       ? "write spec.ingressClassName: traefik, or leave it out"
                       : "write spec.ingressClassName: " + c.options.ingress_class);
  }
  return ours;
}

namespace {

class Routes {
 public:
  Routes(const Context& c, CrdServices& services, config::DynamicConfig& out)
      : c_(c), services_(services), out_(out) {}

  void ingress_route(const Object& o) {
    if (!taken(c_, o)) return;
    certificate(o);
    const auto parents = parent_routers(o);
    if (!parents) return;
    size_t index = 0;
    for (const Value& route : items_at(o.at("spec"), "routes")) one(o, route, index++, *parents);
  }

 private:
  // A missing certificate is only logged: the router is kept.
  void certificate(const Object& o) {
    const Text secret = located_at(o.at("spec.tls"), "secretName");
    if (secret.value.empty()) return;
    const Report report(c_.findings, o,
                        "the routers are kept, and clients get another certificate");
    if (auto pair = crd_certificate(c_, o.ns, secret, report))
      out_.certificates.push_back(std::move(*pair));
  }

  // Names of the routers of the parents; nullopt: the IngressRoute is dropped whole.
  std::optional<std::vector<Text>> parent_routers(const Object& o) {
    const Report report(c_.findings, o, "all its routes are dropped");
    std::vector<Text> names;
    for (const Value& ref : items_at(o.at("spec"), "parentRefs")) {
      const Text name = located_at(&ref, "name");
      const Text given = located_at(&ref, "namespace");
      const std::string ns = given.value.empty() ? o.ns : given.value;
      if (ns != o.ns && !c_.options.allow_cross_namespace) {
        report(
            "GP0716", given.span,
            "cross-namespace reference to parent IngressRoute " + ns + "/" + name.value +
                " not allowed",
            "move the object to namespace " + ns + ", or set " + c_.option("allowCrossNamespace"));
        return std::nullopt;
      }
      const Object* parent = c_.find(traefik_group, "IngressRoute", ns, name.value);
      if (!parent) {
        report("GP0721", name.span,
               "parent IngressRoute " + ns + "/" + name.value + " does not exist",
               where_else(c_, traefik_group, "IngressRoute", ns, name.value));
        return std::nullopt;
      }
      size_t index = 0;
      for (const Value& route : items_at(parent->at("spec"), "routes")) {
        const std::string router =
            c_.names().http_route(parent->ns, parent->name, text_at(&route, "match"), index++);
        names.push_back({qualify(router, crd_provider), name.span});
      }
    }
    return names;
  }

  bool usable(const Value& route, const Text& match, const Report& report) {
    const Text kind = located_at(&route, "kind");
    if (!kind.value.empty() && kind.value != "Rule") {
      report("GP0719", kind.span,
             "Unsupported match kind: " + kind.value + ". Only \"Rule\" is supported for now.",
             "write kind: Rule");
      return false;
    }
    if (match.value.empty()) {
      report("GP0719", match.span.known() ? match.span : route.span, "Empty match rule",
             "write a rule such as Host(`app.example.com`)");
      return false;
    }
    return true;
  }

  void one(const Object& o, const Value& route, size_t index, const std::vector<Text>& parents) {
    const Report report(c_.findings, o, "the route is dropped");
    const Text match = located_at(&route, "match");
    if (!usable(route, match, report)) return;
    RouterConfig r;
    for (const Value& ref : items_at(&route, "middlewares")) {
      auto name = resolve_reference(c_, o.ns, ref, "middleware", report);
      if (!name) return;
      r.middlewares.push_back(std::move(*name));
    }
    const std::string router = c_.names().http_route(o.ns, o.name, match.value, index);
    const std::string name = qualify(router, crd_provider);
    if (!service_of(o, route, router, r, report)) return;
    r.rule = match;
    r.span = match.span;
    r.parent_refs = parents;
    r.rule_syntax = located_at(&route, "syntax");
    r.has_observability = member(&route, "observability") != nullptr;
    if (const Value* priority = member(&route, "priority"))
      r.priority = {integer_of(*priority).value_or(0), priority->span};
    for (const Value& e : items_at(o.at("spec"), "entryPoints"))
      r.entry_points.push_back({std::string(e.str()), e.span});
    if (!tls_of(o, r, report)) return;
    put(out_.routers, name, std::move(r), "router", report);
  }

  bool service_of(const Object& o, const Value& route, const std::string& router, RouterConfig& r,
                  const Report& report) {
    const std::vector<Value>& entries = items_at(&route, "services");
    if (entries.empty()) return true;  // a parent of other routes
    const std::string name =
        qualify(c_.names().route_service(router, entries.size() > 1), crd_provider);
    if (entries.size() > 1) {
      if (!services_.weighted(o.ns, entries, nullptr, router, name, route.span, report))
        return false;
      r.service = {name, entries.front().span};
      return true;
    }
    auto named = services_.named(o.ns, entries.front(), router, "lb", report);
    if (!named) return false;
    r.service = named->name;
    if (named->service) {
      r.service.value = name;
      out_.services.insert_or_assign(name, std::move(*named->service));
    }
    return true;
  }

  bool tls_of(const Object& o, RouterConfig& r, const Report& report) {
    const Value* tls = o.at("spec.tls");
    if (!tls || tls->kind != Value::mapping) return true;
    config::RouterTls t;
    t.span = tls->span;
    t.cert_resolver = located_at(tls, "certResolver");
    for (const Value& d : items_at(tls, "domains")) {
      config::TlsDomain domain{text_at(&d, "main"), {}};
      for (const Value& san : items_at(&d, "sans")) domain.sans.emplace_back(san.str());
      t.domains.push_back(std::move(domain));
    }
    if (const Value* options = member(tls, "options");
        options && !text_at(options, "name").empty()) {
      const auto name = resolve_tls_options(c_, o.ns, *options, report);
      if (!name) return false;
      t.options = *name;
      default_options(options, o);
    }
    r.tls = std::move(t);
    return true;
  }

  // A TLSOption named default is known as `default`, but a reference to it looks for `namespace-default`.
  void default_options(const Value* options, const Object& o) {
    const Text name = located_at(options, "name");
    if (name.value != "default") return;
    c_.findings.add("GP0731", name.span, o.label(),
                    "the TLSOption `default` cannot be named: Traefik looks for " +
                        c_.names().tls_options(o.ns, "default") +
                        "@kubernetescrd, which never exists, and the routers are disabled",
                    "remove `options`: the default TLSOption applies by itself");
  }

  const Context& c_;
  CrdServices& services_;
  config::DynamicConfig& out_;
};

void note_later(const Context& c, const Object& o, std::string_view what) {
  c.findings.add("GP1120", o.span, o.label(), std::string(what) + " is not acted on yet",
                 "nothing to mend: it is checked, and takes no effect here");
}

}  // namespace

config::DynamicConfig crd_route(const Context& c, const Object& o) {
  config::DynamicConfig own;
  CrdServices services(c, own);
  Routes(c, services, own).ingress_route(o);
  return own;
}

void crd_later(const Context& c) {
  for (const char* kind : {"TLSOption", "TLSStore"}) {
    for (const Object* o : c.list(traefik_group, kind)) note_later(c, *o, kind);
  }
}

}  // namespace gateproof::kubernetes
