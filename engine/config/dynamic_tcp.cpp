// The `tcp` and `udp` sections of a dynamic file (catalogue 1.9, 3.4, 4.8).
#include "engine/base/text.h"
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"

namespace gateproof::config {

namespace {

// An object that is checked; `seen` is set when it is there.
template <class T>
void seen_object(Schema<T>& s, std::string_view name, bool T::*seen, const ObjectSchema& child) {
  s.custom(name, "object", [seen, &child](const Value& v, T& o, DecodeContext& c) {
    o.*seen = true;
    child.decode(v, nullptr, c);
  });
  s.child(Shape::object, child);
  s.allow_empty();
}

const Schema<TcpRouterTls>& tcp_router_tls_schema() {
  static const Schema<TcpRouterTls> schema = [] {
    Schema<TcpRouterTls> s;
    s.field("passthrough", &TcpRouterTls::passthrough, "bool", "false");
    s.field("options", &TcpRouterTls::options, "string");
    s.field("certResolver", &TcpRouterTls::cert_resolver, "string");
    accept_fields(s, "domains[main:s sans:l]");
    return s;
  }();
  return schema;
}

const Schema<TcpRouterConfig>& tcp_router_schema() {
  using C = TcpRouterConfig;
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.field("entryPoints", &C::entry_points, "list of strings");
    s.field("middlewares", &C::middlewares, "list of strings");
    s.field("service", &C::service, "string");
    s.field("rule", &C::rule, "string");
    s.field("ruleSyntax", &C::rule_syntax, "string", "v3");
    s.field("priority", &C::priority, "integer", "0");
    s.object("tls", &C::tls, tcp_router_tls_schema()).allow_empty();
    return s;
  }();
  return schema;
}

const Schema<TcpMiddlewareConfig>& tcp_middleware_schema() {
  using C = TcpMiddlewareConfig;
  static const Schema<IpRangesConfig> ranges = [] {
    Schema<IpRangesConfig> s;
    s.field("sourceRange", &IpRangesConfig::source_range, "list of strings");
    return s;
  }();
  static const Schema<InFlightConnConfig> in_flight = [] {
    Schema<InFlightConnConfig> s;
    s.field("amount", &InFlightConnConfig::amount, "integer", "0");
    return s;
  }();
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.object("inFlightConn", &C::in_flight_conn, in_flight);
    s.object("ipWhiteList", &C::ip_white_list, ranges).deprecated("ipAllowList");
    s.object("ipAllowList", &C::ip_allow_list, ranges);
    return s;
  }();
  return schema;
}

const Schema<ProxyProtocolConfig>& proxy_protocol_schema() {
  static const Schema<ProxyProtocolConfig> schema = [] {
    Schema<ProxyProtocolConfig> s;
    s.field("version", &ProxyProtocolConfig::version, "integer", "2");
    return s;
  }();
  return schema;
}

const Schema<TcpHealthCheckConfig>& tcp_health_check_schema() {
  using C = TcpHealthCheckConfig;
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.field("port", &C::port, "integer", "0");
    s.field("send", &C::send, "string");
    s.field("expect", &C::expect, "string");
    s.field("interval", &C::interval, "duration", "30s");
    s.field("unhealthyInterval", &C::unhealthy_interval, "duration");
    s.field("timeout", &C::timeout, "duration", "5s");
    return s;
  }();
  return schema;
}

const Schema<TcpLoadBalancerConfig>& tcp_load_balancer_schema() {
  using C = TcpLoadBalancerConfig;
  static const Schema<TcpServerConfig> server = [] {
    Schema<TcpServerConfig> s;
    s.field("address", &TcpServerConfig::address, "string").unread({Origin::labels});
    s.field("port", &TcpServerConfig::port, "string");
    s.field("tls", &TcpServerConfig::tls, "bool", "false");
    return s;
  }();
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.list("servers", &C::servers, server).label_name("server");
    s.field("serversTransport", &C::servers_transport, "string");
    s.field("terminationDelay", &C::termination_delay_ms, "integer", "100")
        .deprecated("terminationDelay of a serversTransport");
    s.object("proxyProtocol", &C::proxy_protocol, proxy_protocol_schema())
        .allow_empty()
        .deprecated("proxyProtocol of a serversTransport");
    s.object("healthCheck", &C::health_check, tcp_health_check_schema());
    return s;
  }();
  return schema;
}

