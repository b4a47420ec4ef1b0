// backendRefs and filters of routes: the ResolvedRefs condition.
#include "engine/base/text.h"
#include "engine/kubernetes/backends.h"
#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

constexpr std::string_view http_filters[] = {"ExtensionRef", "RequestHeaderModifier",
                                             "RequestRedirect", "ResponseHeaderModifier",
                                             "URLRewrite"};
constexpr std::string_view grpc_filters[] = {"ExtensionRef", "RequestHeaderModifier",
                                             "ResponseHeaderModifier"};

class Backends {
 public:
  Backends(const Context& c, const Object& route, bool crd)
      : c_(c),
        route_(route),
        crd_(crd),
        report_(c.findings, route, "the backend's share of requests is answered with 500") {}

  Condition check() {
    for (const Value& rule : items_at(route_.at("spec"), "rules")) {
      // A rule with a filter that Traefik does not know is answered with 500 as a whole; its backends are not looked at.
      if (!filters(rule)) continue;
      const std::vector<Value>& refs = items_at(&rule, "backendRefs");
      if (refs.size() == 1 && internal(refs.front())) continue;
      for (const Value& ref : refs) backend(ref);
    }
    return condition_;
  }

 private:
  void fail(std::string reason, std::string_view code, const SourceSpan& at,
            const std::string& message, std::string remedy) {
    condition_ = {"ResolvedRefs", false, reason};
    report_(code, at, reason + ": " + message, std::move(remedy));
  }

  static bool is_traefik_service(const Value& ref) {
    return text_at(&ref, "kind") == "TraefikService" && text_at(&ref, "group") == traefik_group;
  }
  bool internal(const Value& ref) {
    const Text name = located_at(&ref, "name");
    if (!is_traefik_service(ref) || !name.value.ends_with("@internal")) return false;
    if (!c_.cross_provider_allowed(route_.ns)) {
      fail("RefNotPermitted", "GP0803", name.span,
           "internal service reference is not allowed: namespace \"" + route_.ns +
               "\" is not in crossProviderNamespaces",
           "add the namespace to " + c_.option("crossProviderNamespaces"));
    }
    return true;
  }

  // False: the rule is answered with 500.
  bool filters(const Value& holder) {
    std::span<const std::string_view> known = http_filters;
    if (route_.kind == "GRPCRoute") known = grpc_filters;
    for (const Value& f : items_at(&holder, "filters")) {
      const Text type = located_at(&f, "type");
      const Report report(c_.findings, route_, "every request of the rule is answered with 500");
      if (std::find(known.begin(), known.end(), type.value) == known.end()) {
        report(
            "GP0815", type.span, "unsupported filter " + type.value,
            "use one of " + text::join(std::vector<std::string>(known.begin(), known.end()), ", "));
        return false;
      }
      if (type.value == "ExtensionRef" && !extension(member(&f, "extensionRef"), type.span, report))
        return false;
    }
    return true;
  }

  bool extension(const Value* ref, const SourceSpan& at, const Report& report) {
    const Text name = located_at(ref, "name");
    if (text_at(ref, "group") != traefik_group || text_at(ref, "kind") != "Middleware") {
      report(
          "GP0815", at,
          "unsupported filter extension ref " + text_at(ref, "group") + "/" + text_at(ref, "kind"),
          "name a Middleware of traefik.io");
      return false;
    }
    if (!crd_) {
      report("GP0815", name.span,
             "a Middleware can be named only where the provider kubernetesCRD is on",
             "turn on providers.kubernetesCRD");
      return false;
    }
    if (!c_.find(traefik_group, "Middleware", route_.ns, name.value)) {
      report("GP0815", name.span, "Middleware " + route_.ns + "/" + name.value + " does not exist",
             where_else(c_, traefik_group, "Middleware", route_.ns, name.value));
    }
    return true;
  }

