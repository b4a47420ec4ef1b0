#include "engine/kubernetes/crd_bodies.h"

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::Value;

namespace {

// Fields that hold durations, which the CRD takes as integer or text and refuses when they are neither.
struct DurationField {
  std::string_view type, field;
};
constexpr DurationField durations[] = {
    {"circuitBreaker", "checkPeriod"},      {"circuitBreaker", "fallbackDuration"},
    {"circuitBreaker", "recoveryDuration"}, {"rateLimit", "period"},
    {"retry", "initialInterval"},           {"retry", "timeout"},
};

Value text_value(std::string text, const SourceSpan& span) {
  Value v;
  v.kind = Value::scalar;
  v.quoted = true;
  v.text = std::move(text);
  v.span = span;
  return v;
}

void set(Value& object, std::string_view key, Value value) {
  object.kind = Value::mapping;
  for (Value::Member& m : object.members) {
    if (m.key != key) continue;
    m.value = std::move(value);
    return;
  }
  Value::Member m;
  m.key = key;
  m.key_quoted = true;
  m.key_span = value.span;
  m.value = std::move(value);
  object.members.push_back(std::move(m));
}

void erase(Value& object, std::string_view key) {
  std::erase_if(object.members, [key](const Value::Member& m) { return m.key == key; });
}

}  // namespace

std::optional<Value> MiddlewareBodies::rewrite(const Object& o, const Value::Member& m,
                                               const std::string& name, const Report& report) {
  if (!valid_durations(m, report)) return std::nullopt;
  if (m.key == "basicAuth" || m.key == "digestAuth") return auth(o, m, name, report);
  if (m.key == "chain") return chain(o, m, report);
  if (m.key == "errors") return errors(o, m, name, report);
  if (m.key == "forwardAuth") return forward_auth(o, m.value, report);
  if (m.key == "rateLimit" && member(&m.value, "redis")) return redis(o, m.value, report);
  if (m.key == "plugin" && !plugin_secrets(o, m.value, report)) return std::nullopt;
  return m.value;
}

bool MiddlewareBodies::valid_durations(const Value::Member& m, const Report& report) {
  for (const DurationField& d : durations) {
    const Value* v = d.type == m.key ? member(&m.value, d.field) : nullptr;
    if (!v || v->kind != Value::scalar || config::parse_duration(v->text)) continue;
    report("GP0724", v->span, "time: invalid duration " + text::quote(v->text),
           "write seconds as an integer, or a number with a unit: 300ms, 10s, 1m30s");
    return false;
  }
  return true;
}

const Object* MiddlewareBodies::secret(const Object& o, const Text& name, const Report& report) {
  const Object* found = c_.find(core_group, "Secret", o.ns, name.value);
  if (!found) {
    report("GP0722", name.span, "secret '" + o.ns + "/" + name.value + "' not found",
           where_else(c_, core_group, "Secret", o.ns, name.value));
  }
  return found;
}

std::optional<Value> MiddlewareBodies::auth(const Object& o, const Value::Member& m,
                                            const std::string& name, const Report& report) {
  Value body = m.value;
  for (const char* key : {"users", "usersFile"}) {
    const Value* v = member(&m.value, key);
    if (!v) continue;
    report.plain(
        "GP0705", v->span,
        "unknown field \"spec." + m.key + "." + key + "\": the CRD takes users from a Secret only",
        "write `secret` with the name of a Secret that holds htpasswd lines");
    erase(body, key);
  }
  const Text ref = located_at(&m.value, "secret");
  if (ref.value.empty()) {
    report("GP0722", m.key_span, "auth secret must be set",
           "write `secret` with the name of a Secret of namespace " + o.ns);
    return std::nullopt;
  }
  const Object* found = secret(o, ref, report);
  if (!found) return std::nullopt;
  const auto users = credentials(read_secret(*found, c_.findings), m.key, ref.span, report);
  if (!users) return std::nullopt;
  out_.users.push_back({found->label(), name, m.key, *users});
  Value list;
  list.kind = Value::sequence;
  list.span = ref.span;
  for (const Text& user : *users) list.items.push_back(text_value(user.value, user.span));
  erase(body, "secret");
  set(body, "users", std::move(list));
  return body;
}