const Schema<StreamWeightedChild>& child_schema() {
  static const Schema<StreamWeightedChild> schema = [] {
    Schema<StreamWeightedChild> s;
    s.field("name", &StreamWeightedChild::name, "string");
    s.field("weight", &StreamWeightedChild::weight, "integer", "1");
    return s;
  }();
  return schema;
}

const Schema<TcpServiceConfig>& tcp_service_schema() {
  using C = TcpServiceConfig;
  static const ObjectSchema nothing;
  static const Schema<TcpWeightedConfig> weighted = [] {
    Schema<TcpWeightedConfig> s;
    s.list("services", &TcpWeightedConfig::services, child_schema());
    seen_object(s, "healthCheck", &TcpWeightedConfig::has_health_check, nothing);
    return s;
  }();
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.object("loadBalancer", &C::load_balancer, tcp_load_balancer_schema());
    s.object("weighted", &C::weighted, weighted).unread({Origin::labels});
    return s;
  }();
  return schema;
}

const Schema<TcpServersTransportConfig>& tcp_servers_transport_schema() {
  using C = TcpServersTransportConfig;
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.field("dialTimeout", &C::dial_timeout, "duration", "30s");
    s.field("dialKeepAlive", &C::dial_keep_alive, "duration", "15s");
    s.field("terminationDelay", &C::termination_delay, "duration", "100ms");
    s.object("proxyProtocol", &C::proxy_protocol, proxy_protocol_schema()).allow_empty();
    s.object("tls", &C::tls, tcp_transport_tls_schema()).allow_empty();
    return s;
  }();
  return schema;
}

const Schema<UdpRouterConfig>& udp_router_schema() {
  static const Schema<UdpRouterConfig> schema = [] {
    Schema<UdpRouterConfig> s;
    s.field("entryPoints", &UdpRouterConfig::entry_points, "list of strings");
    s.field("service", &UdpRouterConfig::service, "string");
    return s;
  }();
  return schema;
}

struct UdpServers {
  struct Server {
    Text address, port;
  };
  std::vector<Server> servers;
};
struct UdpWeighted {
  std::vector<StreamWeightedChild> services;
};

const Schema<UdpServiceConfig>& udp_service_schema() {
  static const Schema<UdpServers> servers = [] {
    static const Schema<UdpServers::Server> server = [] {
      Schema<UdpServers::Server> s;
      s.field("address", &UdpServers::Server::address, "string").unread({Origin::labels});
      s.field("port", &UdpServers::Server::port, "string").unread({Origin::file});
      return s;
    }();
    return Schema<UdpServers>().list("servers", &UdpServers::servers, server).label_name("server");
  }();
  static const auto weighted =
      Schema<UdpWeighted>().list("services", &UdpWeighted::services, child_schema());
  static const Schema<UdpServiceConfig> schema = [] {
    Schema<UdpServiceConfig> s;
    s.custom("loadBalancer", "object", [](const Value& v, UdpServiceConfig& o, DecodeContext& c) {
      UdpServers read;
      servers.decode(v, &read, c);
      o.servers.emplace();
      for (UdpServers::Server& one : read.servers) {
        o.servers->push_back(std::move(one.address));
        o.port = std::move(one.port);
      }
    });
    s.child(Shape::object, servers);
    s.custom("weighted", "object", [](const Value& v, UdpServiceConfig& o, DecodeContext& c) {
      UdpWeighted read;
      weighted.decode(v, &read, c);
      o.weighted = std::move(read.services);
    });
    s.child(Shape::object, weighted).unread({Origin::labels});
    return s;
  }();
  return schema;
}

