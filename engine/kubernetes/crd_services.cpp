// Service entries of IngressRoute and TraefikService: names, references, load balancers.
#include "engine/base/text.h"
#include "engine/config/dynamic_schemas.h"
#include "engine/kubernetes/backends.h"
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::ServiceConfig;
using config::Value;

namespace {

// Name of a TraefikService: in this provider, or of another one as it is (normalised, as Traefik does).
std::string traefik_service_name(const CrdNames& names, const Text& name, const std::string& ns) {
  const size_t at = name.value.rfind('@');
  if (at == std::string::npos) return qualify(names.object(ns, name.value), crd_provider);
  const std::string bare = name.value.substr(0, at), provider = name.value.substr(at + 1);
  if (provider == crd_provider) return qualify(names.object(ns, bare), crd_provider);
  return normalise(bare) + "@" + provider;
}

// Sticky cookies and hashes are made of a child's name as Traefik's provider writes it: without the provider, where that
// is its own (recorded).
Text written(const Text& qualified) {
  const std::string own = "@" + std::string(crd_provider);
  Text out = qualified;
  if (out.value.ends_with(own)) out.value.resize(out.value.size() - own.size());
  return out;
}

// Whether the durations of a health check can be read; Traefik drops the route otherwise (recorded).
bool durations_read(const Value* check, std::initializer_list<std::string_view> keys,
                    const Report& report) {
  for (const std::string_view key : keys) {
    const Value* v = member(check, key);
    if (!v || config::parse_duration(v->str())) continue;
    report("GP0715", v->span, "time: invalid duration " + text::quote(v->str()),
           "write seconds as an integer, or a number with a unit: 300ms, 10s, 1m30s");
    return false;
  }
  return true;
}

}  // namespace

std::optional<CrdServices::Named> CrdServices::named(std::string_view parent_ns, const Value& entry,
                                                     std::string_view owner, std::string_view part,
                                                     const Report& report) {
  const Text name = located_at(&entry, "name");
  const Text given_ns = located_at(&entry, "namespace");
  const Text kind = located_at(&entry, "kind");
  const bool qualified = name.value.find('@') != std::string::npos;
  std::string ns = given_ns.value;
  if (!qualified) {
    if (ns.empty()) ns = parent_ns;
    if (ns != parent_ns && !c_.options.allow_cross_namespace) {
      report("GP0716", given_ns.span,
             "service " + ns + "/" + name.value + " not in the parent resource namespace " +
                 std::string(parent_ns),
             "use a Service of namespace " + std::string(parent_ns) + ", or set " +
                 c_.option("allowCrossNamespace"));
      return std::nullopt;
    }
  } else if (!c_.options.allow_cross_namespace &&
             name.value.ends_with("@" + std::string(crd_provider))) {
    report("GP0716", name.span,
           "invalid reference to service " + name.value +
               ": namespace-name@kubernetescrd format is not allowed when crossnamespace is "
               "disallowed",
           "write the object's own name, without namespace and provider, or set " +
               c_.option("allowCrossNamespace"));
    return std::nullopt;
  } else if (!c_.cross_provider_allowed(parent_ns)) {
    report("GP0717", name.span,
           "service \"" + name.value + "\" reference is not allowed: namespace \"" +
               std::string(parent_ns) + "\" is not in crossProviderNamespaces",
           "add the namespace to " + c_.option("crossProviderNamespaces"));
    return std::nullopt;
  }
  if (kind.value == "TraefikService") {
    if (qualified && !ns.empty() && !name.value.ends_with("@" + std::string(crd_provider))) {
      report.plain("GP0718", given_ns.span,
                   "namespace \"" + ns + "\" is ignored in cross-provider context",
                   "remove `namespace`: " + name.value + " names its provider");
    }
    return Named{{traefik_service_name(c_.names(), name, ns), name.span}, std::nullopt};
  }
  if (!kind.value.empty() && kind.value != "Service") {
    report("GP0715", kind.span, "unsupported service kind " + kind.value,
           "write kind: Service or kind: TraefikService");
    return std::nullopt;
  }
  auto service = load_balancer({entry, ns, name, report});
  if (!service) return std::nullopt;
  const IntOrText port = int_or_text(member(&entry, "port"));
  return Named{
      {qualify(c_.names().child(owner, part, ns, name.value, port.text), crd_provider), name.span},
      std::move(service)};
}