std::optional<std::vector<Text>> MiddlewareBodies::credentials(const Secret& s,
                                                               std::string_view type,
                                                               const SourceSpan& at,
                                                               const Report& report) {
  const std::string path = "'" + s.object->ns + "/" + s.object->name + "'";
  const std::string what = "failed to load " +
                           std::string(type == "basicAuth" ? "basic" : "digest") +
                           " auth credentials: ";
  if (type == "basicAuth" && s.type == "kubernetes.io/basic-auth") {
    const auto user = s.data.find("username"), password = s.data.find("password");
    if (user == s.data.end() || password == s.data.end()) {
      report("GP0723", at,
             what + "secret " + path + " must contain both username and password keys",
             "write username and password in the Secret");
      return std::nullopt;
    }
    return std::vector<Text>{
        {user->second.value + ":{SHA}" + crypto::base64(crypto::sha1(password->second.value)),
         user->second.span}};
  }
  if (s.data.size() != 1) {
    report("GP0723", at,
           what + "found " + std::to_string(s.data.size()) + " elements for secret " + path +
               ", must be single element exactly",
           "keep one key in the Secret, with one htpasswd line for each user");
    return std::nullopt;
  }
  std::vector<Text> lines = credential_lines(s.data.begin()->second);
  if (lines.empty()) {
    report("GP0723", at, what + "secret " + path + " does not contain any credentials",
           "write one htpasswd line for each user");
    return std::nullopt;
  }
  return lines;
}

std::optional<Value> MiddlewareBodies::chain(const Object& o, const Value::Member& m,
                                             const Report& report) {
  Value body;
  body.kind = Value::mapping;
  body.span = m.value.span;
  Value list;
  list.kind = Value::sequence;
  list.span = m.value.span;
  for (const Value::Member& field : m.value.members) {
    if (field.key == "middlewares") continue;
    report.plain("GP0705", field.key_span, "unknown field \"spec.chain." + field.key + "\"",
                 "write `middlewares`");
  }
  for (const Value& ref : items_at(&m.value, "middlewares")) {
    if (ref.kind != Value::mapping || text_at(&ref, "name").empty()) {
      report("GP0706", ref.span, "spec.chain.middlewares has to be a list of objects with a name",
             "write `- name: " + std::string(ref.str().empty() ? "strip-prefix" : ref.str()) + "`");
      return std::nullopt;
    }
    auto name = resolve_reference(c_, o.ns, ref, "middleware", report);
    if (!name) return std::nullopt;
    list.items.push_back(text_value(std::move(name->value), name->span));
  }
  if (!list.items.empty()) set(body, "middlewares", std::move(list));
  return body;
}

std::optional<Value> MiddlewareBodies::errors(const Object& o, const Value::Member& m,
                                              const std::string& name, const Report& report) {
  Value body = m.value;
  const Value* entry = member(&m.value, "service");
  static const Value nothing;
  auto named =
      services_.named(o.ns, entry ? *entry : nothing, config::bare_name(name), "errors", report);
  if (!named) return std::nullopt;
  std::string service = named->name.value;
  if (named->service) {
    service = qualify(std::string(config::bare_name(name)) + "-errorpage-service", crd_provider);
    out_.config.services[service] = std::move(*named->service);
  }
  set(body, "service", text_value(std::move(service), entry ? entry->span : m.key_span));
  return body;
}

