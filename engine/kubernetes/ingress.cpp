#include "engine/kubernetes/ingress.h"

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/kubernetes/backends.h"
#include "engine/kubernetes/ingress_annotations.h"
#include "engine/kubernetes/ingress_maker.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::RouterConfig;
using config::Value;

namespace {

constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";
constexpr std::string_view controller = "traefik.io/ingress-controller";

Text port_text(const Value* port) {
  const Text name = located_at(port, "name");
  if (!name.value.empty()) return name;
  const Value* number = member(port, "number");
  return {std::to_string(integer_at(port, "number")), number ? number->span
                                                      : port ? port->span
                                                             : SourceSpan{}};
}

std::string default_service() { return qualify("default-backend", ingress_provider); }
std::string default_router() { return qualify("default-router", ingress_provider); }

class Ingresses {
 public:
  Ingresses(const Context& c, std::string_view rule_syntax, config::DynamicConfig& out)
      : c_(c), rule_syntax_(rule_syntax), out_(out) {}

  void one(const Object& o) {
    if (!ingress_taken(c_, o)) return;
    const Report whole(c_.findings, o, "the Ingress is skipped");
    const auto annotations = router_annotations(o, whole);
    if (!annotations || !references_allowed(o, *annotations, whole)) return;
    certificates(o);
    const std::vector<Value>& rules = items_at(o.at("spec"), "rules");
    const Value* backend = member(o.at("spec"), "defaultBackend");
    if (rules.empty() && backend) default_backend(o, *backend, *annotations);
    if (!rules.empty() && backend) {
      whole.plain("GP0732", backend->span, "defaultBackend has no effect in an Ingress with rules",
                  "put it into an Ingress of its own, or add a rule without host for path /");
    }
    std::vector<Route> routes;
    for (const Value& rule : rules) {
      for (const Value& path : items_at(member(&rule, "http"), "paths")) {
        if (auto route = path_route(o, rule, path, *annotations))
          routes.push_back(std::move(*route));
      }
    }
    name_routes(o, std::move(routes));
  }

 private:
  struct Route {
    std::string name;
    RouterConfig router;
  };

  bool references_allowed(const Object& o, const RouterAnnotations& a, const Report& report) {
    if (c_.cross_provider_allowed(o.ns)) return true;
    const bool middlewares = !a.middlewares.empty();
    const bool options = a.tls && !a.tls->options.value.empty();
    if (!middlewares && !options) return true;
    report("GP0717", middlewares ? a.middlewares.front().span : a.tls->options.span,
           std::string("cross-provider ") + (middlewares ? "middleware" : "TLS option") +
               " reference is not allowed from namespace \"" + o.ns + "\"",
           "add the namespace to " + c_.option("crossProviderNamespaces"));
    return false;
  }

  // The first secret that cannot be used ends the list.
  void certificates(const Object& o) {
    const Report report(c_.findings, o,
                        "clients get another certificate, and the later tls entries are not read");
    for (const Value& tls : items_at(o.at("spec"), "tls")) {
      const Text secret = located_at(&tls, "secretName");
      if (secret.value.empty()) continue;
      auto pair = tls_certificate(c_, o.ns, secret, report);
      if (!pair) return;
      out_.certificates.push_back(std::move(*pair));
    }
  }

  // The `service` of a backend; null for what Traefik cannot serve (recorded).
  const Value* backend_service(const Value& backend, const Report& report) {
    if (const Value* resource = member(&backend, "resource")) {
      report("GP0728", resource->span, "Resource backends are not supported",
             "name a Service instead");
      return nullptr;
    }
    const Value* service = member(&backend, "service");
    if (!service)
      report("GP0728", backend.span, "Missing service definition", "name a Service and its port");
    return service;
  }

