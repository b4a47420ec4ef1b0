#include "engine/kubernetes/backends.h"

#include <set>

namespace gateproof::kubernetes {

using config::Value;

std::string_view scheme_of_port(const ServicePort& port) {
  return port.number == 443 || port.name.starts_with("https") ? "https" : "http";
}

std::string server_url(std::string_view scheme, std::string_view host, int64_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  std::string url(scheme);
  url.append("://");
  if (v6) url += '[';
  url.append(host);
  if (v6) url += ']';
  return url + ":" + std::to_string(port);
}

std::vector<config::ServerConfig> endpoint_servers(const Context& c, const Service& service,
                                                   const ServicePort& port,
                                                   std::string_view scheme) {
  std::vector<config::ServerConfig> out;
  std::set<std::string, std::less<>> seen;
  for (const EndpointSlice& slice : c.slices(service)) {
    const auto p = std::find_if(slice.ports.begin(), slice.ports.end(),
                                [&port](const ServicePort& x) { return x.name == port.name; });
    if (p == slice.ports.end() || p->number == 0) continue;
    for (const Endpoint& e : slice.endpoints) {
      if (!e.serving.value_or(true)) continue;
      for (const Text& address : e.addresses) {
        if (!seen.insert(address.value).second) continue;
        config::ServerConfig server;
        server.url = {server_url(scheme, address.value, p->number), address.span};
        server.fenced = e.terminating.value_or(false);
        out.push_back(std::move(server));
      }
    }
  }
  return out;
}

std::optional<config::ServerConfig> native_server(const Service& service, const ServicePort& port,
                                                  std::string_view scheme, const SourceSpan& at,
                                                  const Report& report) {
  const std::string path = service.object->ns + "/" + service.object->name;
  if (service.cluster_ip.empty() || service.cluster_ip == "None") {
    const bool headless = !service.cluster_ip.empty();
    report(
        "GP0715", at,
        std::string("getting native Kubernetes Service address: ") +
            (headless ? "no clusterIP on headless service: " : "no clusterIP found for service: ") +
            path,
        headless ? "leave nativeLB out for a headless Service"
                 : "write spec.clusterIP (a cluster gives one), or leave nativeLB out");
    return std::nullopt;
  }
  config::ServerConfig server;
  server.url = {server_url(scheme, service.cluster_ip, port.number), service.object->span};
  return server;
}

std::optional<std::vector<Text>> node_addresses(const Context& c, const Service& service,
                                                const SourceSpan& at, const Report& report) {
  const std::string path = service.object->ns + "/" + service.object->name;
  const std::vector<const Object*> nodes = c.nodes();
  if (nodes.empty()) {
    report("GP0715", at, "nodes not found for NodePort service " + path,
           c.options.disable_cluster_scope
               ? "leave out " + c.option("disableClusterScopeResources") + ", or nodePortLB"
               : "add the cluster's Nodes, or leave nodePortLB out");
    return std::nullopt;
  }
  std::vector<Text> out;
  for (const Object* node : nodes) {
    for (const Value& v : items_at(node->at("status"), "addresses")) {
      if (text_at(&v, "type") == "InternalIP") out.push_back(located_at(&v, "address"));
    }
  }
  if (!out.empty()) return out;
  report("GP0715", at, "no servers were generated for service " + path,
         "give the Nodes an address of type InternalIP");
  return std::nullopt;
}

std::optional<std::vector<config::ServerConfig>> node_servers(
    const Context& c, const Service& service, const ServicePort& port, std::string_view scheme,
    const SourceSpan& at, const Report& report) {
  const auto addresses = node_addresses(c, service, at, report);
  if (!addresses) return std::nullopt;
  std::vector<config::ServerConfig> out;
  for (const Text& address : *addresses) {
    config::ServerConfig server;
    server.url = {server_url(scheme, address.value, port.node_port), address.span};
    out.push_back(std::move(server));
  }
  return out;
}

config::ServerConfig external_server(const Service& service, int64_t port,
                                     std::string_view scheme) {
  config::ServerConfig server;
  server.url = {server_url(scheme, service.external_name, port), service.object->span};
  return server;
}

void report_no_servers(const Context& c, const Service& service, const ServicePort& port,
                       const SourceSpan& at, const std::string& message, const Report& report) {
  const std::vector<EndpointSlice> slices = c.slices(service);
  const std::string label = "kubernetes.io/service-name: " + service.object->name;
  if (slices.empty() && service.has_selector) {
    report("GP0713", at, message + " among these files, and a cluster would make the EndpointSlice",
           "to ask about this route, add an EndpointSlice with the label " + label + ", or set " +
               c.option("allowEmptyServices"));
    return;
  }
  report("GP0712", at, message,
         slices.empty()
             ? "add an EndpointSlice with the label " + label
             : "give an EndpointSlice a port named \"" + port.name + "\" and endpoints that serve");
}

std::string ports_text(const Service& service) {
  std::string out;
  for (const ServicePort& p : service.ports) {
    if (!out.empty()) out += ", ";
    out += std::to_string(p.number);
    if (!p.name.empty()) out += " (" + p.name + ")";
  }
  return out.empty() ? "none" : out;
}

}  // namespace gateproof::kubernetes
