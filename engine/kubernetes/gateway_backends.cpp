#include "engine/kubernetes/gateway_backends.h"

#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/backends.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

constexpr std::string_view http_filters[] = {"ExtensionRef", "RequestHeaderModifier",
                                             "RequestRedirect", "ResponseHeaderModifier",
                                             "URLRewrite"};
// Of a GRPCRoute Traefik does not know ResponseHeaderModifier (recorded).
constexpr std::string_view grpc_filters[] = {"ExtensionRef", "RequestHeaderModifier"};
constexpr std::string_view native_annotation = "traefik.io/service.nativelb";

// A backendRef with its defaults.
struct Ref {
  const Value& value;
  Text name, given_ns;
  std::string group, kind, ns, path;  // path: core/Service/default/back
};

Ref read_ref(const Value& v, const Object& route) {
  Ref r{v,
        located_at(&v, "name"),
        located_at(&v, "namespace"),
        text_at(&v, "group"),
        text_at(&v, "kind"),
        route.ns,
        ""};
  if (r.kind.empty()) r.kind = "Service";
  if (r.group.empty()) r.group = "core";
  if (!r.given_ns.value.empty()) r.ns = r.given_ns.value;
  r.path = r.group + "/" + r.kind + "/" + r.ns + "/" + r.name.value;
  return r;
}

bool is_traefik_service(const Ref& r) {
  return r.kind == "TraefikService" && r.group == traefik_group;
}

class Backends {
 public:
  Backends(const Context& c, const BackendIndex& index, RouteView& route)
      : index_(index),
        c_(c),
        view_(route),
        route_(*route.object),
        report_(c_.findings, route_, "the backend's share of requests is answered with 500"),
        noun_(route_.kind == "HTTPRoute"   ? "HTTPBackendRef"
              : route_.kind == "GRPCRoute" ? "GRPCBackendRef"
                                           : route_.kind + " BackendRef") {}

  Condition read() {
    for (const Value& rule : items_at(route_.at("spec"), "rules")) {
      RuleView& r = view_.rules.emplace_back();
      r.rule = &rule;
      // A rule with a filter that Traefik does not know is answered with 500 as a whole; its backends are not looked at.
      std::string fault;
      r.filters_known = filters(rule, fault);
      if (!r.filters_known) continue;
      const std::vector<Value>& refs = items_at(&rule, "backendRefs");
      r.internal = refs.size() == 1 && internal(refs.front());
      for (const Value& ref : refs) {
        BackendView& b = r.backends.emplace_back();
        b.ref = &ref;
        b.weight = integer_at(&ref, "weight", 1);
        const Ref read = read_ref(ref, route_);
        b.ns = read.ns;
        b.name = read.name.value;
        b.usable = r.internal ? internal_allowed(b) : backend(read, b);
      }
    }
    return condition_;
  }

 private:
  bool fail(std::string reason, std::string told, std::string_view code, const SourceSpan& at,
            const std::string& message, std::string remedy) {
    report_(code, at, reason + ": " + message, std::move(remedy));
    condition_ = {"ResolvedRefs", false, std::move(reason), std::move(told)};
    return false;
  }
  std::string cannot(const std::string& what, const std::string& why) const {
    return "Cannot load " + noun_ + " " + what + ": " + why;
  }

  bool internal(const Value& ref) const {
    const Ref r = read_ref(ref, route_);
    // Of internal services the group is not looked at (Traefik).
    return r.kind == "TraefikService" && r.name.value.ends_with("@internal") &&
           route_.kind != "GRPCRoute";
  }

  bool internal_allowed(BackendView& b) {
    b.named = b.name;
    if (c_.cross_provider_allowed(route_.ns)) return true;
    const std::string where = "namespace \"" + route_.ns + "\" is not in crossProviderNamespaces";
    const Value* name = member(b.ref, "name");
    return fail("RefNotPermitted",
                "Cannot load " + route_.kind + " BackendRef " + b.name +
                    ": internal service reference is not allowed: " + route_.kind + " " + where,
                "GP0803", name ? name->span : b.ref->span,
                "internal service reference is not allowed: " + where,
                "add the namespace to " + c_.option("crossProviderNamespaces"));
  }