  void default_backend(const Object& o, const Value& backend, const RouterAnnotations& a) {
    const Report report(c_.findings, o, "the default backend is dropped");
    const Value* target = backend_service(backend, report);
    if (!target) return;
    auto service = load_service(o, *target, report);
    if (!service) return;
    RouterConfig r;
    r.span = backend.span;
    r.rule = {"PathPrefix(\"/\")", backend.span};
    r.rule_syntax.value = "default";  // v3, whatever core.defaultRuleSyntax says
    r.priority = {INT32_MIN, backend.span};
    r.service = {default_service(), target->span};
    r.entry_points = a.entry_points;
    r.middlewares = a.middlewares;
    r.tls = a.tls;
    r.has_observability = a.has_observability;
    out_.services[default_service()] = std::move(*service);
    out_.routers[default_router()] = std::move(r);
  }

  std::optional<Route> path_route(const Object& o, const Value& rule, const Value& path,
                                  const RouterAnnotations& a) {
    const Report report(c_.findings, o, "the path is skipped");
    static const Value nothing;
    const Value* backend = member(&path, "backend");
    const Value* target = backend_service(backend ? *backend : nothing, report);
    if (!target) return std::nullopt;
    auto service = load_service(o, *target, report);
    if (!service) return std::nullopt;
    const std::string port = port_text(member(target, "port")).value;
    const std::string name =
        qualify(service_name(o.ns, text_at(target, "name"), port), ingress_provider);
    out_.services[name] = std::move(*service);
    const Text host = located_at(&rule, "host"), path_text = located_at(&path, "path");
    const auto text = rule_text(host.value, path, path_text.value, a, report);
    if (!text) return std::nullopt;
    Route route;
    route.name = ingress_router_name(o.ns, o.name, host.value, path_text.value);
    RouterConfig& r = route.router;
    r.span = path.span;
    // The rule is made of host and path; it is pointed at by the part that tells the paths apart.
    r.rule = {*text, path_text.span.known() ? path_text.span : path.span};
    r.service = {name, target->span};
    r.entry_points = a.entry_points;
    r.middlewares = a.middlewares;
    r.priority = a.priority;
    r.rule_syntax = a.rule_syntax;
    r.tls = a.tls;
    r.has_observability = a.has_observability;
    return route;
  }

  std::string host_rule(const std::string& host, const RouterAnnotations& a) const {
    const std::string& syntax = a.rule_syntax.value;
    const bool v2 = syntax == "v2" || (syntax.empty() && rule_syntax_ == "v2");
    if (v2 && host.starts_with("*.")) {
      return "HostRegexp(" + text::quote("{subdomain:[a-zA-Z0-9-]+}." + host.substr(2)) + ")";
    }
    return "Host(" + text::quote(host) + ")";
  }

  std::optional<std::string> rule_text(const std::string& host, const Value& path,
                                       const std::string& path_text, const RouterAnnotations& a,
                                       const Report& report) const {
    std::string rule;
    if (!host.empty()) rule = host_rule(host, a);
    if (path_text.empty()) return rule;
    std::string matcher = "PathPrefix";
    const std::string type = text_at(&path, "pathType");
    if (type == "Exact") matcher = "Path";
    if ((type.empty() || type == "ImplementationSpecific") && !a.path_matcher.value.empty()) {
      matcher = a.path_matcher.value;
      if (matcher != "Path" && matcher != "PathPrefix" && matcher != "PathRegexp") {
        report("GP0726", a.path_matcher.span,
               "invalid router path matcher " + text::quote(matcher) +
                   ": must be one of Path, PathPrefix, PathRegexp",
               "write Path, PathPrefix or PathRegexp");
        return std::nullopt;
      }
    }
    if (!rule.empty()) rule += " && ";
    return rule + path_rule(matcher, path_text);
  }

  // strictPrefixMatching compares whole path elements, as the Ingress specification wants; without it `/v1` takes `/v12` too.
  std::string path_rule(const std::string& matcher, std::string path) const {
    const bool strict = c_.options.strict_prefix_matching && matcher == "PathPrefix" && path != "/";
    if (!strict) return matcher + "(" + text::quote(path) + ")";
    if (path.ends_with('/')) path.pop_back();
    return "(Path(" + text::quote(path) + ") || PathPrefix(" + text::quote(path + "/") + "))";
  }

