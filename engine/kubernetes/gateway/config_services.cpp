// Services: a load balancer for each backend, weighted ones for rules with several, and how servers are reached over TLS.
#include "engine/base/text.h"
#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {
namespace {

std::string host_port(const Backend::Address& a) {
  const bool v6 = a.ip.find(':') != std::string::npos;
  return (v6 ? "[" + a.ip + "]" : a.ip) + ":" + std::to_string(a.port);
}

std::string label_of(const Backend& b) {
  return b.service.ns + "/" + b.service.name + "/" + std::to_string(b.port);
}

std::string rule_label(const Route& route, size_t rule) {
  return text::to_lower(route.kind) + "/" + route.object->ns + "/" + route.object->name + "/" +
         std::to_string(rule);
}

bool usable(const Backend& b) { return b.error_status == 0 && (!b.tls || b.tls->valid); }

std::string scheme_of(const Backend& b, bool grpc) {
  const std::string& p = b.app_protocol;
  // Never plain where somebody says that it is TLS.
  if (b.tls || p == "https" || p == "kubernetes.io/wss") return "https";
  if (grpc || p == "kubernetes.io/h2c") return "h2c";
  return "http";
}

}  // namespace

bool Services::shared(const std::string& name) {
  const std::string full = qualified(name);
  used_.insert(full);
  return known_ && known_->contains(full) && anew_->erase(full) == 0;
}

std::string Services::gateway_label(size_t gateway) const {
  const Object& o = *model_.gateways[gateway].object;
  return o.ns + "/" + o.name;
}

config::TransportTlsConfig Services::transport(const BackendTls& tls, size_t gateway) const {
  config::TransportTlsConfig t;
  t.server_name = tls.hostname;
  if (!tls.system_cas) t.root_cas = tls.cas;
  for (const BackendTls::San& san : tls.sans) t.peer_names.push_back({san.uri, san.value});
  if (const auto& own = model_.gateways[gateway].client_certificate) {
    config::CertificateConfig pair;
    pair.cert_file = own->certificate;
    pair.key_file = own->key;
    t.certificates.push_back(std::move(pair));
  }
  return t;
}

std::string Services::prefix(std::string_view ns, std::string_view service) {
  return "service/" + std::string(ns) + "/" + std::string(service) + "/";
}

std::string Services::backend(const Route& route, const Backend& b, size_t gateway, bool grpc) {
  const std::string scheme = scheme_of(b, grpc || route.kind == "GRPCRoute");
  std::string name = "service/" + label_of(b);
  if (scheme != "http") name += "/" + scheme;
  if (b.tls) name += " " + gateway_label(gateway);
  if (shared(name)) return name;
  config::ServiceConfig& s = out_.services[qualified(name)];
  if (s.load_balancer) return name;
  s.types = {"loadBalancer"};
  s.span = b.ref ? b.ref->span : route.object->span;
  config::LoadBalancerConfig& lb = s.load_balancer.emplace();
  for (const Backend::Address& a : b.endpoints) {
    config::ServerConfig server;
    server.url = located(scheme + "://" + host_port(a), s.span);
    lb.servers.push_back(std::move(server));
  }
  if (!b.tls) return name;
  lb.servers_transport = located(name, s.span);
  config::ServersTransportConfig& t = out_.servers_transports[qualified(name)];
  t.tls = transport(*b.tls, gateway);
  t.span = s.span;
  return name;
}

std::string Services::answer(int status) {
  const std::string name = "status/" + std::to_string(status);
  if (shared(name)) return name;
  config::ServiceConfig& s = out_.services[qualified(name)];
  if (s.weighted) return name;
  s.types = {"weighted"};
  config::WeightedChild child;
  child.name = located(name);
  child.status = status;
  s.weighted.emplace().services.push_back(std::move(child));
  return name;
}

