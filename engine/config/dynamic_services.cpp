// Service objects (catalogue 4.1, 4.3, 4.5).
#include "engine/base/text.h"
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"

namespace gateproof::config {

namespace {

const Schema<CookieConfig>& cookie_schema() {
  static const Schema<CookieConfig> schema = [] {
    Schema<CookieConfig> s;
    s.field("name", &CookieConfig::name, "string");
    s.field("secure", &CookieConfig::secure, "bool", "false");
    s.field("httpOnly", &CookieConfig::http_only, "bool", "false");
    s.field("sameSite", &CookieConfig::same_site, "string");
    s.field("maxAge", &CookieConfig::max_age, "integer", "0");
    s.field("path", &CookieConfig::path, "string", "/");
    s.field("domain", &CookieConfig::domain, "string");
    return s;
  }();
  return schema;
}

// `sticky: {cookie: {...}}`; without a cookie nothing is sticky.
struct Sticky {
  std::optional<CookieConfig> cookie;
};

const Schema<Sticky>& sticky_schema() {
  static const Schema<Sticky> schema = [] {
    Schema<Sticky> s;
    s.object("cookie", &Sticky::cookie, cookie_schema()).allow_empty();
    return s;
  }();
  return schema;
}

template <class T>
void sticky_field(Schema<T>& s, std::optional<CookieConfig> T::*member) {
  s.custom("sticky", "object", [member](const Value& v, T& o, DecodeContext& c) {
    Sticky sticky;
    sticky_schema().decode(v, &sticky, c);
    o.*member = std::move(sticky.cookie);
  });
  s.child(Shape::object, sticky_schema());
  s.allow_empty();
}

const ObjectSchema& health_check_schema() {
  static const auto schema = accepted_schema(
      "scheme:s mode:s path:s method:s status:i port:i interval:d unhealthyInterval:d timeout:d "
      "hostname:s"
      " followRedirects:b headers:m");
  return *schema;
}

const ObjectSchema& passive_schema() {
  static const auto schema = accepted_schema("failureWindow:d maxFailedAttempts:i");
  return *schema;
}

// An object that is checked; `seen` is set when it is there.
template <class T>
Schema<T>& seen_object(Schema<T>& s, std::string_view name, bool T::*seen,
                       const ObjectSchema& child) {
  s.custom(name, "object", [seen, &child](const Value& v, T& o, DecodeContext& c) {
    o.*seen = true;
    child.decode(v, nullptr, c);
  });
  s.child(Shape::object, child);
  return s;
}

const Schema<LoadBalancerConfig>& load_balancer_schema() {
  static const Schema<ServerConfig> server = [] {
    Schema<ServerConfig> s;
    s.field("url", &ServerConfig::url, "string");
    s.field("weight", &ServerConfig::weight, "integer", "1");
    s.field("preservePath", &ServerConfig::preserve_path, "bool", "false");
    accept_fields(s, "fenced:- scheme:- port:-");
    return s;
  }();
  static const Schema<LoadBalancerConfig> forwarding = [] {
    Schema<LoadBalancerConfig> s;
    s.field("flushInterval", &LoadBalancerConfig::flush_interval, "duration", "100ms");
    return s;
  }();
  static const Schema<LoadBalancerConfig> schema = [] {
    Schema<LoadBalancerConfig> s;
    s.list("servers", &LoadBalancerConfig::servers, server);
    s.field("strategy", &LoadBalancerConfig::strategy, "string", "wrr");
    s.field("passHostHeader", &LoadBalancerConfig::pass_host_header, "bool", "true");
    s.field("serversTransport", &LoadBalancerConfig::servers_transport, "string");
    s.group("responseForwarding", forwarding);
    sticky_field(s, &LoadBalancerConfig::sticky);
    seen_object(s, "healthCheck", &LoadBalancerConfig::has_health_check, health_check_schema());
    seen_object(s, "passiveHealthCheck", &LoadBalancerConfig::has_passive_health_check,
                passive_schema());
    return s;
  }();
  return schema;
}

const Schema<WeightedConfig>& weighted_schema() {
  static const ObjectSchema nothing;
  static const Schema<WeightedChild> child = [] {
    Schema<WeightedChild> s;
    s.field("name", &WeightedChild::name, "string");
    s.field("weight", &WeightedChild::weight, "integer", "1");
    accept_fields(s, "headers:- status:- grpcStatus:-");
    return s;
  }();
  static const Schema<WeightedConfig> schema = [] {
    Schema<WeightedConfig> s;
    s.list("services", &WeightedConfig::services, child);
    sticky_field(s, &WeightedConfig::sticky);
    seen_object(s, "healthCheck", &WeightedConfig::has_health_check, nothing).allow_empty();
    return s;
  }();
  return schema;
}

struct LaterKind {
  std::string_view name;
  std::unique_ptr<ObjectSchema> schema;
};

// Kinds that are understood but not built; catalogue 4.5.
const std::vector<LaterKind>& later_kinds() {
  static const std::vector<LaterKind> kinds = [] {
    std::vector<LaterKind> k;
    k.push_back({"mirroring",
                 accepted_schema("service:s mirrors[name:s percent:i] mirrorBody:b maxBodySize:i"
                                 " healthCheck{}!")});
    k.push_back({"failover", accepted_schema("service:s fallback:s healthCheck{}!"
                                             " errors{status:l maxRequestBodyBytes:i}")});
    k.push_back(
        {"highestRandomWeight", accepted_schema("services[name:s weight:i] healthCheck{}!")});
    return k;
  }();
  return kinds;
}

void not_yet(const FieldSchema& f, const Value& v, DecodeContext& c) {
  c.findings.add("GP1102", v.span, std::string(c.object),
                 "`" + std::string(f.name) + "` is not acted on yet",
                 "nothing to mend: it is checked, and takes no effect here");
}

const Schema<ServiceConfig>& service_schema() {
  static const Schema<ServiceConfig> schema = [] {
    Schema<ServiceConfig> s;
    s.object("loadBalancer", &ServiceConfig::load_balancer, load_balancer_schema());
    s.object("weighted", &ServiceConfig::weighted, weighted_schema());
    for (const LaterKind& kind : later_kinds()) {
      s.custom(kind.name, "object", [&kind](const Value& v, ServiceConfig& o, DecodeContext& c) {
        o.later_types.emplace_back(kind.name);
        kind.schema->decode(v, nullptr, c);
      });
      s.child(Shape::object, *kind.schema);
    }
    s.field("middlewares", &ServiceConfig::middlewares, "list of strings");
    return s;
  }();
  return schema;
}

}  // namespace

void decode_service(const Value& v, ServiceConfig& out, DecodeContext& c) {
  const Schema<ServiceConfig>& schema = service_schema();
  schema.decode(v, &out, c);
  for (const Value::Member& m : v.members) {
    const FieldSchema* f = m.value.kind == Value::null ? nullptr : schema.find(m.key);
    if (!f || f->shape != Shape::object) continue;
    out.types.emplace_back(f->name);
    Value at;
    at.span = m.key_span;
    const auto later = [&f](const LaterKind& k) { return k.name == f->name; };
    if (std::any_of(later_kinds().begin(), later_kinds().end(), later)) not_yet(*f, at, c);
    for (const Value::Member& option : m.value.members) {
      if (option.value.kind == Value::null || f->name != "loadBalancer") continue;
      const FieldSchema* check = f->child->find(option.key);
      if (!check || (check->name != "healthCheck" && check->name != "passiveHealthCheck")) continue;
      at.span = option.key_span;
      not_yet(*check, at, c);
    }
  }
}

}  // namespace gateproof::config