  // Paths of one Ingress whose names collide get the hash of their rule.
  void name_routes(const Object& o, std::vector<Route> routes) {
    std::map<std::string, size_t> count;
    for (const Route& r : routes) ++count[r.name];
    const Report report(c_.findings, o, "");
    for (Route& r : routes) {
      const std::string hashed = r.name + "-" + short_hash(r.router.rule.value);
      const std::string name = qualify(count[r.name] > 1 ? hashed : r.name, ingress_provider);
      const auto there = out_.routers.find(name);
      if (there != out_.routers.end()) {
        report.plain("GP0720", r.router.span,
                     "Name collision: router \"" + name + "\" is also made by " +
                         there->second.span.to_string() + ", which is overridden",
                     "rename one of the objects, or remove the path that says the same twice");
      }
      out_.routers[name] = std::move(r.router);
    }
  }

  std::optional<ServicePort> port_of(const Service& service, const Value* port,
                                     const SourceSpan& at, const Report& report) {
    const std::string name = text_at(port, "name");
    const int64_t number = integer_at(port, "number");
    for (const ServicePort& p : service.ports) {
      if (number == p.number || (!p.name.empty() && p.name == name)) return p;
    }
    report("GP0711", port ? port->span : at, "service port not found",
           "ports of the Service: " + ports_text(service));
    return std::nullopt;
  }

  std::optional<config::ServiceConfig> load_service(const Object& o, const Value& target,
                                                    const Report& report) {
    const Text name = located_at(&target, "name");
    const Object* found = c_.find(core_group, "Service", o.ns, name.value);
    if (!found) {
      report("GP0710", name.span, "service not found: " + o.ns + "/" + name.value,
             where_else(c_, core_group, "Service", o.ns, name.value));
      return std::nullopt;
    }
    const Service service = read_service(*found);
    if (service.type == "ExternalName" && !c_.options.allow_external_name_services) {
      report("GP0714", name.span, "externalName services not allowed: " + o.ns + "/" + name.value,
             "set " + c_.option("allowExternalNameServices"));
      return std::nullopt;
    }
    const auto port = port_of(service, member(&target, "port"), name.span, report);
    if (!port) return std::nullopt;
    const Report about_service(c_.findings, *found, "paths that lead to the Service are skipped");
    const auto a = service_annotations(*found, about_service);
    if (!a || !service_references_allowed(o.ns, *a, about_service)) return std::nullopt;
    config::LoadBalancerConfig lb;
    lb.sticky = a->sticky;
    lb.pass_host_header = a->pass_host_header;
    lb.servers_transport = a->servers_transport;
    auto list = servers(service, *port, *a, name.span, report);
    if (!list) return std::nullopt;
    lb.servers = std::move(*list);
    config::ServiceConfig s;
    s.middlewares = a->middlewares;
    s.load_balancer = std::move(lb);
    s.types = {"loadBalancer"};
    s.span = name.span;
    return s;
  }

  bool service_references_allowed(const std::string& ns, const ServiceAnnotations& a,
                                  const Report& report) {
    if (c_.cross_provider_allowed(ns)) return true;
    const bool middlewares = !a.middlewares.empty();
    if (!middlewares && a.servers_transport.value.empty()) return true;
    report("GP0717", middlewares ? a.middlewares.front().span : a.servers_transport.span,
           std::string("cross-provider ") + (middlewares ? "middleware" : "serversTransport") +
               " reference is not allowed from namespace \"" + ns + "\"",
           "add the namespace to " + c_.option("crossProviderNamespaces"));
    return false;
  }

