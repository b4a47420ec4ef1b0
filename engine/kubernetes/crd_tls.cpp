// TLSOption, TLSStore and ServersTransport of the CRD provider.
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::Value;

namespace {

// `default` is one name for all namespaces; with two of them Traefik takes neither.
void report_defaults(const Context& c, const std::vector<const Object*>& defaults,
                     std::string_view what) {
  if (defaults.size() < 2) return;
  std::string names;
  for (const Object* o : defaults) names += (names.empty() ? "" : " ") + o->ns;
  for (const Object* o : defaults) {
    c.findings.add("GP0730", o->span, o->label(),
                   "Default TLS " + std::string(what) + " defined in multiple namespaces: [" +
                       names + "]: none is taken",
                   "keep one object named default");
  }
}

void tls_options(const Context& c, config::DynamicConfig& out) {
  std::vector<const Object*> defaults;
  for (const Object* o : c.list(traefik_group, "TLSOption")) {
    if (o->name == "default") {
      defaults.push_back(o);
      continue;
    }
    out.tls_options[qualify(make_id(o->ns, o->name), crd_provider)] = o->span;
  }
  if (defaults.size() == 1) out.tls_options["default"] = defaults.front()->span;
  report_defaults(c, defaults, "Options");
}

void tls_stores(const Context& c, config::DynamicConfig& out) {
  std::vector<const Object*> defaults;
  for (const Object* o : c.list(traefik_group, "TLSStore")) {
    if (o->name == "default") defaults.push_back(o);
    const Value* spec = o->at("spec");
    if (const Value* d = member(spec, "defaultCertificate")) {
      const Report report(c.findings, *o, "the TLSStore is dropped");
      if (!tls_certificate(c, o->ns, located_at(d, "secretName"), report)) continue;
    }
    const Report report(c.findings, *o, "the certificate is left out");
    for (const Value& v : items_at(spec, "certificates")) {
      auto pair = tls_certificate(c, o->ns, located_at(&v, "secretName"), report);
      if (pair) out.certificates.push_back(std::move(*pair));
    }
  }
  report_defaults(c, defaults, "Stores");
}

void timeout(const Value* timeouts, std::string_view key, Duration& out, const Report& report) {
  const Value* v = member(timeouts, key);
  if (!v) return;
  if (const auto d = config::parse_duration(v->str())) {
    out = *d;
  } else {
    report.plain("GP0106", v->span,
                 "time: invalid duration \"" + std::string(v->str()) + "\": the default is kept",
                 "write seconds as an integer, or a number with a unit: 300ms, 10s, 1m30s");
  }
}

void servers_transports(const Context& c, config::DynamicConfig& out) {
  for (const Object* o : c.list(traefik_group, "ServersTransport")) {
    const Report report(c.findings, *o, "");
    const Value* spec = o->at("spec");
    config::ServersTransportConfig t;
    t.span = o->span;
    // Go's net/http keeps two idle connections a host when nothing is said.
    t.max_idle_conns_per_host = integer_at(spec, "maxIdleConnsPerHost");
    if (t.max_idle_conns_per_host == 0) t.max_idle_conns_per_host = 2;
    const Value* timeouts = member(spec, "forwardingTimeouts");
    timeout(timeouts, "dialTimeout", t.dial_timeout, report);
    timeout(timeouts, "responseHeaderTimeout", t.response_header_timeout, report);
    timeout(timeouts, "idleConnTimeout", t.idle_conn_timeout, report);
    for (const char* key : {"serverName", "insecureSkipVerify", "rootCAs", "rootCAsSecrets",
                            "certificatesSecrets", "spiffe"}) {
      if (!member(spec, key)) continue;
      report.plain("GP1120", o->span, "the TLS options of a ServersTransport are not acted on yet",
                   "nothing to mend: they are checked, and take no effect here");
      break;
    }
    put(out.servers_transports, qualify(object_name(o->ns, o->name), crd_provider), std::move(t),
        "serversTransport", report);
  }
}

}  // namespace

void crd_tls(const Context& c, config::DynamicConfig& out) {
  tls_options(c, out);
  tls_stores(c, out);
  servers_transports(c, out);
}

CrdResult translate_crd(const Context& c, const config::MiddlewareTypes& types) {
  CrdResult result;
  CrdServices services(c, result.config);
  crd_routes(c, services, result.config);
  crd_middlewares(c, types, services, result);
  services.traefik_services();
  crd_tls(c, result.config);
  crd_later(c);
  return result;
}

}  // namespace gateproof::kubernetes