bool CrdServices::weighted(std::string_view parent_ns, const std::vector<Value>& entries,
                           const Value* sticky, std::string_view owner, const std::string& name,
                           const SourceSpan& span, const Report& report) {
  config::WeightedConfig w;
  for (const Value& entry : entries) {
    const std::string part = "wrr_" + std::to_string(&entry - entries.data());
    auto child = named(parent_ns, entry, owner, part, report);
    if (!child) return false;
    if (child->service) out_.services[child->name.value] = std::move(*child->service);
    w.services.push_back({written(child->name), integer_at(&entry, "weight", 1), std::nullopt});
  }
  w.sticky = read_cookie(sticky);
  ServiceConfig s;
  s.weighted = std::move(w);
  s.types = {"weighted"};
  s.span = span;
  put(out_.services, name, std::move(s), "service", report);
  return true;
}

std::optional<ServiceConfig> CrdServices::load_balancer(const Backend& b) {
  config::LoadBalancerConfig lb;
  if (!strategy(b, lb)) return std::nullopt;
  auto list = servers(b);
  if (!list) return std::nullopt;
  lb.servers = std::move(*list);
  if (!balancer_options(b, lb)) return std::nullopt;
  ServiceConfig s;
  for (const Value& ref : items_at(&b.entry, "middlewares")) {
    auto name = resolve_reference(c_, b.ns, ref, "middleware", b.report);
    if (!name) return std::nullopt;
    s.middlewares.push_back(std::move(*name));
  }
  s.load_balancer = std::move(lb);
  s.types = {"loadBalancer"};
  s.span = b.name.span;
  return s;
}

bool CrdServices::strategy(const Backend& b, config::LoadBalancerConfig& lb) {
  const Text s = located_at(&b.entry, "strategy");
  if (s.value.empty()) return true;
  for (const char* known : {"wrr", "p2c", "hrw", "leasttime"}) {
    if (s.value != known) continue;
    lb.strategy = s;
    return true;
  }
  if (s.value == "RoundRobin") {
    b.report.plain("GP0108", s.span, "RoundRobin strategy value is deprecated",
                   "write strategy: wrr");
    return true;
  }
  b.report("GP0715", s.span, "load-balancer strategy " + s.value + " is not supported",
           "write wrr, p2c, hrw or leasttime");
  return false;
}

bool CrdServices::balancer_options(const Backend& b, config::LoadBalancerConfig& lb) {
  lb.pass_host_header = boolean_at(&b.entry, "passHostHeader").value_or(true);
  const Text flush = located_at(member(&b.entry, "responseForwarding"), "flushInterval");
  if (!flush.value.empty()) {
    const auto d = config::parse_duration(flush.value);
    if (!d) {
      b.report("GP0715", flush.span,
               "unable to parse flushInterval: time: invalid duration " + text::quote(flush.value),
               "write a duration such as 100ms");
      return false;
    }
    lb.flush_interval = *d;
  }
  lb.sticky = read_cookie(member(&b.entry, "sticky"));
  if (!durations_read(member(&b.entry, "healthCheck"), {"interval", "unhealthyInterval", "timeout"},
                      b.report) ||
      !durations_read(member(&b.entry, "passiveHealthCheck"), {"failureWindow"}, b.report)) {
    return false;
  }
  config::DecodeContext checks{c_.findings, b.name.value};
  if (const Value* v = member(&b.entry, "healthCheck"))
    config::health_check_schema().decode(*v, &lb.health_check.emplace(), checks);
  if (const Value* v = member(&b.entry, "passiveHealthCheck"))
    config::passive_health_check_schema().decode(*v, &lb.passive_health_check.emplace(), checks);
  const Text t = located_at(&b.entry, "serversTransport");
  if (t.value.empty()) return true;
  auto transport = resolve_transport(c_, b.ns, t, b.report);
  if (transport) lb.servers_transport = std::move(*transport);
  return transport.has_value();
}

