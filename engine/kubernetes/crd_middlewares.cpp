// Middleware objects: what the CRD writes differently from a file is rewritten, then the registry's schema decodes it.
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

using config::FieldSchema;
using config::qualify;
using config::Value;

namespace {

// Types of the CRD (catalogue 3.2, 6.5).
constexpr std::string_view crd_types[] = {
    "addPrefix",         "basicAuth",       "buffering",        "chain",
    "circuitBreaker",    "compress",        "contentType",      "digestAuth",
    "encodedCharacters", "errors",          "forwardAuth",      "grpcWeb",
    "headers",           "inFlightReq",     "ipAllowList",      "ipWhiteList",
    "passTLSClientCert", "plugin",          "rateLimit",        "redirectRegex",
    "redirectScheme",    "replacePath",     "replacePathRegex", "retry",
    "stripPrefix",       "stripPrefixRegex"};

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

class Middlewares {
 public:
  Middlewares(const Context& c, const config::MiddlewareTypes& types, CrdServices& services,
              CrdResult& out)
      : c_(c), types_(types), services_(services), out_(out) {}

  void one(const Object& o) {
    const Report report(c_.findings, o,
                        "the Middleware is dropped, and every router that uses it is disabled");
    const std::string name = qualify(object_name(o.ns, o.name), crd_provider);
    config::MiddlewareConfig mw;
    mw.span = o.span;
    const Value* spec = o.at("spec");
    for (const Value::Member& m : spec ? spec->members : std::vector<Value::Member>()) {
      if (m.value.kind == Value::null) continue;
      if (!type(o, m, name, mw, report)) return;
    }
    if (mw.type.empty()) {
      report.plain("GP0724", o.span,
                   "the Middleware has no type: every router that uses it is disabled",
                   "write one type under spec, such as stripPrefix");
    }
    put(out_.config.middlewares, name, std::move(mw), "middleware", report);
  }

 private:
  // One type of a Middleware; false drops the object.
  bool type(const Object& o, const Value::Member& m, const std::string& name,
            config::MiddlewareConfig& mw, const Report& report) {
    if (std::find(std::begin(crd_types), std::end(crd_types), m.key) == std::end(crd_types)) {
      const auto near = text::nearest(m.key, crd_types);
      report.plain("GP0705", m.key_span,
                   "unknown field \"spec." + m.key +
                       "\": `kubectl` refuses it, and the API server drops it without a word",
                   near ? "did you mean `" + *near + "`?"
                        : "write a middleware type of Traefik's, such as stripPrefix");
      return true;
    }
    if (m.value.kind != Value::mapping) {
      report("GP0706", m.value.span, "spec." + m.key + " has to be an object",
             "write its options below it");
      return false;
    }
    auto body = rewrite(o, m, name, report);
    if (!body) return false;
    if (!mw.type.empty()) {
      mw.extra_types.push_back(m.key);
      return true;
    }
    mw.type = m.key;
    return decode(m, *body, mw, report);
  }

  bool decode(const Value::Member& m, const Value& body, config::MiddlewareConfig& mw,
              const Report& report) {
    const config::MiddlewareSchema* schema = types_.find(m.key);
    if (!schema) {
      report.plain("GP1108", m.key_span, "the middleware type `" + m.key + "` is not acted on yet",
                   "routers that use it are not served until it is built");
      return true;
    }
    if (!strict_types(*schema->schema, body, "spec." + m.key, report)) return false;
    // Decoded aside: an object without members is a value in Kubernetes, and an unknown field is pruned.
    config::Findings decoded;
    const std::string label = report.object().label();
    config::DecodeContext context{decoded, label};
    std::shared_ptr<void> options = schema->make();
    schema->schema->decode(body, options.get(), context);
    bool refused = false;
    for (const config::Finding& f : decoded.list()) {
      if (f.code == "GP0103") continue;
      refused = refused || (f.severity == config::Severity::error && f.code != "GP0101");
      c_.findings.add(f);
    }
    if (refused) return false;
    if (schema->refs) mw.refs = schema->refs(options.get());
    mw.options = std::move(options);
    return true;
  }

  // A file turns `port: 443` into a text; the API server refuses it where the CRD wants one.
  bool strict_types(const config::ObjectSchema& schema, const Value& v, const std::string& path,
                    const Report& report) {
    bool ok = true;
    for (const Value::Member& m : v.members) {
      const FieldSchema* f = schema.find(m.key);
      if (!f || m.value.kind == Value::null) continue;
      const std::string here = path + "." + m.key;
      if (f->child && m.value.kind == Value::mapping && f->shape == config::Shape::object) {
        ok = strict_types(*f->child, m.value, here, report) && ok;
      } else if (f->type == "bool" || f->shape == config::Shape::boolean) {
        ok = expect(boolean_of(m.value).has_value(), m.value, here, "true or false, without quotes",
                    report) &&
             ok;
      } else if (f->type == "int" || f->type == "integer") {
        ok = expect(integer_of(m.value).has_value(), m.value, here, "an integer, without quotes",
                    report) &&
             ok;
      } else if (f->type == "string") {
        ok = expect_text(m.value, here, report) && ok;
      } else if (f->shape == config::Shape::list && m.value.kind == Value::sequence &&
                 f->type == "list of strings") {
        for (const Value& item : m.value.items) ok = expect_text(item, here, report) && ok;
      } else if (f->shape == config::Shape::map && m.value.kind == Value::mapping) {
        for (const Value::Member& e : m.value.members)
          ok = expect_text(e.value, here + "." + e.key, report) && ok;
      }
    }
    return ok;
  }