  // False: the rule is answered with 500.
  bool filters(const Value& holder, std::string& fault) {
    std::span<const std::string_view> known = http_filters;
    if (route_.kind == "GRPCRoute") known = grpc_filters;
    for (const Value& f : items_at(&holder, "filters")) {
      const Text type = located_at(&f, "type");
      const Report report(c_.findings, route_, "every request of the rule is answered with 500");
      if (std::find(known.begin(), known.end(), type.value) == known.end()) {
        fault = "unsupported filter " + type.value;
        report(
            "GP0815", type.span, fault,
            "use one of " + text::join(std::vector<std::string>(known.begin(), known.end()), ", "));
        return false;
      }
      if (type.value == "URLRewrite" && !f.at("urlRewrite.path") && !f.at("urlRewrite.hostname")) {
        fault = "invalid filter URLRewrite: empty configuration";
        report("GP0815", type.span, fault, "write hostname or path");
        return false;
      }
      if (type.value == "ExtensionRef" &&
          !extension(member(&f, "extensionRef"), type.span, report, fault))
        return false;
    }
    return true;
  }

  bool extension(const Value* ref, const SourceSpan& at, const Report& report, std::string& fault) {
    const Text name = located_at(ref, "name");
    const std::string what = text_at(ref, "group") + "/" + text_at(ref, "kind");
    fault = "loading ExtensionRef filter ExtensionRef: unsupported filter extension ref " + what +
            "/" + name.value;
    if (text_at(ref, "group") != traefik_group || text_at(ref, "kind") != "Middleware") {
      report("GP0815", at, "unsupported filter extension ref " + what,
             "name a Middleware of traefik.io");
      return false;
    }
    if (!index_.setting.crd) {
      report("GP0815", name.span,
             "a Middleware can be named only where the provider kubernetesCRD is on",
             "turn on providers.kubernetesCRD");
      return false;
    }
    fault.clear();
    if (!c_.find(traefik_group, "Middleware", route_.ns, name.value)) {
      report("GP0815", name.span, "Middleware " + route_.ns + "/" + name.value + " does not exist",
             where_else(c_, traefik_group, "Middleware", route_.ns, name.value));
    }
    return true;
  }

  bool backend(const Ref& r, BackendView& out) {
    const bool service = r.group == "core" && r.kind == "Service";
    if (route_.kind == "GRPCRoute" && !service) return other_kind(r);
    if (!r.given_ns.value.empty() && r.name.value.find('@') != std::string::npos) {
      const std::string why = "namespace is not allowed with a cross-provider reference";
      return fail("RefNotPermitted", cannot(r.path, why), "GP0803", r.given_ns.span,
                  why + " " + r.path, "remove `namespace`");
    }
    if (!reference_granted(c_, route_.kind, route_.ns, r.group, r.kind, r.ns, r.name.value)) {
      return fail("RefNotPermitted", cannot(r.path, "missing ReferenceGrant"), "GP0803",
                  r.name.span, "cannot load backendRef " + r.path + ": missing ReferenceGrant",
                  "add a ReferenceGrant in namespace " + r.ns + " from " + route_.kind + "s of " +
                      route_.ns + " to " + r.kind + "s");
    }
    std::string fault;
    if (route_.kind == "HTTPRoute" && !filters(r.value, fault)) {
      condition_ = {"ResolvedRefs", false, "InvalidKind",
                    "Cannot load filters on HTTPBackendRef " + r.path + ": " + fault};
      return false;
    }
    return service ? service_backend(r, out) : traefik_backend(r, out);
  }

  bool other_kind(const Ref& r) {
    const std::string told =
        route_.kind == "GRPCRoute"
            ? "only Kubernetes services are supported"
            : "unsupported " +
                  std::string(route_.kind == "HTTPRoute" ? "HTTPBackendRef" : "BackendRef") + " " +
                  r.group + "/" + r.kind + "/" + r.name.value;
    return fail("InvalidKind", cannot(r.path, told), "GP0813", r.name.span,
                "cannot load backendRef " + r.path,
                is_traefik_service(r) ? "turn on providers.kubernetesCRD"
                                      : "name a Service, or a TraefikService of traefik.io");
  }

