// From the chart's values to the static configuration that its arguments make (catalogue 8), as far as routing goes.
#include "engine/base/text.h"
#include "engine/check/helm_values.h"
#include "engine/kubernetes/core_objects.h"

namespace gateproof::check {

using config::EntryPointConfig;
using config::KubernetesProviderConfig;
using config::StaticConfig;
using config::Text;
using config::Value;
using kubernetes::boolean_at;
using kubernetes::integer_at;
using kubernetes::items_at;
using kubernetes::located_at;
using kubernetes::member;
using kubernetes::text_at;

namespace {

bool on(const Value* v, std::string_view key, bool otherwise) {
  return boolean_at(v, key).value_or(otherwise);
}

std::vector<Text> texts(const Value* v, std::string_view key) {
  std::vector<Text> out;
  for (const Value& item : items_at(v, key)) out.push_back({std::string(item.str()), item.span});
  return out;
}

void read_redirection(const Value* port, EntryPointConfig& e) {
  const Value* r = port ? port->at("http.redirections.entryPoint") : nullptr;
  const Text to = located_at(r, "to");
  if (to.value.empty()) return;
  config::EntryPointRedirection& out = e.redirection.emplace();
  out.to = to;
  if (const std::string scheme = text_at(r, "scheme"); !scheme.empty()) out.scheme = scheme;
  out.permanent = on(r, "permanent", true);
  out.span = r->span;
}

void read_tls(const Value* port, bool by_default, EntryPointConfig& e) {
  const Value* tls = port ? port->at("http.tls") : nullptr;
  if (!on(tls, "enabled", by_default)) return;
  config::RouterTls& out = e.tls.emplace();
  out.span = tls ? tls->span : e.span;
  out.cert_resolver = located_at(tls, "certResolver");
  out.options = located_at(tls, "options");
}

void add_port(StaticConfig& s, const std::string& name, int64_t number, bool tls, const Value* port,
              const SourceSpan& span) {
  EntryPointConfig& e = s.entry_points[name];
  e.name = name;
  e.span = span;
  const std::string protocol = text::to_lower(text_at(port, "protocol"));
  e.address = {
      ":" + std::to_string(integer_at(port, "port", number)) + (protocol == "udp" ? "/udp" : ""),
      span};
  e.as_default = on(port, "asDefault", false);
  if (port) e.middlewares = texts(port->at("http"), "middlewares");
  const Value* forwarded = member(port, "forwardedHeaders");
  e.forwarded.insecure = on(forwarded, "insecure", false);
  e.forwarded.trusted_ips = texts(forwarded, "trustedIPs");
  read_redirection(port, e);
  read_tls(port, tls, e);
}

void add_ports(const Value& root, StaticConfig& s) {
  struct Default {
    const char* name;
    int64_t port;
    bool tls;
  };
  constexpr Default defaults[] = {{"metrics", 9100, false},
                                  {"traefik", 8080, false},
                                  {"web", 8000, false},
                                  {"websecure", 8443, true}};
  const Value* ports = member(&root, "ports");
  const SourceSpan whole = {root.span.file, 0, 0, 0};
  for (const Default& d : defaults) {
    const Value* port = ports ? ports->find(d.name) : nullptr;
    if (port && port->kind == Value::null) continue;  // the way to take a port out
    add_port(s, d.name, d.port, d.tls, port, port ? port->span : whole);
  }
  if (!ports) return;
  for (const Value::Member& m : ports->members) {
    if (m.value.kind == Value::mapping && !s.entry_points.contains(m.key))
      add_port(s, m.key, 0, false, &m.value, m.key_span);
  }
}

std::optional<KubernetesProviderConfig> provider(const Value* providers, std::string_view name,
                                                 bool by_default) {
  const Value* v = member(providers, name);
  if (!on(v, "enabled", by_default)) return std::nullopt;
  KubernetesProviderConfig p;
  p.namespaces = texts(v, "namespaces");
  p.ingress_class = text_at(v, "ingressClass");
  p.allow_cross_namespace = on(v, "allowCrossNamespace", false);
  p.allow_empty_services = on(v, "allowEmptyServices", true);  // the chart's default, not Traefik's
  p.allow_external_name_services = on(v, "allowExternalNameServices", false);
  p.native_lb_by_default = on(v, "nativeLBByDefault", false);
  p.strict_prefix_matching = on(v, "strictPrefixMatching", false);
  p.safe_naming = on(v, "safeNaming", false);
  if (v) p.span = v->span;
  return p;
}

void add_resolvers(const Value& root, StaticConfig& s) {
  const Value* resolvers = member(&root, "certificatesResolvers");
  if (!resolvers) return;
  for (const Value::Member& m : resolvers->members) {
    config::AcmeConfig& acme = s.resolvers[m.key];
    acme.span = m.key_span;
    const Value* block = member(&m.value, "acme");
    acme.has_http_challenge = member(block, "httpChallenge") != nullptr;
    acme.dns_provider = text_at(member(block, "dnsChallenge"), "provider");
  }
}

// additionalArguments stand behind the rest, so they count as well: what they say of resolvers and trusted proxies.
void add_arguments(const Value& root, StaticConfig& s) {
  for (const Value& item : items_at(&root, "additionalArguments")) {
    std::string argument = text::to_lower(item.str());
    while (argument.starts_with('-')) argument.erase(0, 1);
    const std::string key = argument.substr(0, argument.find('='));
    const std::vector<std::string_view> parts = text::split(key, '.');
    if (parts.size() > 1 && parts[0] == "certificatesresolvers")
      s.resolvers[std::string(parts[1])].span = item.span;
    if (parts.size() > 2 && parts[0] == "entrypoints") {
      const auto e = s.entry_points.find(std::string(parts[1]));
      if (e == s.entry_points.end()) continue;
      if (key.ends_with(".http.tls")) e->second.tls.emplace().span = item.span;
      if (key.ends_with(".forwardedheaders.insecure")) e->second.forwarded.insecure = true;
      if (key.ends_with(".forwardedheaders.trustedips") && argument.size() > key.size() + 1) {
        e->second.forwarded.trusted_ips.push_back({argument.substr(key.size() + 1), item.span});
      }
    }
  }
}

}  // namespace

RenderedChart render_chart(const Value& root, const std::string& file) {
  RenderedChart out;
  StaticConfig& s = out.statics;
  s.file_name = file;
  add_ports(root, s);
  const Value* providers = member(&root, "providers");
  s.kubernetes_crd = provider(providers, "kubernetesCRD", true);
  s.kubernetes_ingress = provider(providers, "kubernetesIngress", true);
  s.kubernetes_gateway = provider(providers, "kubernetesGateway", false);
  if (const Value* f = member(providers, "file"); on(f, "enabled", false))
    s.file.emplace().span = f->span;
  add_resolvers(root, s);
  s.ping.emplace();
  s.api.emplace();
  s.metrics_entry_point = "metrics";
  add_arguments(root, s);
  const Value* ingress_class = member(&root, "ingressClass");
  if (on(ingress_class, "enabled", true)) {
    out.ingress_class = text_at(ingress_class, "name");
    if (out.ingress_class.empty())
      out.ingress_class = "traefik";  // the release's name, by the chart's own instructions
  }
  return out;
}

}  // namespace gateproof::check
