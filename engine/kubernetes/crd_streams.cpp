// IngressRouteTCP, IngressRouteUDP, MiddlewareTCP and ServersTransportTCP to the TCP and UDP model (catalogue 6.5).
#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/backends.h"
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::StreamWeightedChild;
using config::Value;

namespace {

std::string host_port(std::string_view host, int64_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

// The servers of a Service for streams: as for HTTP, but an endpoint must be ready (recorded).
class StreamServers {
 public:
  StreamServers(const Context& c, std::string_view protocol) : c_(c), protocol_(protocol) {}

  // Addresses; nullopt: the service entry is left out (recorded).
  std::optional<std::vector<Text>> of(const Object& o, const Value& entry,
                                      const Report& report) const {
    const Text name = located_at(&entry, "name");
    const Text given = located_at(&entry, "namespace");
    const std::string ns = given.value.empty() ? o.ns : given.value;
    if (ns != o.ns && !c_.options.allow_cross_namespace) {
      report("GP0716", given.span,
             std::string(protocol_) + " service " + ns + "/" + name.value +
                 " is not in the parent resource namespace " + o.ns,
             "use a Service of namespace " + o.ns + ", or set " + c_.option("allowCrossNamespace"));
      return std::nullopt;
    }
    const Object* found = c_.find(core_group, "Service", ns, name.value);
    if (!found) {
      report("GP0710", name.span, "service not found",
             where_else(c_, core_group, "Service", ns, name.value));
      return std::nullopt;
    }
    const Service service = read_service(*found);
    const std::string path = ns + "/" + name.value;
    const bool external = service.type == "ExternalName";
    if (external && !c_.options.allow_external_name_services) {
      report("GP0714", name.span, "externalName services not allowed: " + path,
             "set " + c_.option("allowExternalNameServices"));
      return std::nullopt;
    }
    const auto port = port_of(entry, service, external, name, report);
    if (!port) return std::nullopt;
    // Nodes come before native addresses here (recorded); of HTTP it is the other way round.
    if (service.type == "NodePort" && boolean_at(&entry, "nodePortLB").value_or(false))
      return at_nodes(service, *port, name, report);
    if (external)
      return std::vector<Text>{{host_port(service.external_name, port->number), name.span}};
    if (boolean_at(&entry, "nativeLB").value_or(c_.options.native_lb_by_default)) {
      if (!native_server(service, *port, "tcp", name.span, report)) return std::nullopt;
      return std::vector<Text>{{host_port(service.cluster_ip, port->number), found->span}};
    }
    std::vector<Text> list = ready(service, *port);
    if (list.empty() && !c_.options.allow_empty_services) {
      report_no_servers(c_, service, *port, name.span, "no servers found for " + path, report);
      return std::nullopt;
    }
    return list;
  }

 private:
  std::optional<ServicePort> port_of(const Value& entry, const Service& service, bool external,
                                     const Text& name, const Report& report) const {
    const IntOrText port = int_or_text(member(&entry, "port"));
    if (port.empty()) {
      report("GP0711", name.span, "service port not defined",
             "write `port`; ports of the Service: " + ports_text(service));
      return std::nullopt;
    }
    for (const ServicePort& p : service.ports) {
      if (port.is_integer ? port.number == p.number : port.text == p.name) return p;
    }
    if (external && port.is_integer) {
      ServicePort p;
      p.number = port.number;
      return p;
    }
    const bool quoted_number = !port.is_integer && text::parse_int(port.text).has_value();
    report("GP0711", port.span.known() ? port.span : name.span,
           "service port not found: " + port.text,
           quoted_number ? "write the number without quotes: in quotes it is the name of a port"
                         : "ports of the Service: " + ports_text(service));
    return std::nullopt;
  }

  std::optional<std::vector<Text>> at_nodes(const Service& service, const ServicePort& port,
                                            const Text& name, const Report& report) const {
    auto list = node_addresses(c_, service, name.span, report);
    if (!list) return std::nullopt;
    for (Text& address : *list) address.value = host_port(address.value, port.node_port);
    return list;
  }

  std::vector<Text> ready(const Service& service, const ServicePort& port) const {
    std::vector<Text> out;
    std::set<std::string, std::less<>> seen;
    for (const EndpointSlice& slice : c_.slices(service)) {
      const auto p = std::find_if(slice.ports.begin(), slice.ports.end(),
                                  [&port](const ServicePort& x) { return x.name == port.name; });
      if (p == slice.ports.end() || p->number == 0) continue;
      for (const Endpoint& e : slice.endpoints) {
        if (!e.ready.value_or(false)) continue;
        for (const Text& address : e.addresses) {
          if (seen.insert(address.value).second)
            out.push_back({host_port(address.value, p->number), address.span});
        }
      }
    }
    return out;
  }

  const Context& c_;
  std::string_view protocol_;
};

class Streams {
 public:
  Streams(const Context& c, config::DynamicConfig& out) : c_(c), names_(c.names()), out_(out) {}

  void tcp(const Object& o) {
    certificate(o);
    size_t index = 0;
    for (const Value& route : items_at(o.at("spec"), "routes")) tcp_route(o, route, index++);
  }

  void udp(const Object& o) {
    size_t index = 0;
    for (const Value& route : items_at(o.at("spec"), "routes")) {
      const std::string name = names_.udp_route(o.ns, o.name, index++);
      const std::vector<Value>& entries = items_at(&route, "services");
      config::UdpRouterConfig r;
      r.span = route.span;
      for (const Value& e : items_at(o.at("spec"), "entryPoints"))
        r.entry_points.push_back({std::string(e.str()), e.span});
      const std::string service = names_.route_service(name, entries.size() > 1);
      r.service = {qualify(service, crd_provider), route.span};
      udp_services(o, entries, name, service);
      out_.udp.routers[qualify(name, crd_provider)] = std::move(r);
    }
  }

  void middleware(const Object& o) {
    config::TcpMiddlewareConfig m;
    m.span = o.span;
    const Value* spec = o.at("spec");
    if (const Value* v = member(spec, "inFlightConn"))
      m.in_flight_conn = config::InFlightConnConfig{integer_at(v, "amount")};
    if (const Value* v = member(spec, "ipWhiteList")) m.ip_white_list = ranges(*v);
    if (const Value* v = member(spec, "ipAllowList")) m.ip_allow_list = ranges(*v);
    put(out_.tcp.middlewares, qualify(names_.object(o.ns, o.name), crd_provider), std::move(m),
        "TCP middleware", Report(c_.findings, o, ""));
  }

  void transport(const Object& o) {
    const Report report(c_.findings, o, "");
    const Value* spec = o.at("spec");
    config::TcpServersTransportConfig t;
    t.span = o.span;
    crd_duration(spec, "dialTimeout", t.dial_timeout, report);
    crd_duration(spec, "dialKeepAlive", t.dial_keep_alive, report);
    crd_duration(spec, "terminationDelay", t.termination_delay, report);
    if (const Value* v = member(spec, "proxyProtocol")) t.proxy_protocol = proxy_protocol(*v);
    if (const Value* v = member(spec, "tls")) t.tls = crd_transport_tls(c_, o, v);
    put(out_.tcp.servers_transports, qualify(names_.object(o.ns, o.name), crd_provider),
        std::move(t), "TCP serversTransport", report);
  }

 private:
  static config::IpRangesConfig ranges(const Value& v) {
    config::IpRangesConfig out;
    for (const Value& range : items_at(&v, "sourceRange"))
      out.source_range.push_back({std::string(range.str()), range.span});
    return out;
  }

  static config::ProxyProtocolConfig proxy_protocol(const Value& v) {
    config::ProxyProtocolConfig out;
    if (const Value* version = member(&v, "version"))
      out.version = {integer_of(*version).value_or(0), version->span};
    return out;
  }

  // Where TLS ends here; a missing certificate is only logged.
  void certificate(const Object& o) {
    const Value* tls = o.at("spec.tls");
    const Text secret = located_at(tls, "secretName");
    if (secret.value.empty() || boolean_at(tls, "passthrough").value_or(false)) return;
    const Report report(c_.findings, o,
                        "the routers are kept, and clients get another certificate");
    if (auto pair = crd_certificate(c_, o.ns, secret, report))
      out_.certificates.push_back(std::move(*pair));
  }

  void tcp_route(const Object& o, const Value& route, size_t index) {
    const Report report(c_.findings, o, "the route is dropped");
    const Text match = located_at(&route, "match");
    if (match.value.empty()) {
      report("GP0719", match.span.known() ? match.span : route.span, "Empty match rule",
             "write a rule such as HostSNI(`db.example.com`)");
      return;
    }
    config::TcpRouterConfig r;
    for (const Value& ref : items_at(&route, "middlewares")) {
      auto name = resolve_reference(c_, o.ns, ref, "middleware", report);
      if (!name) return;
      r.middlewares.push_back(std::move(*name));
    }
    const std::string name = names_.tcp_route(o.ns, o.name, match.value, index);
    const std::vector<Value>& entries = items_at(&route, "services");
    const std::string service = names_.route_service(name, entries.size() > 1);
    tcp_services(o, entries, name, service);
    r.service = {qualify(service, crd_provider), route.span};
    r.rule = match;
    r.rule_syntax = located_at(&route, "syntax");
    r.span = match.span;
    if (const Value* priority = member(&route, "priority"))
      r.priority = {integer_of(*priority).value_or(0), priority->span};
    for (const Value& e : items_at(o.at("spec"), "entryPoints"))
      r.entry_points.push_back({std::string(e.str()), e.span});
    if (!tls_of(o, r)) return;
    put(out_.tcp.routers, qualify(name, crd_provider), std::move(r), "router", report);
  }

  bool tls_of(const Object& o, config::TcpRouterConfig& r) {
    const Value* tls = o.at("spec.tls");
    if (!tls || tls->kind != Value::mapping) return true;
    config::TcpRouterTls t;
    t.span = tls->span;
    t.passthrough = boolean_at(tls, "passthrough").value_or(false);
    t.cert_resolver = located_at(tls, "certResolver");
    if (const Value* options = member(tls, "options");
        options && !text_at(options, "name").empty()) {
      const Report report(c_.findings, o, "the route is dropped");
      const auto name = resolve_tls_options(c_, o.ns, *options, report);
      if (!name) return false;
      t.options = *name;
    }
    r.tls = std::move(t);
    return true;
  }

  // A service that cannot be made leaves its router without one, so that it is disabled.
  void tcp_services(const Object& o, const std::vector<Value>& entries, const std::string& route,
                    const std::string& name) {
    config::TcpWeightedConfig weighted;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Value& entry = entries[i];
      auto made = tcp_balancer(o, entry);
      if (!made) continue;
      if (entries.size() == 1) {
        out_.tcp.services[qualify(name, crd_provider)] = std::move(*made);
        return;
      }
      const Text child{qualify(child_name(o, entry, route, i), crd_provider), entry.span};
      out_.tcp.services[child.value] = std::move(*made);
      weighted.services.push_back({child, integer_at(&entry, "weight", 1)});
    }
    if (weighted.services.empty()) return;
    config::TcpServiceConfig s;
    s.span = entries.front().span;
    s.weighted = std::move(weighted);
    out_.tcp.services[qualify(name, crd_provider)] = std::move(s);
  }

  std::optional<config::TcpServiceConfig> tcp_balancer(const Object& o, const Value& entry) {
    const Report report(c_.findings, o, "the service is left out");
    const auto addresses = StreamServers(c_, "tcp").of(o, entry, report);
    if (!addresses) return std::nullopt;
    config::TcpLoadBalancerConfig lb;
    const bool tls = boolean_at(&entry, "tls").value_or(false);
    for (const Text& a : *addresses) lb.servers.push_back({.address = a, .tls = tls});
    if (const Value* v = member(&entry, "proxyProtocol")) lb.proxy_protocol = proxy_protocol(*v);
    const Text transport = located_at(&entry, "serversTransport");
    if (!transport.value.empty()) {
      // Of the route's namespace, wherever the Service is (recorded); of HTTP it is the Service's.
      auto name = resolve_transport(c_, o.ns, transport, report);
      if (!name) return std::nullopt;
      lb.servers_transport = std::move(*name);
    } else if (member(&entry, "terminationDelay")) {
      lb.termination_delay_ms = integer_at(&entry, "terminationDelay");
    }
    config::TcpServiceConfig s;
    s.span = entry.span;
    s.load_balancer = std::move(lb);
    return s;
  }

  void udp_services(const Object& o, const std::vector<Value>& entries, const std::string& route,
                    const std::string& name) {
    const Report report(c_.findings, o, "the service is left out");
    std::vector<StreamWeightedChild> weighted;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Value& entry = entries[i];
      auto addresses = StreamServers(c_, "udp").of(o, entry, report);
      if (!addresses) continue;
      config::UdpServiceConfig s;
      s.span = entry.span;
      s.servers = std::move(*addresses);
      if (entries.size() == 1) {
        out_.udp.services[qualify(name, crd_provider)] = std::move(s);
        return;
      }
      const Text child{qualify(child_name(o, entry, route, i), crd_provider), entry.span};
      out_.udp.services[child.value] = std::move(s);
      weighted.push_back({child, integer_at(&entry, "weight", 1)});
    }
    if (weighted.empty()) return;
    config::UdpServiceConfig s;
    s.span = entries.front().span;
    s.weighted = std::move(weighted);
    out_.udp.services[qualify(name, crd_provider)] = std::move(s);
  }

  std::string child_name(const Object& o, const Value& entry, const std::string& route,
                         size_t index) const {
    const Text ns = located_at(&entry, "namespace");
    return names_.stream_child(route, index, ns.value.empty() ? o.ns : ns.value,
                               text_at(&entry, "name"), int_or_text(member(&entry, "port")).text);
  }

  const Context& c_;
  const CrdNames names_;
  config::DynamicConfig& out_;
};

}  // namespace

void crd_streams(const Context& c, config::DynamicConfig& out) {
  Streams streams(c, out);
  for (const Object* o : c.list(traefik_group, "IngressRouteTCP")) {
    if (taken(c, *o)) streams.tcp(*o);
  }
  for (const Object* o : c.list(traefik_group, "IngressRouteUDP")) {
    if (taken(c, *o)) streams.udp(*o);
  }
  for (const Object* o : c.list(traefik_group, "MiddlewareTCP")) streams.middleware(*o);
  for (const Object* o : c.list(traefik_group, "ServersTransportTCP")) streams.transport(*o);
}

}  // namespace gateproof::kubernetes
