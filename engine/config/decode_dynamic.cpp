// Traefik's dynamic configuration of one file. Any decode error rejects the file (catalogue 6.3).
#include "engine/base/text.h"
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"
#include "engine/config/plain_scalar.h"

namespace gateproof::config {

std::string qualify(std::string_view name, std::string_view provider) {
  if (name.find('@') != std::string_view::npos) return std::string(name);
  return std::string(name) + "@" + std::string(provider);
}

std::string_view provider_of(std::string_view qualified) {
  const size_t at = qualified.rfind('@');
  return at == std::string_view::npos ? std::string_view() : qualified.substr(at + 1);
}

std::string_view bare_name(std::string_view qualified) {
  return qualified.substr(0, qualified.rfind('@'));
}

std::vector<NamedValue> named_values(const Value& map, Findings& findings) {
  std::vector<NamedValue> out;
  for (const Value::Member& m : map.members) {
    if (m.value.kind == Value::null) continue;
    out.push_back({m.key, m.key_span, &m.value});
    if (m.key_quoted) continue;
    const char* go_kind = nullptr;
    switch (resolve_plain(m.key).kind) {
      case PlainScalar::integer: go_kind = "int"; break;
      case PlainScalar::real: go_kind = "float64"; break;
      case PlainScalar::boolean: go_kind = "bool"; break;
      default: continue;
    }
    out.back().name = "<" + std::string(go_kind) + " Value>";
    findings.add("GP0111", m.key_span, "",
                 "the name " + m.key + " is no text: Traefik calls the object " +
                     text::quote(out.back().name),
                 "write the name in quotes: \"" + m.key + "\"");
  }
  for (size_t i = 0; i < map.items.size(); ++i) {
    if (map.items[i].kind != Value::mapping) continue;
    out.push_back({"[" + std::to_string(i) + "]", map.items[i].span, &map.items[i]});
    findings.add(
        "GP0111", map.items[i].span, "",
        "a list where names are wanted: Traefik calls the object " + text::quote(out.back().name),
        "write `name:` instead of the dash");
  }
  return out;
}

namespace {

// Types of Traefik's middlewares that MiddlewareTypes may not have yet (catalogue 3.2).
constexpr std::string_view documented_types[] = {
    "addPrefix",         "basicAuth",       "buffering",        "chain",
    "circuitBreaker",    "compress",        "contentType",      "digestAuth",
    "encodedCharacters", "errors",          "forwardAuth",      "grpcWeb",
    "headers",           "inFlightReq",     "ipAllowList",      "ipWhiteList",
    "passTLSClientCert", "plugin",          "rateLimit",        "redirectRegex",
    "redirectScheme",    "replacePath",     "replacePathRegex", "retry",
    "stripPrefix",       "stripPrefixRegex"};

// Types that only other providers write (catalogue 3.5). A file may name them: their keys are checked, and the object is then
// of no type at all.
const ObjectSchema& other_providers_types() {
  static const auto types = accepted_schema(
      "requestHeaderModifier{set:m add:m remove:l}! responseHeaderModifier{set:m add:m remove:l}!"
      " requestRedirect{scheme:s hostname:s port:s path:s pathPrefix:s statusCode:i}!"
      " URLRewrite{hostname:s path:s pathPrefix:s}!"
      " authTLSPassCertificateToUpstream{clientAuthType:s caFiles:l}!"
      " snippet{serverSnippet:s configurationSnippet:s}! upstreamVHost{vhost:s}! appRoot{path:s}!"
      " rewriteTarget{regex:s replacement:s xForwardedPrefix:s}!");
  return *types;
}

class Decoder {
 public:
  Decoder(std::string_view provider, const MiddlewareTypes& types, Findings& findings,
          Origin origin)
      : provider_(provider), types_(types), findings_(findings), origin_(origin) {}

  std::optional<DynamicConfig> decode(const Value& root) {
    if (root.kind != Value::null && root.kind != Value::mapping) {
      findings_.add("GP0112", root.span, "",
                    root.kind == Value::sequence
                        ? "cannot unmarshal !!seq into map[string]interface {}"
                        : "cannot unmarshal !!str into map[string]interface {}",
                    "write http:, tcp:, udp: or tls: at the top");
      return std::nullopt;
    }
    for (const Value::Member& m : root.members) {
      if (m.value.kind != Value::null) section(m);
    }
    if (failed_) return std::nullopt;
    return std::move(out_);
  }

 private:
  using Each = void (Decoder::*)(const NamedValue&);

