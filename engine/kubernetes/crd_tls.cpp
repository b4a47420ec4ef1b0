// TLSOption, TLSStore and ServersTransport of the CRD provider.
#include <algorithm>

#include "engine/config/tls_names.h"
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

// The certificate authority of a Secret, in `tls.ca` or `ca.crt`. Of transports, where `lone` is said, the only entry is it too,
// whatever its name is (recorded).
std::optional<Text> certificate_authority(const Context& c, const std::string& ns,
                                          const config::Text& name, bool lone,
                                          const Report& report) {
  const Object* o = c.find(core_group, "Secret", ns, name.value);
  const std::string path = ns + "/" + name.value;
  if (!o) {
    report("GP0722", name.span, "secret " + path + " does not exist",
           where_else(c, core_group, "Secret", ns, name.value));
    return std::nullopt;
  }
  const Secret secret = read_secret(*o, c.findings);
  for (const char* key : {"tls.ca", "ca.crt"}) {
    if (const auto entry = secret.data.find(key); entry != secret.data.end())
      return Text{entry->second.value, name.span};
  }
  if (lone && secret.data.size() == 1) return Text{secret.data.begin()->second.value, name.span};
  report("GP0723", name.span, "secret " + path + " has neither tls.ca nor ca.crt",
         "put the certificate of the authority into tls.ca");
  return std::nullopt;
}

std::vector<config::Text> texts_at(const Value* spec, std::string_view key) {
  std::vector<config::Text> out;
  for (const Value& v : items_at(spec, key)) out.push_back({std::string(v.str()), v.span});
  return out;
}

config::TlsOptionsConfig options_of(const Context& c, const Object& o) {
  const Value* spec = o.at("spec");
  config::TlsOptionsConfig t;
  t.span = o.span;
  t.min_version = located_at(spec, "minVersion");
  t.max_version = located_at(spec, "maxVersion");
  t.cipher_suites = texts_at(spec, "cipherSuites");
  t.curve_preferences = texts_at(spec, "curvePreferences");
  t.sni_strict = located_at(spec, "sniStrict").value == "true";
  t.alpn_protocols = texts_at(spec, "alpnProtocols");
  t.disable_session_tickets = located_at(spec, "disableSessionTickets").value == "true";
  const Value* auth = member(spec, "clientAuth");
  t.client_auth_type = located_at(auth, "clientAuthType");
  const Report report(c.findings, o, "the authority is left out");
  for (const config::Text& name : texts_at(auth, "secretNames")) {
    if (auto pem = certificate_authority(c, o.ns, name, false, report))
      t.ca_files.push_back(std::move(*pem));
  }
  return t;
}

void tls_options(const Context& c, config::DynamicConfig& out) {
  std::vector<const Object*> defaults;
  for (const Object* o : c.list(traefik_group, "TLSOption")) {
    if (o->name == "default") {
      defaults.push_back(o);
      continue;
    }
    out.tls_options[qualify(c.names().tls_options(o->ns, o->name), crd_provider)] =
        options_of(c, *o);
  }
  if (defaults.size() == 1) out.tls_options["default"] = options_of(c, *defaults.front());
  report_defaults(c, defaults, "Options");
}

std::string store_name(const Object& store) {
  return store.name == "default" ? store.name : make_id(store.ns, store.name);
}

void tls_stores(const Context& c, config::DynamicConfig& out) {
  std::vector<const Object*> defaults;
  for (const Object* o : c.list(traefik_group, "TLSStore")) {
    if (o->name == "default") defaults.push_back(o);
    const Value* spec = o->at("spec");
    if (const Value* d = member(spec, "defaultCertificate")) {
      const Report report(c.findings, *o, "the TLSStore is dropped");
      auto pair = tls_certificate(c, o->ns, located_at(d, "secretName"), report);
      if (!pair) continue;
      if (o->name == "default") out.tls_stores["default"].default_certificate = std::move(pair);
    }
    const Report report(c.findings, *o, "the certificate is left out");
    for (const Value& v : items_at(spec, "certificates")) {
      auto pair = tls_certificate(c, o->ns, located_at(&v, "secretName"), report);
      if (!pair) continue;
      pair->stores.push_back({store_name(*o), o->span});
      out.certificates.push_back(std::move(*pair));
    }
  }
  report_defaults(c, defaults, "Stores");
}