std::optional<Text> resolve_transport(const Context& c, const std::string& ns, const Text& t,
                                      const Report& report) {
  if (t.value.find('@') == std::string::npos)
    return Text{qualify(c.names().object(ns, t.value), crd_provider), t.span};
  if (!c.options.allow_cross_namespace && t.value.ends_with("@" + std::string(crd_provider))) {
    report("GP0716", t.span,
           "invalid reference to serversTransport " + t.value +
               ": namespace-name@kubernetescrd format is not allowed when crossnamespace is "
               "disallowed",
           "write the object's own name, without namespace and provider, or set " +
               c.option("allowCrossNamespace"));
    return std::nullopt;
  }
  if (!c.cross_provider_allowed(ns)) {
    report("GP0717", t.span,
           "serversTransport \"" + t.value + "\" reference is not allowed: namespace \"" + ns +
               "\" is not in crossProviderNamespaces",
           "add the namespace to " + c.option("crossProviderNamespaces"));
    return std::nullopt;
  }
  return t;
}

std::optional<ServicePort> CrdServices::port_of(const Backend& b, const Service& service) {
  const IntOrText port = int_or_text(member(&b.entry, "port"));
  const SourceSpan& at = port.span.known() ? port.span : b.name.span;
  if (port.empty()) {
    b.report("GP0711", at, "ingressRoute service port not defined",
             "write `port`; ports of the Service: " + ports_text(service));
    return std::nullopt;
  }
  for (const ServicePort& p : service.ports) {
    if (port.is_integer ? port.number == p.number : port.text == p.name) return p;
  }
  if (service.type != "ExternalName" || !port.is_integer) {
    const bool quoted_number = !port.is_integer && text::parse_int(port.text).has_value();
    b.report("GP0711", at, "service port not found: " + port.text,
             quoted_number ? "write the number without quotes: in quotes it is the name of a port"
                           : "ports of the Service: " + ports_text(service));
    return std::nullopt;
  }
  ServicePort p;
  p.number = port.number;
  return p;
}

std::optional<std::string> CrdServices::scheme(const Backend& b, const ServicePort& port) {
  const Text s = located_at(&b.entry, "scheme");
  if (s.value.empty()) return std::string(scheme_of_port(port));
  if (s.value == "http" || s.value == "https" || s.value == "h2c") return s.value;
  b.report("GP0715", s.span, "invalid scheme \"" + s.value + "\" specified",
           "write http, https or h2c");
  return std::nullopt;
}

std::optional<std::vector<config::ServerConfig>> CrdServices::servers(const Backend& b) {
  const std::string path = b.ns + "/" + b.name.value;
  const Object* o = c_.find(core_group, "Service", b.ns, b.name.value);
  if (!o) {
    b.report("GP0710", b.name.span,
             c_.watched(b.ns)
                 ? "kubernetes service not found: " + path
                 : "failed to get service " + path + ": namespace is not within watched namespaces",
             where_else(c_, core_group, "Service", b.ns, b.name.value));
    return std::nullopt;
  }
  const Service service = read_service(*o);
  const auto port = port_of(b, service);
  if (!port) return std::nullopt;
  const bool external = service.type == "ExternalName";
  if (const Value* health = member(&b.entry, "healthCheck"); health && !external) {
    b.report("GP0715", health->span, "healthCheck allowed only for ExternalName services: " + path,
             "remove healthCheck: Kubernetes' own probes decide which endpoints are ready");
    return std::nullopt;
  }
  if (external && !c_.options.allow_external_name_services) {
    b.report("GP0714", b.name.span, "externalName services not allowed: " + path,
             "set " + c_.option("allowExternalNameServices"));
    return std::nullopt;
  }
  // Traefik looks at the scheme only once it has a port with servers; a wrong one is reported in any case here.
  const auto s = scheme(b, *port);
  if (!s) return std::nullopt;
  if (external) return std::vector{external_server(service, port->number, *s)};
  if (boolean_at(&b.entry, "nativeLB").value_or(native_by_default_)) {
    auto server = native_server(service, *port, *s, b.name.span, b.report);
    if (!server) return std::nullopt;
    return std::vector{std::move(*server)};
  }
  if (service.type == "NodePort" && boolean_at(&b.entry, "nodePortLB").value_or(false))
    return node_servers(c_, service, *port, *s, b.name.span, b.report);
  std::vector<config::ServerConfig> list = endpoint_servers(c_, service, *port, *s);
  if (list.empty() && !c_.options.allow_empty_services) {
    report_no_servers(c_, service, *port, b.name.span, "no servers found for " + path, b.report);
    return std::nullopt;
  }
  return list;
}