  void section(const Value::Member& m) {
    constexpr std::string_view names[] = {"http", "tcp", "udp", "tls"};
    const auto name = std::find_if(std::begin(names), std::end(names),
                                   [&m](std::string_view n) { return text::iequals(n, m.key); });
    if (name == std::end(names)) {
      const auto near = text::nearest(m.key, names);
      if (origin_ == Origin::labels || origin_ == Origin::pairs) {
        findings_.add("GP0101", m.key_span, "", "field not found, node: " + m.key,
                      near ? "did you mean `" + *near + "`?" : "known here: http, tcp, udp, tls");
        failed_ = true;
        return;
      }
      findings_.add(
          "GP0109", m.key_span, "",
          "`" + m.key +
              "` is no section of the dynamic configuration; everything below it is ignored",
          near ? "did you mean `" + *near + "`?" : "known here: http, tcp, udp, tls");
      return;
    }
    DecodeContext c{findings_, "", false, origin_};
    if (enter_object(*name, m.value, *name == "tls", c)) {
      if (*name == "http") http(m.value, c);
      if (*name == "tls") tls(m, c);
      if (*name == "tcp") decode_tcp(m.value, provider_, out_.tcp, c);
      if (*name == "udp") decode_udp(m.value, provider_, out_.udp, c);
    }
    failed_ = failed_ || c.failed;
  }

  void http(const Value& v, DecodeContext& c) {
    Schema<Decoder> s;
    map(s, "routers", &Decoder::router);
    map(s, "services", &Decoder::service);
    map(s, "middlewares", &Decoder::middleware);
    map(s, "serversTransports", &Decoder::servers_transport);
    s.fields.back().unread_in = {Origin::labels};
    accept_fields(s, "models:-");
    s.decode(v, this, c);
  }

  static void map(Schema<Decoder>& s, std::string_view name, Each each) {
    s.custom(name, "map of objects", [each](const Value& v, Decoder& d, DecodeContext&) {
      for (const NamedValue& n : named_values(v, d.findings_)) (d.*each)(n);
    });
    s.fields.back().shape = Shape::object_map;
  }

  // A scalar in the place of an object makes an empty one, as in Traefik; say so.
  bool warn_scalar(const NamedValue& n, const std::string& object) {
    if (n.value->kind == Value::scalar || (n.value->kind == Value::sequence)) {
      findings_.add("GP0107", n.value->span, object,
                    object + " has no options: its value is ignored",
                    "write its options as an object");
    }
    return n.value->kind == Value::mapping;
  }

  template <class Decode>
  void object(const NamedValue& n, std::string_view kind, Decode decode) {
    const std::string name = std::string(kind) + " " + qualify(n.name, provider_);
    warn_scalar(n, name);
    DecodeContext c{findings_, name, false, origin_};
    decode(c);
    failed_ = failed_ || c.failed;
  }

  void router(const NamedValue& n) {
    RouterConfig r;
    r.span = n.span;
    object(n, "router", [&](DecodeContext& c) { router_schema().decode(*n.value, &r, c); });
    if (r.tls) {
      for (const Value::Member& m : n.value->members) {
        if (text::iequals(m.key, "tls")) r.tls->span = m.key_span;
      }
    }
    out_.routers[qualify(n.name, provider_)] = std::move(r);
  }

  void service(const NamedValue& n) {
    ServiceConfig s;
    s.span = n.span;
    object(n, "service", [&](DecodeContext& c) { decode_service(*n.value, s, c); });
    out_.services[qualify(n.name, provider_)] = std::move(s);
  }

  void servers_transport(const NamedValue& n) {
    ServersTransportConfig t;
    t.span = n.span;
    t.max_idle_conns_per_host = 0;
    object(n, "serversTransport",
           [&](DecodeContext& c) { servers_transport_schema().decode(*n.value, &t, c); });
    // Go's net/http keeps two when nothing is said; only the static default is 200.
    if (t.max_idle_conns_per_host == 0) t.max_idle_conns_per_host = 2;
    out_.servers_transports[qualify(n.name, provider_)] = std::move(t);
  }

  void middleware(const NamedValue& n) {
    MiddlewareConfig mw;
    mw.span = n.span;
    object(n, "middleware", [&](DecodeContext& c) {
      for (const Value::Member& m : n.value->members) {
        if (m.value.kind != Value::null) middleware_type(m, mw, c);
      }
    });
    out_.middlewares[qualify(n.name, provider_)] = std::move(mw);
  }