  static bool expect(bool fits, const Value& v, const std::string& path, std::string_view wanted,
                     const Report& report) {
    if (!fits) {
      report("GP0706", v.span,
             path + " has to be " + std::string(wanted) + ": the API server refuses the object",
             "write " + std::string(wanted));
    }
    return fits;
  }

  static bool expect_text(const Value& v, const std::string& path, const Report& report) {
    if (v.kind == Value::scalar && !integer_of(v) && !boolean_of(v)) return true;
    report("GP0706", v.span, path + " has to be a text: the API server refuses the object",
           v.kind == Value::scalar ? "write it in quotes: \"" + v.text + "\"" : "write a text");
    return false;
  }

  std::optional<Value> rewrite(const Object& o, const Value::Member& m, const std::string& name,
                               const Report& report) {
    if (!valid_durations(m, report)) return std::nullopt;
    if (m.key == "basicAuth" || m.key == "digestAuth") return auth(o, m, name, report);
    if (m.key == "chain") return chain(o, m, report);
    if (m.key == "errors") return errors(o, m, name, report);
    if (m.key == "forwardAuth") return forward_auth(o, m.value, report);
    if (m.key == "rateLimit" && member(&m.value, "redis")) return redis(o, m.value, report);
    if (m.key == "plugin" && !plugin_secrets(o, m.value, report)) return std::nullopt;
    return m.value;
  }

  static bool valid_durations(const Value::Member& m, const Report& report) {
    for (const DurationField& d : durations) {
      const Value* v = d.type == m.key ? member(&m.value, d.field) : nullptr;
      if (!v || v->kind != Value::scalar || config::parse_duration(v->text)) continue;
      report("GP0724", v->span, "time: invalid duration " + text::quote(v->text),
             "write seconds as an integer, or a number with a unit: 300ms, 10s, 1m30s");
      return false;
    }
    return true;
  }

  const Object* secret(const Object& o, const Text& name, const Report& report) {
    const Object* found = c_.find(core_group, "Secret", o.ns, name.value);
    if (!found) {
      report("GP0722", name.span, "secret '" + o.ns + "/" + name.value + "' not found",
             where_else(c_, core_group, "Secret", o.ns, name.value));
    }
    return found;
  }

  std::optional<Value> auth(const Object& o, const Value::Member& m, const std::string& name,
                            const Report& report) {
    Value body = m.value;
    for (const char* key : {"users", "usersFile"}) {
      const Value* v = member(&m.value, key);
      if (!v) continue;
      report.plain("GP0705", v->span,
                   "unknown field \"spec." + m.key + "." + key +
                       "\": the CRD takes users from a Secret only",
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

  static std::optional<std::vector<Text>> credentials(const Secret& s, std::string_view type,
                                                      const SourceSpan& at, const Report& report) {
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

  std::optional<Value> chain(const Object& o, const Value::Member& m, const Report& report) {
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
        report(
            "GP0706", ref.span, "spec.chain.middlewares has to be a list of objects with a name",
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

  std::optional<Value> errors(const Object& o, const Value::Member& m, const std::string& name,
                              const Report& report) {
    Value body = m.value;
    const Value* entry = member(&m.value, "service");
    static const Value nothing;
    auto named = services_.named(o.ns, entry ? *entry : nothing, report);
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
  bool client_tls(const Object& o, Value& tls, const Report& report) {
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

  std::optional<Value> forward_auth(const Object& o, const Value& given, const Report& report) {
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

  std::optional<Value> redis(const Object& o, const Value& given, const Report& report) {
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
          report("GP0723", name.span,
                 "secret '" + o.ns + "/" + name.value +
                     "' must contain both username and password keys",
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
  bool plugin_secrets(const Object& o, const Value& v, const Report& report) {
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

  const Context& c_;
  const config::MiddlewareTypes& types_;
  CrdServices& services_;
  CrdResult& out_;
};

}  // namespace

void crd_middlewares(const Context& c, const config::MiddlewareTypes& types, CrdServices& services,
                     CrdResult& out) {
  Middlewares all(c, types, services, out);
  for (const Object* o : c.list(traefik_group, "Middleware")) all.one(*o);
}

}  // namespace gateproof::kubernetes
