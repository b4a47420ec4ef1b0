// From a Service's port to server URLs, by the rules that the CRD and the Ingress provider share (catalogue 6.5, Servers).
#pragma once
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

// "https" when the port is 443 or its name begins with https, else "http".
std::string_view scheme_of_port(const ServicePort& port);

// Server URLs from the EndpointSlices of a Service: endpoints that do not say `serving: false`, each address once, those that
// terminate fenced.
std::vector<config::ServerConfig> endpoint_servers(const Context& c, const Service& service,
                                                   const ServicePort& port,
                                                   std::string_view scheme);
// One server at the Service's own address (nativeLB). A headless Service or one without an address has none (recorded).
std::optional<config::ServerConfig> native_server(const Service& service, const ServicePort& port,
                                                  std::string_view scheme, const SourceSpan& at,
                                                  const Report& report);
// The internal addresses of all nodes (nodePortLB); nullopt where there are none (recorded).
std::optional<std::vector<Text>> node_addresses(const Context& c, const Service& service,
                                                const SourceSpan& at, const Report& report);
// The same as servers at the port's node port.
std::optional<std::vector<config::ServerConfig>> node_servers(
    const Context& c, const Service& service, const ServicePort& port, std::string_view scheme,
    const SourceSpan& at, const Report& report);
config::ServerConfig external_server(const Service& service, int64_t port, std::string_view scheme);

// Says that a Service has no server: with a selector and no slice at all it is for the cluster to make one (GP0713).
void report_no_servers(const Context& c, const Service& service, const ServicePort& port,
                       const SourceSpan& at, const std::string& message, const Report& report);

// "80 (http), 443" for remedies.
std::string ports_text(const Service& service);

// scheme://host:port with brackets around an IPv6 address.
std::string server_url(std::string_view scheme, std::string_view host, int64_t port);

}  // namespace gateproof::kubernetes
