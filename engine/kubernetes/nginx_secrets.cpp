// What annotations of ingress-nginx take from Secrets and ConfigMaps: users, fields, certificates.
#include "engine/base/text.h"
#include "engine/kubernetes/nginx_model.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

struct Reference {
  std::string ns, name;
};

bool may_use(const NginxContext& n, const Reference& r, const std::string& own, const Text& at,
             std::string_view what, const Report& report) {
  if (n.options.cross_namespace || r.ns == own) return true;
  report("GP0717", at.span,
         "cross-namespace " + std::string(what) + " not allowed: " + r.ns + "/" + r.name,
         "set " + n.c.option("allowCrossNamespaceResources"));
  return false;
}

// "namespace/name".
std::optional<Reference> both(const Text& text, std::string_view what, const Report& report) {
  const size_t slash = text.value.find('/');
  if (slash != std::string::npos && text.value.find('/', slash + 1) == std::string::npos &&
      slash > 0 && slash + 1 < text.value.size())
    return Reference{text.value.substr(0, slash), text.value.substr(slash + 1)};
  report("GP0726", text.span, std::string(what) + " must be in namespace/name format",
         "write namespace/name");
  return std::nullopt;
}

std::optional<Secret> secret_of(const NginxContext& n, const Reference& r, const Text& at,
                                const Report& report) {
  const Object* found = n.c.find(core_group, "Secret", r.ns, r.name);
  if (found) return read_secret(*found, n.c.findings);
  report("GP0722", at.span, "secret " + r.ns + "/" + r.name + " does not exist",
         where_else(n.c, core_group, "Secret", r.ns, r.name));
  return std::nullopt;
}

const std::string* entry(const Secret& s, const char* key) {
  const auto found = s.data.find(key);
  return found == s.data.end() ? nullptr : &found->second.value;
}

// Letters, digits and what NGINX lets stand in a field's value.
bool is_field_value(std::string_view v) {
  return !v.empty() && std::all_of(v.begin(), v.end(), [](char c) {
    return text::is_alnum(c) || std::string_view("_ :;.,\\/\"'?!(){}[]@<>=-+*#$&`|~^%").find(c) !=
                                    std::string_view::npos;
  });
}

Duration seconds(int64_t n) { return std::chrono::seconds(n); }

}  // namespace

std::optional<std::vector<Text>> nginx_users(const NginxContext& n, const NginxLocation& l,
                                             const Report& report) {
  const Text type = *l.a.text("auth-type");
  if (type.value != "basic" && type.value != "digest") {
    report("GP0726", type.span, "invalid auth-type " + text::quote(type.value),
           "write basic or digest");
    return std::nullopt;
  }
  const Text name = l.a.text("auth-secret").value_or(Text{"", type.span});
  const auto parts = text::split(name.value, '/');
  if (name.value.empty() || parts.size() > 2) {
    report("GP0726", name.span, "invalid auth secret format " + text::quote(name.value),
           "name a Secret in auth-secret");
    return std::nullopt;
  }
  const Reference r{parts.size() == 2 ? std::string(parts[0]) : l.ingress->ns,
                    std::string(parts.back())};
  if (!may_use(n, r, l.ingress->ns, name, "auth secret", report)) return std::nullopt;
  const auto secret = secret_of(n, r, name, report);
  if (!secret) return std::nullopt;
  const std::string form = l.a.text_or("auth-secret-type", "auth-file");
  std::vector<Text> users;
  if (form == "auth-map" && !secret->data.empty()) {
    for (const auto& [user, hash] : secret->data)
      users.push_back({user + ":" + hash.value, hash.span});
    return users;
  }
  const auto file = secret->data.find("auth");
  if (form != "auth-file" || file == secret->data.end()) {
    report("GP0723", name.span,
           form == "auth-file"  ? "secret " + r.ns + "/" + r.name + " missing key 'auth'"
           : form == "auth-map" ? "secret " + r.ns + "/" + r.name + " contains no user credentials"
                                : "invalid auth-secret-type " + text::quote(form),
           "put htpasswd lines into its key auth");
    return std::nullopt;
  }
  for (const std::string_view line : text::split(file->second.value, '\n')) {
    const std::string_view user = text::trim(line);
    if (!user.empty() && !user.starts_with('#'))
      users.push_back({std::string(user), file->second.span});
  }
  return users;
}