std::string Services::of_rule(const Route& route, size_t index, size_t gateway) {
  constexpr int nothing_to_ask = 500;
  const Rule& rule = route.rules[index];
  if (rule.error_status != 0) return answer(rule.error_status);
  const std::optional<config::SessionConfig> session = read_session(rule.rule);
  const std::string label = rule_label(route, index);
  config::WeightedConfig weighted;
  for (const Backend& b : rule.backends) {
    if (b.weight <= 0) continue;
    config::WeightedChild child;
    child.weight = b.weight;
    bool unknown = false;
    config::RouteFilters filters;
    filters.filters = read_filters(b.ref, unknown, {extensions_of(route.object->ns), {}});
    if (!usable(b) || unknown) {
      child.name = located(label_of(b), b.ref ? b.ref->span : SourceSpan{});
      child.status = b.error_status != 0 ? b.error_status : nothing_to_ask;
    } else {
      filters.session = session;
      child.name = located(backend(route, b, gateway), b.ref ? b.ref->span : SourceSpan{});
      if (!filters.empty())
        child.filters = std::make_shared<const config::RouteFilters>(std::move(filters));
    }
    weighted.services.push_back(std::move(child));
  }
  if (weighted.services.empty()) return answer(nothing_to_ask);
  const config::WeightedChild& first = weighted.services.front();
  if (weighted.services.size() == 1 && !first.filters)
    return first.status ? answer(*first.status) : first.name.value;
  const std::string name = label + " " + gateway_label(gateway);
  used_.insert(qualified(name));
  config::ServiceConfig& s = out_.services[qualified(name)];
  s.types = {"weighted"};
  s.span = route.object->span;
  s.weighted = std::move(weighted);
  return name;
}

std::string Services::tcp_backend(const Backend& b, size_t gateway, bool tls_ends_here) {
  const bool tls = tls_ends_here && b.tls.has_value();
  const bool asked = b.error_status == 0 && (!tls || b.tls->valid);
  std::string name = asked ? "service/" + label_of(b) : "nobody";
  if (asked && tls) name += " " + gateway_label(gateway);
  config::TcpServiceConfig& s = out_.tcp.services[qualified(name)];
  if (s.load_balancer) return name;
  config::TcpLoadBalancerConfig& lb = s.load_balancer.emplace();
  if (b.ref) s.span = b.ref->span;
  if (!asked) return name;
  for (const Backend::Address& a : b.endpoints) {
    config::TcpServerConfig server;
    server.address = located(host_port(a), s.span);
    server.tls = tls;
    lb.servers.push_back(std::move(server));
  }
  if (!tls) return name;
  lb.servers_transport = located(name, s.span);
  config::TcpServersTransportConfig& t = out_.tcp.servers_transports[qualified(name)];
  t.tls = transport(*b.tls, gateway);
  t.span = s.span;
  return name;
}

std::string Services::tcp_of_rule(const Route& route, size_t index, size_t gateway,
                                  bool tls_ends_here) {
  config::TcpWeightedConfig weighted;
  for (const Backend& b : route.rules[index].backends) {
    if (b.weight <= 0) continue;
    config::StreamWeightedChild child;
    child.name =
        located(tcp_backend(b, gateway, tls_ends_here), b.ref ? b.ref->span : SourceSpan{});
    child.weight = b.weight;
    weighted.services.push_back(std::move(child));
  }
  if (weighted.services.empty()) {
    Backend none;
    none.error_status = 500;
    return tcp_backend(none, gateway, false);
  }
  if (weighted.services.size() == 1) return weighted.services.front().name.value;
  const std::string name =
      rule_label(route, index) + " " + gateway_label(gateway) + (tls_ends_here ? " terminate" : "");
  config::TcpServiceConfig& s = out_.tcp.services[qualified(name)];
  s.weighted = std::move(weighted);
  s.span = route.object->span;
  return name;
}

std::string Services::udp_of_rule(const Route& route, size_t index, size_t gateway) {
  std::vector<config::StreamWeightedChild> children;
  for (const Backend& b : route.rules[index].backends) {
    if (b.weight <= 0) continue;
    const std::string name = b.error_status == 0 ? "service/" + label_of(b) : "nobody";
    config::UdpServiceConfig& s = out_.udp.services[qualified(name)];
    if (!s.servers) {
      s.servers.emplace();
      if (b.ref) s.span = b.ref->span;
      if (b.error_status == 0) {
        for (const Backend::Address& a : b.endpoints)
          s.servers->push_back(located(host_port(a), s.span));
      }
    }
    config::StreamWeightedChild child;
    child.name = located(name, s.span);
    child.weight = b.weight;
    children.push_back(std::move(child));
  }
  const std::string name = rule_label(route, index) + " " + gateway_label(gateway);
  config::UdpServiceConfig& s = out_.udp.services[qualified(name)];
  s.span = route.object->span;
  s.weighted = std::move(children);
  return name;
}

}  // namespace gateproof::kubernetes::gateway