  std::optional<std::vector<config::ServerConfig>> servers(const Service& service,
                                                           const ServicePort& port,
                                                           const ServiceAnnotations& a,
                                                           const SourceSpan& at,
                                                           const Report& report) {
    const std::string scheme =
        a.servers_scheme.value.empty() ? std::string(scheme_of_port(port)) : a.servers_scheme.value;
    if (a.node_port_lb && service.type == "NodePort")
      return node_servers(c_, service, port, scheme, at, report);
    if (service.type == "ExternalName")
      return std::vector{external_server(service, port.number, scheme)};
    if (a.native_lb.value_or(c_.options.native_lb_by_default)) {
      auto server = native_server(service, port, scheme, at, report);
      if (!server) return std::nullopt;
      return std::vector{std::move(*server)};
    }
    std::vector<config::ServerConfig> list = endpoint_servers(c_, service, port, scheme);
    if (list.empty() && !c_.options.allow_empty_services) {
      report_no_servers(c_, service, port, at,
                        "no endpoints found for " + service.object->ns + "/" + service.object->name,
                        report);
      return std::nullopt;
    }
    return list;
  }

  const Context& c_;
  std::string_view rule_syntax_;
  config::DynamicConfig& out_;
};

}  // namespace

bool ingress_taken(const Context& c, const Object& ingress) {
  const Value* spec_class = ingress.at("spec.ingressClassName");
  const std::string& option = c.options.ingress_class;
  if (spec_class && spec_class->kind == Value::scalar) {
    const std::string_view name = spec_class->str();
    const Object* found = c.find_in_cluster(networking_group, "IngressClass", name);
    const bool looks_ours =
        option.empty() ? name.find("traefik") != std::string_view::npos : name == option;
    if (!found && !looks_ours) {
      c.findings.add("GP0709", spec_class->span, ingress.label(),
                     "the object is not taken: no IngressClass `" + std::string(name) +
                         "` says that it is Traefik's",
                     "nothing to mend if it is for another controller");
      return false;
    }
    if (!found) {
      c.findings.add("GP0708", spec_class->span, ingress.label(),
                     "no IngressClass `" + std::string(name) + "` exists: the Ingress is not taken",
                     "add an IngressClass named " + std::string(name) +
                         " with spec.controller: " + std::string(controller));
      return false;
    }
    // Another controller's Ingress is none of ours.
    if (text_at(found->at("spec"), "controller") != controller) return false;
    if (option.empty() || option == name) return true;
  } else {
    const Value* annotation = ingress.annotation(class_annotation);
    const std::string_view name = annotation ? annotation->str() : std::string_view();
    if (option == name || (option.empty() && name == "traefik")) return true;
    if (!name.empty()) return false;
  }
  const SourceSpan at = spec_class ? spec_class->span : ingress.span;
  c.findings.add("GP0709", at, ingress.label(),
                 "the object is not taken: " + c.option("ingressClass") + " is \"" + option + "\"",
                 "write spec.ingressClassName: " + option);
  return false;
}

IngressMaker::IngressMaker(std::string rule_syntax)
    : UnitMaker({{networking_group, "Ingress"}}), rule_syntax_(std::move(rule_syntax)) {}

config::DynamicConfig IngressMaker::translate(const Context& c, const Object& o) {
  config::DynamicConfig own;
  Ingresses(c, rule_syntax_, own).one(o);
  return own;
}

bool IngressMaker::decided_by_all(const std::string& service) const {
  return service == default_service();
}

void IngressMaker::yield(const Context& c, const Object& o, config::DynamicConfig& own,
                         const config::DynamicConfig& out) {
  const auto router = own.routers.find(default_router());
  if (router == own.routers.end() || !out.routers.contains(default_router())) return;
  const Report report(c.findings, o, "the default backend is dropped");
  report("GP0728", router->second.span, "The default backend already exists.",
         "keep one Ingress with a defaultBackend and no rules");
  own.services.erase(default_service());
  own.routers.erase(router);
}

config::DynamicConfig translate_ingress(const Context& c, std::string_view rule_syntax) {
  return IngressMaker(std::string(rule_syntax)).make(c);
}

}  // namespace gateproof::kubernetes