  // A service of another provider, or of the CRD provider.
  bool traefik_backend(const Ref& r, BackendView& out) {
    if (!is_traefik_service(r)) return other_kind(r);
    if (r.name.value.find('@') == std::string::npos) {
      // Only HTTP has them.
      if (!index_.setting.crd || route_.kind != "HTTPRoute") return other_kind(r);
      out.named = c_.names().object(r.ns, r.name.value) + "@" + std::string(crd_provider);
      return true;
    }
    out.named = r.name.value;
    if (c_.cross_provider_allowed(route_.ns)) return true;
    const std::string where = "namespace \"" + route_.ns + "\" is not in crossProviderNamespaces";
    return fail(
        "InvalidKind",
        cannot(r.path, "TraefikService \"" + r.name.value + "\" reference is not allowed: " +
                           (route_.kind == "HTTPRoute" ? "" : "route ") + where),
        "GP0813", r.name.span, "cannot load backendRef " + r.path + ": " + where,
        "add the namespace to " + c_.option("crossProviderNamespaces"));
  }

  bool service_backend(const Ref& r, BackendView& out) {
    const std::string path = r.ns + "/" + r.name.value;
    const Value* port = member(&r.value, "port");
    const int64_t number = integer_at(&r.value, "port");
    if (!port || number == 0) {
      const bool stream = route_.kind == "TCPRoute" || route_.kind == "TLSRoute";
      return fail("UnsupportedProtocol",
                  "Cannot load " + noun_ + " " + r.path + (stream ? "" : ":") + " port is required",
                  "GP0814", r.name.span, "port is required for Service " + path, "write `port`");
    }
    const Object* o = c_.find(core_group, "Service", r.ns, r.name.value);
    if (!o) {
      return fail("BackendNotFound",
                  cannot(path, "getting service: service \"" + r.name.value + "\" not found"),
                  "GP0812", r.name.span, "Service " + path + " does not exist",
                  where_else(c_, core_group, "Service", r.ns, r.name.value));
    }
    const Service s = read_service(*o);
    if (s.type == "ExternalName") {
      return fail(
          "BackendNotFound",
          cannot(path, "type ExternalName is not supported for Kubernetes Service reference"),
          "GP0812", r.name.span, "type ExternalName is not supported for Service " + path,
          "name a Service with endpoints");
    }
    const auto p = std::find_if(s.ports.begin(), s.ports.end(),
                                [number](const ServicePort& x) { return x.number == number; });
    if (p == s.ports.end()) {
      const std::string what = "service port " + std::to_string(number) + " not found";
      return fail("BackendNotFound", cannot(path, what), "GP0812", port->span, what + " in " + path,
                  "ports of the Service: " + ports_text(s));
    }
    return addresses(r, s, *p, out) && protocol(s, *p, port->span, path, out);
  }

  bool addresses(const Ref& r, const Service& s, const ServicePort& p, BackendView& out) {
    const std::string path = r.ns + "/" + r.name.value;
    const Value* annotation = s.object->annotation(native_annotation);
    bool native = c_.options.native_lb_by_default;
    if (annotation) native = annotation->str() == "true";
    if (native) {
      if (s.cluster_ip.empty() || s.cluster_ip == "None") {
        const std::string what = "no clusterIP found for service: " + path;
        return fail("BackendNotFound", cannot(path, what), "GP0812", r.name.span, what,
                    "give the Service an address, or leave nativeLB out");
      }
      out.addresses.push_back(server_url("", s.cluster_ip, p.number).substr(3));
      return true;
    }
    const std::vector<EndpointSlice> slices = c_.slices(s);
    if (slices.empty()) {
      return fail("BackendNotFound", cannot(path, "endpointslices not found"),
                  s.has_selector ? "GP0713" : "GP0812", r.name.span,
                  "endpointslices not found for " + path + " among these files",
                  "a cluster makes them from the Service's selector; add an EndpointSlice with the "
                  "label kubernetes.io/service-name: " +
                      r.name.value);
    }
    std::set<std::string, std::less<>> seen;
    for (const EndpointSlice& slice : slices) {
      const auto own = std::find_if(slice.ports.begin(), slice.ports.end(),
                                    [&p](const ServicePort& x) { return x.name == p.name; });
      if (own == slice.ports.end() || own->number == 0) continue;
      for (const Endpoint& e : slice.endpoints) {
        // Unlike the other providers: only what says that it is ready (recorded).
        if (!e.ready.value_or(false)) continue;
        for (const Text& a : e.addresses) {
          if (seen.insert(a.value).second)
            out.addresses.push_back(server_url("", a.value, own->number).substr(3));
        }
      }
    }
    return true;
  }

