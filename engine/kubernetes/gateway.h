// Gateway API objects as Traefik's provider judges them: findings for whoever wrote them, and views from which its statuses
// (gateway_statuses.h) and its configuration (gateway_config.h) are made. Catalogue 6.8; conditions as recorded from the real
// binary (conformance/kubernetes/cases/gateway).
#pragma once
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

// A condition of a status: {"Accepted", false, "PortUnavailable", "Cannot find entryPoint ..."}.
struct Condition {
  std::string type;
  bool status = true;
  std::string reason;
  std::string message;            // word for word as Traefik writes it
  std::string to_string() const;  // "Accepted=False PortUnavailable"
};

struct ListenerView {
  std::string name;
  std::string protocol;  // HTTP, HTTPS, TLS, TCP, UDP
  int64_t port = 0;
  Text hostname;            // "" is every host
  std::string entry_point;  // "" when none listens on the port, or entry points are not known
  bool sound = false;       // no condition says otherwise
  std::vector<Condition> conditions;
  std::vector<std::string> kinds;  // route kinds that may attach
  bool any_namespace = false;
  std::vector<std::string> namespaces;  // that may attach, when not any
  size_t attached_routes = 0;
  bool passthrough = false;
  std::vector<config::CertificateConfig> certificates;
  SourceSpan span;
};

struct GatewayView {
  const Object* object = nullptr;
  std::vector<ListenerView> listeners;
};

// A backendRef as it resolves.
struct BackendView {
  const config::Value* ref = nullptr;
  std::string ns, name;
  int64_t weight = 1;
  bool usable =
      false;          // else its share of requests is answered with 500, its connections are closed
  std::string named;  // the service of another provider that it stands for; "": addresses
  std::string scheme;                             // http, https, h2c
  std::vector<std::string> addresses;             // host:port
  std::optional<config::TransportTlsConfig> tls;  // of a BackendTLSPolicy
};

struct RuleView {
  const config::Value* rule = nullptr;
  bool filters_known = true;  // else every request is answered with 500
  bool internal = false;      // the only backend is a service of the provider `internal`
  std::vector<BackendView> backends;
};

// What a BackendTLSPolicy is told because of one route. Of several the last one stands.
struct PolicyVerdict {
  const Object* policy = nullptr;
  Condition resolved, accepted;
};

// One parentRef of a route that leads to one of our Gateways.
struct ParentView {
  const config::Value* ref = nullptr;
  size_t gateway = 0;   // index into GatewayResult::gateways
  std::string section;  // parentRef.sectionName
  Condition accepted, resolved;
  std::vector<size_t> attached;  // listeners that take the route
  std::vector<size_t> counted;   // listeners that have it among their attached routes
  // Listeners that parentRef and hostnames select, whether or not they take the route: where it would be served once allowed.
  std::vector<size_t> selected;
  SourceSpan span;
};

struct RouteView {
  const Object* object = nullptr;
  std::vector<Text> hostnames;
  std::vector<ParentView> parents;
  std::vector<RuleView> rules;
  std::vector<PolicyVerdict> policies;
};

struct GatewayResult {
  std::vector<GatewayView> gateways;  // of our GatewayClasses
  std::vector<RouteView> routes;      // that name one of them, kind by kind, older ones first
};

struct EntryPointsView {
  struct One {
    std::string name;
    std::string address;
    bool tls = false;  // http.tls
  };
  bool known = false;  // false: ports are not judged
  std::vector<One> list;
};

// Not known without a static configuration.
EntryPointsView entry_points_of(const config::StaticConfig* statics);

struct GatewaySetting {
  EntryPointsView entry_points;
  bool crd =
      false;  // the CRD provider is on, which takes TraefikService backends and Middleware filters
  // The store is all that an API server has. Else what nobody wrote down is given the benefit of the doubt.
  bool whole_cluster = false;
};

GatewayResult check_gateway(const Context& c, const GatewaySetting& setting);

// ---- parts ----
inline constexpr std::string_view traefik_gateway_controller = "traefik.io/gateway-controller";
std::vector<GatewayView> read_gateways(const Context& c, const GatewaySetting& setting);
class BackendIndex;
// Nullopt: it names none of the Gateways.
std::optional<RouteView> read_route(const Context& c, const BackendIndex& index,
                                    const std::vector<GatewayView>& gateways, const Object& o);
// Those of TLSRoutes and TCPRoutes.
std::vector<RouteView> read_stream_routes(const Context& c, const BackendIndex& index,
                                          const std::vector<GatewayView>& gateways);
void count_route(const RouteView& route, std::vector<GatewayView>& gateways);
// Whether a ReferenceGrant in `to_ns` lets an object of `from_kind` and `from_ns` name the target.
bool reference_granted(const Context& c, std::string_view from_kind, std::string_view from_ns,
                       std::string_view to_group, std::string_view to_kind, std::string_view to_ns,
                       std::string_view to_name);
// The more specific of two hostnames; "" when they have nothing in common. `*.x` covers any number of labels.
std::string intersect_hostnames(std::string_view a, std::string_view b);
// What Go's TLS says of a certificate and its key, "" when they are a pair.
std::string key_pair_fault(std::string_view certificate, std::string_view key);

}  // namespace gateproof::kubernetes