std::optional<std::map<std::string, std::string>> nginx_custom_headers(const NginxContext& n,
                                                                       const NginxLocation& l,
                                                                       const Text& reference,
                                                                       const Report& report) {
  const auto r = both(reference, "custom-headers", report);
  if (!r || !may_use(n, *r, l.ingress->ns, reference, "custom-headers", report))
    return std::nullopt;
  const Object* map = n.c.find(core_group, "ConfigMap", r->ns, r->name);
  if (!map) {
    report("GP0722", reference.span, "configmap " + reference.value + " does not exist",
           where_else(n.c, core_group, "ConfigMap", r->ns, r->name));
    return std::nullopt;
  }
  std::map<std::string, std::string> headers;
  const Value* data = member(map->root, "data");
  for (const Value::Member& m : data ? data->members : std::vector<Value::Member>()) {
    const auto& allowed = n.options.allowed_response_headers;
    const bool known = std::find(allowed.begin(), allowed.end(), m.key) != allowed.end();
    if (!known || !is_field_value(m.value.str())) {
      report("GP0726", m.key_span,
             known ? "header " + text::quote(m.key) + " has a value that is not allowed"
                   : "header " + text::quote(m.key) + " is not in GlobalAllowedResponseHeaders",
             "add it to " + n.c.option("globalAllowedResponseHeaders"));
      return std::nullopt;
    }
    headers[m.key] = m.value.str();
  }
  return headers;
}

std::optional<config::ServersTransportConfig> nginx_transport(const NginxContext& n,
                                                              const Object& ingress,
                                                              const NginxAnnotations& a,
                                                              const Report& report) {
  config::ServersTransportConfig t;
  t.span = ingress.span;
  t.dial_timeout = seconds(a.number("proxy-connect-timeout").value_or(n.options.connect_timeout));
  t.read_timeout = seconds(a.number("proxy-read-timeout").value_or(n.options.read_timeout));
  t.write_timeout = seconds(a.number("proxy-send-timeout").value_or(n.options.send_timeout));
  t.idle_conn_timeout = seconds(n.options.keepalive_timeout);
  t.tls.disable_http2 = a.text_or("proxy-http-version") == "1.1";
  if (nginx_scheme(a) != "https") return t;
  t.tls.server_name = a.text_or("proxy-ssl-name", a.text_or("proxy-ssl-server-name"));
  t.tls.insecure_skip_verify = text::to_lower(a.text_or("proxy-ssl-verify", "off")) != "on";
  const auto name = a.text("proxy-ssl-secret");
  if (!name || name->value.empty()) return t;
  const auto r = both(*name, "proxy-ssl-secret", report);
  if (!r || !may_use(n, *r, ingress.ns, *name, "proxy SSL secret", report)) return std::nullopt;
  const auto secret = secret_of(n, *r, *name, report);
  if (!secret) return std::nullopt;
  const std::string* ca = entry(*secret, "ca.crt");
  const std::string *cert = entry(*secret, "tls.crt"), *key = entry(*secret, "tls.key");
  if (!ca && !cert && !key) {
    report("GP0723", name->span, "secret does not contain a keypair or CA certificate",
           "put the authority into ca.crt");
    return std::nullopt;
  }
  if (ca) t.tls.root_cas.push_back({*ca, name->span});
  if (cert && key) t.tls.certificates.push_back({{*cert, name->span}, {*key, name->span}, {}});
  return t;
}

std::optional<config::TlsOptionsConfig> nginx_tls_options(const NginxContext& n,
                                                          const Object& ingress,
                                                          const NginxAnnotations& a,
                                                          const Text& secret_name,
                                                          const Report& report) {
  const auto r = both(secret_name, "auth-tls-secret", report);
  if (!r || !may_use(n, *r, ingress.ns, secret_name, "auth-tls-secret", report))
    return std::nullopt;
  const auto secret = secret_of(n, *r, secret_name, report);
  if (!secret) return std::nullopt;
  const std::string* ca = entry(*secret, "ca.crt");
  if (!ca || ca->empty()) {
    report("GP0723", secret_name.span, "secret does not contain a CA certificate",
           "put the authority into ca.crt");
    return std::nullopt;
  }
  config::TlsOptionsConfig t;
  t.span = secret_name.span;
  t.ca_files.push_back({*ca, secret_name.span});
  const Text verify = a.text("auth-tls-verify-client").value_or(Text{"on", secret_name.span});
  t.client_auth_type = {verify.value == "off"              ? "NoClientCert"
                        : verify.value == "optional"       ? "VerifyClientCertIfGiven"
                        : verify.value == "optional_no_ca" ? "RequestClientCert"
                                                           : "RequireAndVerifyClientCert",
                        verify.span};
  return t;
}

}  // namespace gateproof::kubernetes