const Value* member(const Value& v, std::string_view name) {
  for (const Value::Member& m : v.members) {
    if (text::iequals(m.key, name)) return &m.value;
  }
  return nullptr;
}

void keep_spans(const Value& v, TcpRouterConfig& r) {
  for (const Value::Member& m : v.members) {
    if (r.tls && text::iequals(m.key, "tls")) r.tls->span = m.key_span;
  }
}
void keep_spans(const Value& v, TcpServiceConfig& s) {
  const Value* lb = s.load_balancer ? member(v, "loadBalancer") : nullptr;
  if (const Value* h = lb ? member(*lb, "healthCheck") : nullptr;
      h && s.load_balancer->health_check)
    s.load_balancer->health_check->span = h->span;
}
template <class T>
void keep_spans(const Value&, T&) {}

// A map of named objects of one kind. `Section` is what they are read into.
template <class Section, class T>
void objects(Schema<Section>& s, std::string_view name, std::string_view kind,
             std::map<std::string, T> Section::*into, const Schema<T>& schema) {
  s.custom(name, "map of objects",
           [kind, into, &schema](const Value& v, Section& section, DecodeContext& c) {
             for (const NamedValue& n : named_values(v, c.findings)) {
               const std::string qualified = qualify(n.name, c.object);
               const std::string object = std::string(kind) + " " + qualified;
               if (n.value->kind == Value::scalar || n.value->kind == Value::sequence) {
                 c.findings.add("GP0107", n.value->span, object,
                                object + " has no options: its value is ignored",
                                "write its options as an object");
               }
               T out;
               out.span = n.span;
               DecodeContext own{c.findings, object, false, c.origin};
               schema.decode(*n.value, &out, own);
               c.failed = c.failed || own.failed;
               keep_spans(*n.value, out);
               (section.*into)[qualified] = std::move(out);
             }
           });
  s.fields.back().shape = Shape::object_map;
}

}  // namespace

const ObjectSchema* stream_object_schema(std::string_view section, std::string_view kind) {
  if (section == "tcp") {
    if (kind == "routers") return &tcp_router_schema();
    if (kind == "services") return &tcp_service_schema();
    return kind == "middlewares" ? &tcp_middleware_schema() : nullptr;
  }
  if (kind == "routers") return &udp_router_schema();
  return kind == "services" ? &udp_service_schema() : nullptr;
}

void decode_tcp(const Value& v, std::string_view provider, TcpConfig& out, DecodeContext& c) {
  static const Schema<TcpConfig> schema = [] {
    Schema<TcpConfig> s;
    objects(s, "routers", "TCP router", &TcpConfig::routers, tcp_router_schema());
    objects(s, "services", "TCP service", &TcpConfig::services, tcp_service_schema());
    objects(s, "middlewares", "TCP middleware", &TcpConfig::middlewares, tcp_middleware_schema());
    objects(s, "serversTransports", "TCP serversTransport", &TcpConfig::servers_transports,
            tcp_servers_transport_schema());
    s.fields.back().unread_in = {Origin::labels};
    accept_fields(s, "models:-");
    return s;
  }();
  DecodeContext inner{c.findings, provider, false,
                      c.origin};  // objects() takes the provider from here
  schema.decode(v, &out, inner);
  c.failed = c.failed || inner.failed;
}

void decode_udp(const Value& v, std::string_view provider, UdpConfig& out, DecodeContext& c) {
  static const Schema<UdpConfig> schema = [] {
    Schema<UdpConfig> s;
    objects(s, "routers", "UDP router", &UdpConfig::routers, udp_router_schema());
    objects(s, "services", "UDP service", &UdpConfig::services, udp_service_schema());
    return s;
  }();
  DecodeContext inner{c.findings, provider, false, c.origin};
  schema.decode(v, &out, inner);
  c.failed = c.failed || inner.failed;
}

}  // namespace gateproof::config