bool has_secret(const Context& c, const std::string& ns, const std::string& name) {
  config::Findings aside;
  const Object* o = c.find(core_group, "Secret", ns, name);
  return o && tls_certificate(c, ns, {name, {}}, Report(aside, *o, "")).has_value();
}

// The first TLSStore that names the Secret among its certificates; null: none does.
const Object* store_of(const Context& c, std::string_view ns, const std::string& secret) {
  for (const Object* o : c.list(traefik_group, "TLSStore")) {
    if (o->ns != ns) continue;
    const Value* spec = o->at("spec");
    const Value* own = member(spec, "defaultCertificate");
    if (own && !has_secret(c, o->ns, text_at(own, "secretName"))) continue;  // dropped
    for (const Value& v : items_at(spec, "certificates")) {
      if (text_at(&v, "secretName") == secret) return o;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<config::DynamicConfig::Certificate> crd_certificate(const Context& c,
                                                                  std::string_view ns,
                                                                  const Text& secret,
                                                                  const Report& report) {
  auto pair = tls_certificate(c, ns, secret, report);
  if (!pair) return std::nullopt;
  if (const Object* store = store_of(c, ns, secret.value))
    pair->stores.push_back({store_name(*store), secret.span});
  return pair;
}

void crd_duration(const Value* parent, std::string_view key, Duration& out, const Report& report) {
  const Value* v = member(parent, key);
  if (!v) return;
  if (const auto d = config::parse_duration(v->str())) {
    out = *d;
  } else {
    report.plain("GP0106", v->span,
                 "time: invalid duration \"" + std::string(v->str()) + "\": the default is kept",
                 "write seconds as an integer, or a number with a unit: 300ms, 10s, 1m30s");
  }
}

namespace {

// The certificate authority of a ConfigMap, in `tls.ca` or `ca.crt`.
std::optional<Text> map_authority(const Context& c, const std::string& ns, const Text& name,
                                  const Report& report) {
  const Object* o = c.find(core_group, "ConfigMap", ns, name.value);
  const std::string path = ns + "/" + name.value;
  if (!o) {
    report("GP0722", name.span, "configMap " + path + " does not exist",
           where_else(c, core_group, "ConfigMap", ns, name.value));
    return std::nullopt;
  }
  for (const char* key : {"tls.ca", "ca.crt"}) {
    if (const Value* pem = member(o->at("data"), key))
      return Text{std::string(pem->str()), name.span};
  }
  report("GP0723", name.span, "configMap " + path + " has neither tls.ca nor ca.crt",
         "put the certificate of the authority into ca.crt");
  return std::nullopt;
}

// An entry of rootCAs: a Secret or a ConfigMap, and not both.
std::optional<Text> root_authority(const Context& c, const std::string& ns, const Value& entry,
                                   const Report& report) {
  const Text secret = located_at(&entry, "secret"), map = located_at(&entry, "configMap");
  if (!secret.value.empty() && !map.value.empty()) {
    report("GP0723", entry.span, "both Secret and ConfigMap are defined", "write one of them");
    return std::nullopt;
  }
  if (!secret.value.empty()) return certificate_authority(c, ns, secret, true, report);
  if (!map.value.empty()) return map_authority(c, ns, map, report);
  return std::nullopt;
}

// Authorities and certificates of a transport; each that is missing is left out alone, as in Traefik.
void transport_certificates(const Context& c, const Object& o, const Value* spec,
                            config::TransportTlsConfig& tls) {
  const Report authority(c.findings, o, "the authority is left out");
  for (const Text& name : texts_at(spec, "rootCAsSecrets")) {
    if (auto pem = certificate_authority(c, o.ns, name, true, authority))
      tls.root_cas.push_back(std::move(*pem));
  }
  for (const Value& entry : items_at(spec, "rootCAs")) {
    if (auto pem = root_authority(c, o.ns, entry, authority))
      tls.root_cas.push_back(std::move(*pem));
  }
  const Report certificate(c.findings, o, "the certificate is left out");
  for (const Text& name : texts_at(spec, "certificatesSecrets")) {
    if (auto pair = tls_certificate(c, o.ns, name, certificate))
      tls.certificates.push_back(std::move(*pair));
  }
}

}  // namespace

config::TransportTlsConfig crd_transport_tls(const Context& c, const Object& o, const Value* spec) {
  config::TransportTlsConfig tls;
  transport_certificates(c, o, spec, tls);
  tls.server_name = located_at(spec, "serverName").value;
  tls.insecure_skip_verify = located_at(spec, "insecureSkipVerify").value == "true";
  tls.peer_cert_uri = located_at(spec, "peerCertURI").value;
  if (const Value* spiffe = member(spec, "spiffe")) {
    tls.spiffe.emplace().ids = texts_at(spiffe, "ids");
    tls.spiffe->trust_domain = located_at(spiffe, "trustDomain");
  }
  return tls;
}

namespace {

constexpr std::string_view tls_versions[] = {"VersionTLS10", "VersionTLS11", "VersionTLS12",
                                             "VersionTLS13"};

// A version that is none is left out.
Text known_version(const Value* spec, std::string_view key, std::string_view what,
                   const Report& report) {
  Text v = located_at(spec, key);
  if (v.value.empty() || std::find(std::begin(tls_versions), std::end(tls_versions), v.value) !=
                             std::end(tls_versions)) {
    return v;
  }
  report.plain("GP0606", v.span,
               "invalid TLS " + std::string(what) + " version: " + v.value + ": it is left out",
               "write VersionTLS12 or VersionTLS13");
  return {};
}

// Versions and suites of a ServersTransport: what cannot be used is left out (recorded).
void transport_limits(const Value* spec, config::TransportTlsConfig& tls, const Report& report) {
  for (const Text& suite : texts_at(spec, "cipherSuites")) {
    if (std::find(std::begin(config::cipher_suites), std::end(config::cipher_suites),
                  suite.value) == std::end(config::cipher_suites)) {
      report.plain("GP0605", suite.span,
                   "cipher suite not supported: " + suite.value + ": the default ones are taken",
                   "write a name of Go's crypto/tls");
      tls.cipher_suites.clear();
      break;
    }
    tls.cipher_suites.push_back(suite);
  }
  tls.min_version = known_version(spec, "minVersion", "minimum", report);
  tls.max_version = known_version(spec, "maxVersion", "maximum", report);
  tls.disable_http2 = located_at(spec, "disableHTTP2").value == "true";
  if (located_at(spec, "minVersion").value.empty() ||
      located_at(spec, "maxVersion").value.empty() ||
      tls.min_version.value < tls.max_version.value) {
    return;
  }
  // What Traefik falls back to cannot be used either, since 3.7 wants a maximum; the snapshot tells so (recorded).
  tls.min_version.value = "VersionTLS12";
  tls.max_version = {};
}

}  // namespace

void crd_transport(const Context& c, const Object& o, config::DynamicConfig& out) {
  const Report report(c.findings, o, "");
  const Value* spec = o.at("spec");
  config::ServersTransportConfig t;
  t.span = o.span;
  // Go's net/http keeps two idle connections a host when nothing is said.
  t.max_idle_conns_per_host = integer_at(spec, "maxIdleConnsPerHost");
  if (t.max_idle_conns_per_host == 0) t.max_idle_conns_per_host = 2;
  const Value* timeouts = member(spec, "forwardingTimeouts");
  crd_duration(timeouts, "dialTimeout", t.dial_timeout, report);
  crd_duration(timeouts, "responseHeaderTimeout", t.response_header_timeout, report);
  crd_duration(timeouts, "idleConnTimeout", t.idle_conn_timeout, report);
  crd_duration(timeouts, "readIdleTimeout", t.read_idle_timeout, report);
  crd_duration(timeouts, "pingTimeout", t.ping_timeout, report);
  t.tls = crd_transport_tls(c, o, spec);
  transport_limits(spec, t.tls, report);
  put(out.servers_transports, qualify(c.names().object(o.ns, o.name), crd_provider), std::move(t),
      "serversTransport", report);
}

void crd_tls(const Context& c, config::DynamicConfig& out) {
  tls_options(c, out);
  tls_stores(c, out);
}

}  // namespace gateproof::kubernetes