  bool protocol(const Service& s, const ServicePort& p, const SourceSpan& at,
                const std::string& path, BackendView& out) {
    if (p.protocol != "TCP") {
      const std::string what = "only TCP protocol is supported";
      return fail("UnsupportedProtocol", cannot(path, what), "GP0814", at,
                  what + ", not " + p.protocol + " of " + path, "name a TCP port");
    }
    if (route_.kind == "HTTPRoute") return http_protocol(s, p, at, path, out);
    if (route_.kind != "GRPCRoute") return true;
    const std::string application = text::to_lower(p.app_protocol);
    out.scheme = application == "https" ? "https" : "h2c";
    if (application.empty() || application == "https" || application == "kubernetes.io/h2c")
      return true;
    const std::string what = "only \"kubernetes.io/h2c\" and \"https\" appProtocol is supported";
    return fail("UnsupportedProtocol", cannot(path, what), "GP0814", at,
                what + ", not " + p.app_protocol + " of " + path,
                "write appProtocol: kubernetes.io/h2c or https on the Service's port");
  }

  bool http_protocol(const Service& s, const ServicePort& p, const SourceSpan& at,
                     const std::string& path, BackendView& out) {
    static const std::map<std::string, std::string, std::less<>> schemes = {
        {"", "http"},
        {"http", "http"},
        {"https", "https"},
        {"kubernetes.io/h2c", "h2c"},
        {"kubernetes.io/ws", "http"},
        {"kubernetes.io/wss", "https"}};
    if (const std::optional<bool> secured = policies(s, p, at, path, out)) return *secured;
    const auto scheme = schemes.find(text::to_lower(p.app_protocol));
    if (scheme == schemes.end()) {
      return fail("UnsupportedProtocol",
                  cannot(path, "unsupported application protocol " + p.app_protocol), "GP0814", at,
                  "unsupported application protocol " + p.app_protocol + " of " + path,
                  "write appProtocol: http, https, kubernetes.io/h2c, kubernetes.io/ws or "
                  "kubernetes.io/wss on the Service's port");
    }
    out.scheme = scheme->second;
    return true;
  }

  // The oldest policy of the port decides; the others are told that they lost. nullopt: there is none.
  std::optional<bool> policies(const Service& s, const ServicePort& p, const SourceSpan& at,
                               const std::string& path, BackendView& out) {
    std::optional<bool> done;
    for (const BackendIndex::Targeted& t : index_.policies(*s.object)) {
      if (!t.section.empty() && t.section != p.name) continue;
      if (done) {
        view_.policies.push_back({t.policy,
                                  {"ResolvedRefs", false, "ResolvedRefs", ""},
                                  {"Accepted", false, "Conflicted", ""}});
        continue;
      }
      PolicyTls made = policy_tls(c_, *t.policy);
      done = made.fault.empty();
      if (*done) {
        out.scheme = "https";
        out.tls = std::move(made.tls);
        view_.policies.push_back({t.policy,
                                  {"ResolvedRefs", true, "ResolvedRefs", ""},
                                  {"Accepted", true, "Accepted", ""}});
        continue;
      }
      view_.policies.push_back({t.policy,
                                {"ResolvedRefs", false, made.reason, made.fault},
                                {"Accepted", false, "NoValidCACertificate", ""}});
      fail("RefNotPermitted",
           "Cannot apply BackendTLSPolicy for Service " + path + ": " + made.fault, "GP0819", at,
           "cannot apply " + t.policy->label() + " for Service " + path + ": " + made.fault,
           "name a ConfigMap or a Secret of the policy's namespace with the key ca.crt");
    }
    return done;
  }

  const BackendIndex& index_;
  const Context& c_;
  RouteView& view_;
  const Object& route_;
  Report report_;
  std::string noun_;
  Condition condition_{"ResolvedRefs", true, "ResolvedRefs", ""};
};

}  // namespace

Condition read_backends(const Context& c, const BackendIndex& index, RouteView& route) {
  return Backends(c, index, route).read();
}

}  // namespace gateproof::kubernetes