std::optional<Text> CrdServices::child(const Object& o, const Value& entry, std::string_view part,
                                       const Report& report) {
  auto named_child = named(o.ns, entry, c_.names().object(o.ns, o.name), part, report);
  if (!named_child) return std::nullopt;
  if (named_child->service)
    out_.services[named_child->name.value] = std::move(*named_child->service);
  return named_child->name;
}

bool CrdServices::mirroring(const Object& o, const Value& m, ServiceConfig& s,
                            const Report& report) {
  config::MirroringConfig& out = s.mirroring.emplace();
  auto main = child(o, m, "mirroring", report);
  if (!main) return false;
  out.service = std::move(*main);
  out.mirror_body = boolean_at(&m, "mirrorBody").value_or(true);
  out.max_body_size = integer_at(&m, "maxBodySize", -1);
  for (const Value& mirror : items_at(&m, "mirrors")) {
    auto name = child(o, mirror, "mirror_" + std::to_string(out.mirrors.size()), report);
    if (!name) return false;
    out.mirrors.push_back({std::move(*name), {integer_at(&mirror, "percent"), mirror.span}});
  }
  return true;
}

bool CrdServices::failover(const Object& o, const Value& f, ServiceConfig& s,
                           const Report& report) {
  config::FailoverConfig& out = s.failover.emplace();
  for (const auto& [part, text] :
       {std::pair("service", &out.service), {"fallback", &out.fallback}}) {
    const Value* entry = member(&f, part);
    const std::string_view as = part == std::string_view("service") ? "failover" : part;
    auto name = entry ? child(o, *entry, as, report) : std::nullopt;
    if (!name) return false;
    *text = std::move(*name);
  }
  if (const Value* errors = member(&f, "errors")) {
    out.errors.emplace();
    for (const Value& v : items_at(errors, "status"))
      out.errors->status.push_back({std::string(v.str()), v.span});
    out.errors->max_request_body_bytes = integer_at(errors, "maxRequestBodyBytes", -1);
  }
  return true;
}

bool CrdServices::other_kind(const Object& o, const Value& spec, ServiceConfig& s,
                             const Report& report) {
  if (const Value* m = member(&spec, "mirroring")) {
    s.types = {"mirroring"};
    return mirroring(o, *m, s, report);
  }
  if (const Value* hrw = member(&spec, "highestRandomWeight")) {
    s.types = {"highestRandomWeight"};
    s.highest_random_weight.emplace();
    for (const Value& entry : items_at(hrw, "services")) {
      const size_t index = s.highest_random_weight->services.size();
      auto name = child(o, entry, "hrw_" + std::to_string(index), report);
      if (!name) return false;
      s.highest_random_weight->services.push_back(
          {written(*name), integer_at(&entry, "weight", 1), std::nullopt});
    }
    return true;
  }
  if (const Value* f = member(&spec, "failover")) {
    s.types = {"failover"};
    return failover(o, *f, s, report);
  }
  report("GP0725", o.span, "unspecified service type",
         "write weighted, mirroring, highestRandomWeight or failover");
  return false;
}

void CrdServices::traefik_service(const Object& o) {
  const Report report(c_.findings, o,
                      "the TraefikService is dropped, and what names it is disabled");
  const std::string id = c_.names().object(o.ns, o.name);
  const std::string name = qualify(id, crd_provider);
  const Value* spec = o.at("spec");
  if (!spec) return;
  // Of several kinds in one object Traefik takes the first of: weighted, mirroring, highestRandomWeight, failover.
  if (const Value* w = member(spec, "weighted")) {
    weighted(o.ns, items_at(w, "services"), member(w, "sticky"), id, name, o.span, report);
    return;
  }
  ServiceConfig s;
  s.span = o.span;
  if (other_kind(o, *spec, s, report)) put(out_.services, name, std::move(s), "service", report);
}

}  // namespace gateproof::kubernetes
