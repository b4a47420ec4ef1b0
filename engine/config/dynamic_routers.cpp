// Schemas of HTTP routers and transports.
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"

namespace gateproof::config {

const Schema<RouterTls>& router_tls_schema() {
  static const Schema<TlsDomain> domain = [] {
    Schema<TlsDomain> s;
    s.field("main", &TlsDomain::main, "string").field("sans", &TlsDomain::sans, "list of strings");
    return s;
  }();
  static const Schema<RouterTls> schema = [] {
    Schema<RouterTls> s;
    s.field("options", &RouterTls::options, "string");
    s.field("certResolver", &RouterTls::cert_resolver, "string");
    s.list("domains", &RouterTls::domains, domain);
    return s;
  }();
  return schema;
}

const Schema<RouterConfig>& router_schema() {
  static const auto observability =
      accepted_schema("accessLogs:b metrics:b tracing:b traceVerbosity:s");
  static const Schema<RouterConfig> schema = [] {
    Schema<RouterConfig> s;
    s.field("entryPoints", &RouterConfig::entry_points, "list of strings");
    s.field("middlewares", &RouterConfig::middlewares, "list of strings");
    s.field("service", &RouterConfig::service, "string");
    s.field("rule", &RouterConfig::rule, "string");
    s.field("ruleSyntax", &RouterConfig::rule_syntax, "string", "v3");
    s.field("priority", &RouterConfig::priority, "integer", "0");
    s.object("tls", &RouterConfig::tls, router_tls_schema()).allow_empty();
    s.custom("observability", "object", [](const Value& v, RouterConfig& r, DecodeContext& c) {
      r.has_observability = true;
      observability->decode(v, nullptr, c);
    });
    s.child(Shape::object, *observability);
    s.field("parentRefs", &RouterConfig::parent_refs, "list of strings").unread({Origin::labels});
    accept_fields(s, "deniedEncodedPathCharacters:- defaultRule:-");
    return s;
  }();
  return schema;
}

const Schema<ServersTransportConfig>& servers_transport_schema() {
  static const Schema<ServersTransportConfig> timeouts = [] {
    Schema<ServersTransportConfig> s;
    s.field("dialTimeout", &ServersTransportConfig::dial_timeout, "duration", "30s");
    s.field("responseHeaderTimeout", &ServersTransportConfig::response_header_timeout, "duration",
            "0s");
    s.field("idleConnTimeout", &ServersTransportConfig::idle_conn_timeout, "duration", "90s");
    s.field("readIdleTimeout", &ServersTransportConfig::read_idle_timeout, "duration", "0s");
    s.field("pingTimeout", &ServersTransportConfig::ping_timeout, "duration", "15s");
    return s;
  }();
  static const Schema<ServersTransportConfig> schema = [] {
    Schema<ServersTransportConfig> s;
    s.field("maxIdleConnsPerHost", &ServersTransportConfig::max_idle_conns_per_host, "integer");
    s.group("forwardingTimeouts", timeouts);
    s.inlined(&ServersTransportConfig::tls, transport_tls_schema());
    return s;
  }();
  return schema;
}

}  // namespace gateproof::config