  // Whether the key is such a type; then it has been checked.
  bool other_providers_type(const Value::Member& m, DecodeContext& c) {
    const ObjectSchema& types = other_providers_types();
    const FieldSchema* field = types.find(m.key);
    if (!field) return false;
    Value alone;
    alone.kind = Value::mapping;
    alone.span = m.value.span;
    alone.members.push_back(m);
    types.decode(alone, nullptr, c);
    findings_.add("GP0114", m.key_span, std::string(c.object),
                  "the middleware type `" + std::string(field->name) +
                      "` is made by other providers: in a file Traefik takes no notice of it",
                  "use a type that files may write, such as `headers` or `redirectRegex`");
    return true;
  }

  void middleware_type(const Value::Member& m, MiddlewareConfig& mw, DecodeContext& c) {
    if (other_providers_type(m, c)) return;
    const MiddlewareSchema* schema = types_.find(m.key);
    const auto documented =
        std::find_if(std::begin(documented_types), std::end(documented_types),
                     [&m](std::string_view t) { return text::iequals(t, m.key); });
    if (!schema && documented == std::end(documented_types)) {
      unknown_type(m, c);
      return;
    }
    const std::string_view type = schema ? schema->type : *documented;
    const bool allow_empty =
        schema ? schema->empty_allowed : type == "compress" || type == "contentType";
    if (!enter_object(type, m.value, allow_empty, c)) return;
    if (!mw.type.empty()) {
      mw.extra_types.emplace_back(type);
    } else {
      mw.type = type;
    }
    if (!schema) {
      findings_.add("GP1108", m.key_span, std::string(c.object),
                    "the middleware type `" + std::string(type) + "` is not acted on yet",
                    "routers that use it are not served until it is built");
      return;
    }
    std::shared_ptr<void> options = schema->make();
    schema->schema->decode(m.value, options.get(), c);
    if (!mw.extra_types.empty()) return;
    if (schema->refs) mw.refs = schema->refs(options.get());
    mw.options = std::move(options);
  }

  void unknown_type(const Value::Member& m, DecodeContext& c) {
    std::vector<std::string_view> names = types_.names();
    names.insert(names.end(), std::begin(documented_types), std::end(documented_types));
    Value at;
    at.span = m.key_span;
    const auto near = text::nearest(m.key, names);
    c.error("GP0101", at, "field not found, node: " + m.key,
            near ? "did you mean `" + *near + "`?"
                 : "write a middleware type of Traefik's, such as `stripPrefix`");
  }

  void tls(const Value::Member& section, DecodeContext& c) {
    Schema<Decoder> s;
    s.custom("certificates", "list of objects", [](const Value& v, Decoder& d, DecodeContext& dc) {
      for (const Value* item : object_items("certificates", v, dc)) {
        certificate_schema().decode(*item, &d.out_.certificates.emplace_back(), dc);
      }
    });
    s.child(Shape::object_list, certificate_schema());
    s.custom("options", "map of objects", [](const Value& v, Decoder& d, DecodeContext& dc) {
      for (const NamedValue& n : named_values(v, d.findings_)) {
        TlsOptionsConfig& o =
            d.out_.tls_options[n.name == "default" ? n.name : qualify(n.name, d.provider_)];
        o.span = n.span;
        tls_options_schema().decode(*n.value, &o, dc);
      }
    });
    s.child(Shape::object_map, tls_options_schema());
    s.custom("stores", "map of objects", [](const Value& v, Decoder& d, DecodeContext& dc) {
      for (const NamedValue& n : named_values(v, d.findings_)) {
        TlsStoreConfig& store = d.out_.tls_stores[n.name];
        store.span = n.span;
        tls_store_schema().decode(*n.value, &store, dc);
        if (store.generated_by.empty()) continue;
        d.findings_.add("GP1101", n.span, "TLS store " + n.name,
                        "`defaultGeneratedCert` is not acted on yet: no certificate is asked for",
                        "give the store a defaultCertificate");
      }
    });
    s.child(Shape::object_map, tls_store_schema());
    s.decode(section.value, this, c);
  }

  std::string_view provider_;
  const MiddlewareTypes& types_;
  Findings& findings_;
  Origin origin_;
  DynamicConfig out_;
  bool failed_ = false;
};

}  // namespace

std::optional<DynamicConfig> decode_dynamic(const Document& doc, std::string_view provider,
                                            const MiddlewareTypes& types, Findings& findings) {
  if (doc.more) {
    findings.add("GP0006", {doc.root.span.file, 0, 0, 0}, "",
                 "the file holds several YAML documents; Traefik reads the first only",
                 "put each document into a file of its own");
  }
  Decoder decoder(provider, types, findings, doc.origin);
  return decoder.decode(doc.root);
}

}  // namespace gateproof::config