  void backend(const Value& ref) {
    const Text name = located_at(&ref, "name");
    std::string kind = text_at(&ref, "kind"), group = text_at(&ref, "group");
    if (kind.empty()) kind = "Service";
    if (group.empty()) group = "core";
    const Text given_ns = located_at(&ref, "namespace");
    const std::string ns = given_ns.value.empty() ? route_.ns : given_ns.value;
    const std::string path = group + "/" + kind + "/" + ns + "/" + name.value;
    if (!given_ns.value.empty() && name.value.find('@') != std::string::npos) {
      fail("RefNotPermitted", "GP0803", given_ns.span,
           "namespace is not allowed with a cross-provider reference " + path,
           "remove `namespace`");
      return;
    }
    if (!reference_granted(c_, route_.kind, route_.ns, group, kind, ns, name.value)) {
      fail("RefNotPermitted", "GP0803", name.span,
           "cannot load backendRef " + path + ": missing ReferenceGrant",
           "add a ReferenceGrant in namespace " + ns + " from " + route_.kind + "s of " +
               route_.ns + " to " + kind + "s");
      return;
    }
    if (!filters(ref)) {
      condition_ = {"ResolvedRefs", false, "InvalidKind"};
      return;
    }
    if (group != "core" || kind != "Service") {
      other(ref, path, name);
      return;
    }
    service(ref, ns, name);
  }

  void other(const Value& ref, const std::string& path, const Text& name) {
    if (is_traefik_service(ref)) {
      const bool elsewhere = name.value.find('@') != std::string::npos;
      if (elsewhere ? c_.cross_provider_allowed(route_.ns) : crd_) return;
    }
    fail("InvalidKind", "GP0813", name.span, "cannot load backendRef " + path,
         is_traefik_service(ref) ? "turn on providers.kubernetesCRD"
                                 : "name a Service, or a TraefikService of traefik.io");
  }

  void service(const Value& ref, const std::string& ns, const Text& name) {
    const std::string path = ns + "/" + name.value;
    const Value* port = member(&ref, "port");
    if (!port || integer_at(&ref, "port") == 0) {
      fail("UnsupportedProtocol", "GP0814", name.span, "port is required for Service " + path,
           "write `port`");
      return;
    }
    const Object* o = c_.find(core_group, "Service", ns, name.value);
    if (!o) {
      fail("BackendNotFound", "GP0812", name.span, "Service " + path + " does not exist",
           where_else(c_, core_group, "Service", ns, name.value));
      return;
    }
    const Service s = read_service(*o);
    if (s.type == "ExternalName") {
      fail("BackendNotFound", "GP0812", name.span,
           "type ExternalName is not supported for Service " + path,
           "name a Service with endpoints");
      return;
    }
    const int64_t number = integer_at(&ref, "port");
    const auto p = std::find_if(s.ports.begin(), s.ports.end(),
                                [number](const ServicePort& x) { return x.number == number; });
    if (p == s.ports.end()) {
      fail("BackendNotFound", "GP0812", port->span,
           "service port " + std::to_string(number) + " not found in " + path,
           "ports of the Service: " + ports_text(s));
      return;
    }
    const bool native = c_.options.native_lb_by_default;
    if (!native && endpoint_slices(c_.store, s).empty()) {
      fail("BackendNotFound", s.has_selector ? "GP0713" : "GP0812", name.span,
           "endpointslices not found for " + path + " among these files",
           "a cluster makes them from the Service's selector; add an EndpointSlice with the label "
           "kubernetes.io/service-name: " +
               name.value);
      return;
    }
    if (route_.kind == "HTTPRoute") protocol(*p, port->span, path);
  }

  void protocol(const ServicePort& p, const SourceSpan& at, const std::string& path) {
    static constexpr std::string_view known[] = {
        "", "http", "https", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"};
    if (p.protocol != "TCP") {
      fail("UnsupportedProtocol", "GP0814", at,
           "only TCP protocol is supported, not " + p.protocol + " of " + path, "name a TCP port");
    } else if (std::find(std::begin(known), std::end(known), p.app_protocol) == std::end(known)) {
      fail("UnsupportedProtocol", "GP0814", at,
           "unsupported application protocol " + p.app_protocol + " of " + path,
           "write appProtocol: http, https, kubernetes.io/h2c, kubernetes.io/ws or "
           "kubernetes.io/wss on the Service's port");
    }
  }

  const Context& c_;
  const Object& route_;
  bool crd_;
  Report report_;
  Condition condition_{"ResolvedRefs", true, "ResolvedRefs"};
};

}  // namespace

Condition check_backends(const Context& c, const Object& route, bool crd) {
  return Backends(c, route, crd).check();
}

}  // namespace gateproof::kubernetes
