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
    s.field("scheme", &ServerConfig::scheme, "string").unread({Origin::file, Origin::pairs});
    s.field("port", &ServerConfig::port, "string").unread({Origin::file, Origin::pairs});
    accept_fields(s, "fenced:-");
    return s;
  }();
  static const Schema<LoadBalancerConfig> forwarding = [] {
    Schema<LoadBalancerConfig> s;
    s.field("flushInterval", &LoadBalancerConfig::flush_interval, "duration", "100ms");
    return s;
  }();
  static const Schema<LoadBalancerConfig> schema = [] {
    Schema<LoadBalancerConfig> s;
    s.list("servers", &LoadBalancerConfig::servers, server).label_name("server");
    s.field("strategy", &LoadBalancerConfig::strategy, "string", "wrr");
    s.field("passHostHeader", &LoadBalancerConfig::pass_host_header, "bool", "true");
    s.field("serversTransport", &LoadBalancerConfig::servers_transport, "string");
    s.group("responseForwarding", forwarding);
    sticky_field(s, &LoadBalancerConfig::sticky);
    s.object("healthCheck", &LoadBalancerConfig::health_check, health_check_schema());
    s.object("passiveHealthCheck", &LoadBalancerConfig::passive_health_check,
             passive_health_check_schema());
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

const Schema<HighestRandomWeightConfig>& highest_random_weight_schema() {
  static const ObjectSchema nothing;
  static const Schema<WeightedChild> child = [] {
    Schema<WeightedChild> s;
    s.field("name", &WeightedChild::name, "string");
    s.field("weight", &WeightedChild::weight, "integer", "1");
    return s;
  }();
  static const Schema<HighestRandomWeightConfig> schema = [] {
    Schema<HighestRandomWeightConfig> s;
    s.list("services", &HighestRandomWeightConfig::services, child);
    seen_object(s, "healthCheck", &HighestRandomWeightConfig::has_health_check, nothing)
        .allow_empty();
    return s;
  }();
  return schema;
}

const Schema<MirroringConfig>& mirroring_schema() {
  static const ObjectSchema nothing;
  static const Schema<MirrorConfig> mirror = [] {
    Schema<MirrorConfig> s;
    s.field("name", &MirrorConfig::name, "string");
    s.field("percent", &MirrorConfig::percent, "integer", "0");
    return s;
  }();
  static const Schema<MirroringConfig> schema = [] {
    Schema<MirroringConfig> s;
    s.field("service", &MirroringConfig::service, "string");
    s.list("mirrors", &MirroringConfig::mirrors, mirror);
    s.field("mirrorBody", &MirroringConfig::mirror_body, "bool", "true");
    s.field("maxBodySize", &MirroringConfig::max_body_size, "integer", "-1");
    seen_object(s, "healthCheck", &MirroringConfig::has_health_check, nothing).allow_empty();
    return s;
  }();
  return schema;
}

const Schema<FailoverConfig>& failover_schema() {
  static const ObjectSchema nothing;
  static const Schema<FailoverErrorsConfig> errors = [] {
    Schema<FailoverErrorsConfig> s;
    s.field("status", &FailoverErrorsConfig::status, "list of strings");
    s.field("maxRequestBodyBytes", &FailoverErrorsConfig::max_request_body_bytes, "integer", "-1");
    return s;
  }();
  static const Schema<FailoverConfig> schema = [] {
    Schema<FailoverConfig> s;
    s.field("service", &FailoverConfig::service, "string");
    s.field("fallback", &FailoverConfig::fallback, "string");
    seen_object(s, "healthCheck", &FailoverConfig::has_health_check, nothing).allow_empty();
    s.object("errors", &FailoverConfig::errors, errors);
    return s;
  }();
  return schema;
}

const Schema<ServiceConfig>& service_schema() {
  static const Schema<ServiceConfig> schema = [] {
    Schema<ServiceConfig> s;
    s.object("loadBalancer", &ServiceConfig::load_balancer, load_balancer_schema());
    s.object("weighted", &ServiceConfig::weighted, weighted_schema()).unread({Origin::labels});
    s.object("highestRandomWeight", &ServiceConfig::highest_random_weight,
             highest_random_weight_schema())
        .unread({Origin::labels});
    s.object("mirroring", &ServiceConfig::mirroring, mirroring_schema()).unread({Origin::labels});
    s.object("failover", &ServiceConfig::failover, failover_schema()).unread({Origin::labels});
    s.field("middlewares", &ServiceConfig::middlewares, "list of strings");
    return s;
  }();
  return schema;
}

void keep_span(const Value::Member& option, ServiceConfig& out) {
  LoadBalancerConfig& lb = *out.load_balancer;
  if (lb.health_check && text::iequals(option.key, "healthCheck"))
    lb.health_check->span = option.key_span;
  if (lb.passive_health_check && text::iequals(option.key, "passiveHealthCheck"))
    lb.passive_health_check->span = option.key_span;
}

}  // namespace

const Schema<HealthCheckConfig>& health_check_schema() {
  using C = HealthCheckConfig;
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.field("scheme", &C::scheme, "string");
    s.field("mode", &C::mode, "string", "http");
    s.field("path", &C::path, "string");
    s.field("method", &C::method, "string", "GET");
    s.field("status", &C::status, "integer", "0");
    s.field("port", &C::port, "integer", "0");
    s.field("interval", &C::interval, "duration", "30s");
    s.field("unhealthyInterval", &C::unhealthy_interval, "duration");
    s.field("timeout", &C::timeout, "duration", "5s");
    s.field("hostname", &C::hostname, "string");
    s.field("followRedirects", &C::follow_redirects, "bool", "true");
    s.field("headers", &C::headers, "map");
    return s;
  }();
  return schema;
}

const Schema<PassiveHealthCheckConfig>& passive_health_check_schema() {
  using C = PassiveHealthCheckConfig;
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.field("failureWindow", &C::failure_window, "duration", "10s");
    s.field("maxFailedAttempts", &C::max_failed_attempts, "integer", "1");
    return s;
  }();
  return schema;
}

const ObjectSchema* object_schema(std::string_view section, std::string_view kind) {
  if (section != "http") return stream_object_schema(section, kind);
  if (kind == "routers") return &router_schema();
  return kind == "services" ? &service_schema() : nullptr;
}

void decode_service(const Value& v, ServiceConfig& out, DecodeContext& c) {
  const Schema<ServiceConfig>& schema = service_schema();
  schema.decode(v, &out, c);
  for (const Value::Member& m : v.members) {
    const FieldSchema* f = m.value.kind == Value::null ? nullptr : schema.find(m.key);
    if (!f || f->shape != Shape::object) continue;
    if (c.origin == Origin::labels && !f->unread_in.empty()) continue;
    out.types.emplace_back(f->name);
    if (f->name != "loadBalancer" || !out.load_balancer) continue;
    for (const Value::Member& option : m.value.members) keep_span(option, out);
  }
}

}  // namespace gateproof::config
