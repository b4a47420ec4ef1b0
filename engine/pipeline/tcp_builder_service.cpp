#include "engine/base/text.h"
#include "engine/pipeline/tcp_builder.h"
#include "engine/pipeline/tls_check.h"

namespace gateproof::pipeline {
namespace {

constexpr std::string_view several_kinds =
    "cannot create service: multi-types service not supported, consider declaring two different "
    "pieces of service instead";

}  // namespace

Result<TcpBuilder::ServicePtr> TcpBuilder::service(const std::string& name) {
  const auto found = in_.dynamics->tcp.services.find(name);
  if (found == in_.dynamics->tcp.services.end()) {
    return Error(Code::not_found, "the service \"" + name + "\" does not exist", SourceSpan{},
                 "define it below tcp.services, or name one that exists");
  }
  const config::TcpServiceConfig& s = found->second;
  ObjectInfo& info = out_.tcp_services.at(name);
  const auto refuse = [&](std::string text, std::string_view code,
                          const std::string& remedy) -> Error {
    info.fail(text);
    finding_once(code, s.span, info.label(), text + ": the service is disabled", remedy);
    return Error(Code::invalid, std::move(text), s.span, remedy);
  };
  if (s.load_balancer && s.weighted) {
    return refuse(std::string(several_kinds), "GP0502", "declare one service for each kind");
  }
  if (!s.load_balancer && !s.weighted) {
    return refuse("the service \"" + name + "\" does not have any type defined", "GP0502",
                  "add loadBalancer with its servers, or weighted");
  }
  // Traefik itself dies of a circle (stack overflow).
  if (!building_.insert(name).second)
    return refuse("recursion detected in service:" + name, "GP0503", "break the circle");
  Result<ServicePtr> built = s.load_balancer ? load_balancer(name, s) : weighted(name, s);
  building_.erase(name);
  return built;
}

// Deprecated options of the service count only where it names no serversTransport.
Result<upstream::TcpDialing> TcpBuilder::dialing(const std::string& name,
                                                 const config::TcpLoadBalancerConfig& lb) {
  upstream::TcpDialing d;
  const config::ProxyProtocolConfig* proxy = nullptr;
  if (lb.servers_transport.value.empty()) {
    if (lb.termination_delay_ms)
      d.termination_delay = std::chrono::milliseconds(*lb.termination_delay_ms);
    if (lb.proxy_protocol) proxy = &*lb.proxy_protocol;
  } else {
    const std::string qualified =
        config::qualify(lb.servers_transport.value, config::provider_of(name));
    const auto found = in_.dynamics->tcp.servers_transports.find(qualified);
    if (found != in_.dynamics->tcp.servers_transports.end()) {
      const config::TcpServersTransportConfig& t = found->second;
      d.timeout = t.dial_timeout;
      d.keep_alive = t.dial_keep_alive;
      d.termination_delay = t.termination_delay;
      if (t.proxy_protocol) proxy = &*t.proxy_protocol;
      if (t.tls && t.tls->spiffe) {
        if (Result<void> good = check_spiffe(*t.tls->spiffe); !good) {
          const Error& e = good.error();
          finding_once("GP0501", e.span, "TCP service " + name,
                       e.message + ": routers that use the service are disabled", e.remedy);
          return e;
        }
      }
    } else if (qualified != "default@internal") {
      const std::string text = "no transport configuration found for " + text::quote(qualified);
      finding_once("GP0501", lb.servers_transport.span, "TCP service " + name,
                   text + ": routers that use the service are disabled",
                   "define tcp.serversTransports." + lb.servers_transport.value);
      return Error(Code::not_found, text, lb.servers_transport.span,
                   "define tcp.serversTransports." + lb.servers_transport.value);
    }
  }
  if (!proxy) return d;
  const int64_t version = proxy->version.value;
  if (version != 1 && version != 2) {
    const std::string text = "unknown proxyProtocol version: " + std::to_string(version);
    finding_once("GP0501", proxy->version.span, "TCP service " + name,
                 text + ": routers that use the service are disabled", "write 1 or 2");
    return Error(Code::invalid, text, proxy->version.span, "write 1 or 2");
  }
  d.proxy_protocol = static_cast<int>(version);
  return d;
}

// Null: its servers cannot be spoken to over TLS, and why is said.
std::shared_ptr<TlsConnector> TcpBuilder::connector(const std::string& name,
                                                    const config::TcpLoadBalancerConfig& lb) {
  config::TransportTlsConfig how;
  const auto found = in_.dynamics->tcp.servers_transports.find(
      config::qualify(lb.servers_transport.value, config::provider_of(name)));
  if (found != in_.dynamics->tcp.servers_transports.end() && found->second.tls)
    how = *found->second.tls;
  if (how.server_name.empty() && !how.insecure_skip_verify && !how.spiffe) {
    const SourceSpan& at = lb.servers_transport.span;
    finding_once("GP0605", at.known() ? at : lb.servers.front().address.span, "TCP service " + name,
                 "tls: either ServerName or InsecureSkipVerify must be specified in the "
                 "tls.Config: connections to its servers with `tls` are closed",
                 "add serverName to the `tls` of a TCP serversTransport");
    return nullptr;
  }
  Result<std::shared_ptr<TlsConnector>> made = tls_.connector(how);
  if (made) return std::move(*made);
  finding_once("GP1102", found->second.span, "TCP service " + name,
               made.error().message + ": connections to its servers with `tls` are closed",
               "use rootCAs, serverName and peerCertURI in place of spiffe");
  return nullptr;
}

std::vector<upstream::TcpServer> TcpBuilder::servers(const std::string& object,
                                                     const std::vector<config::Text>& addresses) {
  std::vector<upstream::TcpServer> out;
  for (const config::Text& a : addresses) {
    if (auto server = upstream::parse_server_address(a.value)) {
      out.push_back(std::move(*server));
      continue;
    }
    finding_once("GP0505", a.span, object,
                 "the server address " + text::quote(a.value) +
                     " is no host:port: an error is logged and the server left out",
                 "write an address such as 10.0.0.7:5432");
  }
  return out;
}

Result<TcpBuilder::ServicePtr> TcpBuilder::load_balancer(const std::string& name,
                                                         const config::TcpServiceConfig& s) {
  const config::TcpLoadBalancerConfig& lb = *s.load_balancer;
  const std::string object = "TCP service " + name;
  Result<upstream::TcpDialing> how = dialing(name, lb);
  if (!how) return how.error();
  std::vector<config::Text> addresses;
  bool tls = false;
  for (const config::TcpServerConfig& server : lb.servers) {
    addresses.push_back(server.address);
    tls = tls || server.tls;
  }
  std::vector<upstream::TcpServer> made = servers(object, addresses);
  for (upstream::TcpServer& one : made) {
    for (const config::TcpServerConfig& server : lb.servers)
      one.tls = one.tls || (server.tls && server.address.value == one.address);
  }
  if (tls) {
    const std::shared_ptr<TlsConnector> connector = this->connector(name, lb);
    for (upstream::TcpServer& one : made) one.connector = connector;
  }
  if (addresses.empty()) {
    finding_once("GP0506", s.span, object,
                 "the load balancer has no server: its connections are closed", "list its servers");
  }
  auto balancer = std::make_shared<upstream::TcpLoadBalancer>(
      name, std::move(made), *how, lb.health_check.has_value(), in_.random,
      out_.tcp_server_health[name]);
  if (!out_.tcp_server_health[name]) {
    out_.tcp_server_health[name] = balancer->health();
    if (lb.health_check)
      out_.health_checks.push_back(
          upstream::make_tcp_health_check(name, *lb.health_check, *balancer));
  }
  return ServicePtr(std::move(balancer));
}

Result<TcpBuilder::ServicePtr> TcpBuilder::weighted(const std::string& name,
                                                    const config::TcpServiceConfig& s) {
  ObjectInfo& info = out_.tcp_services.at(name);
  std::vector<upstream::TcpWeighted::Child> children;
  for (const config::StreamWeightedChild& c : s.weighted->services) {
    Result<ServicePtr> child = service(config::qualify(c.name.value, config::provider_of(name)));
    if (!child) {
      info.fail(child.error().message);
      finding_once("GP0501", c.name.span, info.label(),
                   child.error().message + ": the service is disabled",
                   child.error().remedy.empty() ? "mend the child" : child.error().remedy);
      return child.error();
    }
    children.push_back({c.name.value, std::move(*child), c.weight});
  }
  auto made = std::make_shared<upstream::TcpWeighted>(name, std::move(children),
                                                      s.weighted->has_health_check, in_.random);
  const Result<void> followed = made->follow_children();
  if (!followed) {
    info.fail(followed.error().message);
    finding_once("GP0501", s.span, info.label(),
                 followed.error().message + ": the service is disabled", followed.error().remedy);
    return followed.error();
  }
  return ServicePtr(std::move(made));
}

}  // namespace gateproof::pipeline
