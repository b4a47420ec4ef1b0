// Names that Traefik's Kubernetes providers give to what they make. Part of what users see and refer to, so byte for byte
// (catalogue 6.5, 6.6; conformance/kubernetes/cases/names).
#pragma once
#include <string>
#include <string_view>

namespace gateproof::kubernetes {

inline constexpr std::string_view crd_provider = "kubernetescrd";
inline constexpr std::string_view ingress_provider = "kubernetes";

// Runs of anything but letters and digits become one dash, none at the ends. Bytes of UTF-8 sequences count as letters.
// Different inputs can collide: "a.b" and "a-b".
std::string normalise(std::string_view name);
// "namespace-name", or the name alone.
std::string make_id(std::string_view ns, std::string_view name);
// The first 20 hexadecimal digits of SHA-256.
std::string short_hash(std::string_view text);

// Router and service of an IngressRoute's route.
std::string http_route_name(std::string_view ns, std::string_view ingress_route,
                            std::string_view match);
// The same for IngressRouteTCP (not normalised) and IngressRouteUDP (numbered from 0).
std::string tcp_route_name(std::string_view ns, std::string_view ingress_route,
                           std::string_view match);
std::string udp_route_name(std::string_view ns, std::string_view ingress_route, size_t index);
// Child of a weighted service: a Kubernetes Service's port, as written.
std::string service_name(std::string_view ns, std::string_view service, std::string_view port);
// Middleware, TraefikService, ServersTransport.
std::string object_name(std::string_view ns, std::string_view name);
// The names of the CRD provider: those above, or with providers.kubernetesCRD.safeNaming ones that cannot collide, because they
// keep every character and count routes (conformance/kubernetes/cases/safe-naming).
class CrdNames {
 public:
  explicit CrdNames(bool safe) : safe_(safe) {}
  // Middleware, MiddlewareTCP, TraefikService, ServersTransport, ServersTransportTCP.
  std::string object(std::string_view ns, std::string_view name) const;
  std::string tls_options(std::string_view ns, std::string_view name) const;
  // Routers; `index` counts the routes of the object.
  std::string http_route(std::string_view ns, std::string_view ingress_route,
                         std::string_view match, size_t index) const;
  std::string tcp_route(std::string_view ns, std::string_view ingress_route, std::string_view match,
                        size_t index) const;
  std::string udp_route(std::string_view ns, std::string_view ingress_route, size_t index) const;
  // The service of a router with Kubernetes Services of its own.
  std::string route_service(const std::string& route, bool several) const;
  // A Kubernetes Service in a service of several: `owner` is the router or the TraefikService, `part` is "wrr_0", "mirroring",
  // "mirror_0", "hrw_0", "failover" or "fallback".
  std::string child(std::string_view owner, std::string_view part, std::string_view ns,
                    std::string_view service, std::string_view port) const;
  // The same for TCP and UDP.
  std::string stream_child(std::string_view route, size_t index, std::string_view ns,
                           std::string_view service, std::string_view port) const;

 private:
  bool safe_;
};

// Router of an Ingress's path, before collisions within the Ingress are resolved by a hash of the rule.
std::string ingress_router_name(std::string_view ns, std::string_view ingress,
                                std::string_view host, std::string_view path);

}  // namespace gateproof::kubernetes
