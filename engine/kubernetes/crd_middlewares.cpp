// Middleware objects: bodies as a file would have them, decoded with the registry's schemas.
#include "engine/base/text.h"
#include "engine/kubernetes/crd_bodies.h"

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

// Marks every list, so that its texts keep the blanks around them (recorded).
void keep_blanks(Value& v) {
  if (v.kind == Value::sequence) v.quoted = true;
  for (Value& item : v.items) keep_blanks(item);
  for (Value::Member& m : v.members) keep_blanks(m.value);
}

class Middlewares {
 public:
  Middlewares(const Context& c, const config::MiddlewareTypes& types, CrdServices& services,
              CrdResult& out)
      : c_(c), types_(types), bodies_(c, services, out), out_(out) {}

  void one(const Object& o) {
    const Report report(c_.findings, o,
                        "the Middleware is dropped, and every router that uses it is disabled");
    const std::string name = qualify(c_.names().object(o.ns, o.name), crd_provider);
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
    auto body = bodies_.rewrite(o, m, name, report);
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
    Value exact = body;
    keep_blanks(exact);
    schema->schema->decode(exact, options.get(), context);
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
        for (const Value::Member& e : m.value.members) {
          const std::string entry = here + "." + e.key;
          ok = (f->type == "map of ints" ? expect(integer_of(e.value).has_value(), e.value, entry,
                                                  "an integer, without quotes", report)
                                         : expect_text(e.value, entry, report)) &&
               ok;
        }
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

  const Context& c_;
  const config::MiddlewareTypes& types_;
  MiddlewareBodies bodies_;
  CrdResult& out_;
};

}  // namespace

void crd_middleware(const Context& c, const config::MiddlewareTypes& types, CrdServices& services,
                    const Object& o, CrdResult& out) {
  Middlewares(c, types, services, out).one(o);
}

}  // namespace gateproof::kubernetes