// ca, cert and key of a `tls` block from its secrets; false: refused.
bool MiddlewareBodies::client_tls(const Object& o, Value& tls, const Report& report) {
  if (const Text name = located_at(&tls, "caSecret"); !name.value.empty()) {
    const Object* found = secret(o, name, report);
    if (!found) return false;
    const Secret s = read_secret(*found, c_.findings);
    const Secret::Entry* ca = nullptr;
    for (const char* key : {"tls.ca", "ca.crt"}) {
      const auto entry = s.data.find(key);
      if (!ca && entry != s.data.end()) ca = &entry->second;
    }
    if (!ca && s.data.size() == 1) ca = &s.data.begin()->second;
    if (!ca) {
      report("GP0723", name.span, "secret '" + o.ns + "/" + name.value + "' has no CA block",
             "put the certificate authority into ca.crt");
      return false;
    }
    set(tls, "ca", text_value(ca->value, ca->span));
  }
  if (const Text name = located_at(&tls, "certSecret"); !name.value.empty()) {
    const auto pair = tls_certificate(c_, o.ns, name, report);
    if (!pair) return false;
    set(tls, "cert", text_value(pair->cert_file.value, pair->cert_file.span));
    set(tls, "key", text_value(pair->key_file.value, pair->key_file.span));
  }
  erase(tls, "caSecret");
  erase(tls, "certSecret");
  return true;
}

std::optional<Value> MiddlewareBodies::forward_auth(const Object& o, const Value& given,
                                                    const Report& report) {
  if (text_at(&given, "address").empty()) {
    report("GP0724", given.span, "forward authentication requires an address",
           "write `address` with the URL to ask");
    return std::nullopt;
  }
  Value body = given;
  if (const Value* tls = member(&given, "tls")) {
    Value changed = *tls;
    if (!client_tls(o, changed, report)) return std::nullopt;
    set(body, "tls", std::move(changed));
  }
  return body;
}

std::optional<Value> MiddlewareBodies::redis(const Object& o, const Value& given,
                                             const Report& report) {
  Value body = given;
  Value changed = *member(&given, "redis");
  if (const Value* tls = member(&changed, "tls")) {
    Value inner = *tls;
    if (!client_tls(o, inner, report)) return std::nullopt;
    set(changed, "tls", std::move(inner));
  }
  if (const Text name = located_at(&changed, "secret"); !name.value.empty()) {
    const Object* found = secret(o, name, report);
    if (!found) return std::nullopt;
    const Secret s = read_secret(*found, c_.findings);
    for (const char* key : {"username", "password"}) {
      const auto entry = s.data.find(key);
      if (entry == s.data.end()) {
        report(
            "GP0723", name.span,
            "secret '" + o.ns + "/" + name.value + "' must contain both username and password keys",
            "write username and password in the Secret");
        return std::nullopt;
      }
      set(changed, key, text_value(entry->second.value, entry->second.span));
    }
    erase(changed, "secret");
  }
  set(body, "redis", std::move(changed));
  return body;
}

// Values such as urn:k8s:secret:name:key.
bool MiddlewareBodies::plugin_secrets(const Object& o, const Value& v, const Report& report) {
  for (const Value::Member& m : v.members) {
    if (!plugin_secrets(o, m.value, report)) return false;
  }
  for (const Value& item : v.items) {
    if (!plugin_secrets(o, item, report)) return false;
  }
  if (v.kind != Value::scalar || !v.text.starts_with("urn:k8s:secret:")) return true;
  const std::vector<std::string_view> parts = text::split(v.text, ':');
  if (parts.size() != 5) {
    report("GP0724", v.span, "malformed secret URN " + text::quote(v.text),
           "write urn:k8s:secret:name:key");
    return false;
  }
  const Text name{std::string(parts[3]), v.span};
  const Object* found = c_.find(core_group, "Secret", o.ns, name.value);
  if (!found) {
    report("GP0722", v.span, "secret " + o.ns + "/" + name.value + " is not found",
           where_else(c_, core_group, "Secret", o.ns, name.value));
    return false;
  }
  if (read_secret(*found, c_.findings).data.contains(std::string(parts[4]))) return true;
  report("GP0723", v.span,
         "key \"" + std::string(parts[4]) + "\" not found in secret " + o.ns + "/" + name.value,
         "add the key to the Secret");
  return false;
}

}  // namespace gateproof::kubernetes
