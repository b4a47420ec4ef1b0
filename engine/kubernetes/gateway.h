// Gateway API objects, looked at statically: what Traefik's provider would write into their status, as findings. Nothing here
// routes; each object that would be routed gets a note (GP1121). Catalogue 6.8; conditions as recorded from the real binary
// (conformance/kubernetes/cases/gateway).
#pragma once
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

// A condition of a status: {"Accepted", false, "PortUnavailable"}.
struct Condition {
  std::string type;
  bool status = true;
  std::string reason;
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
  SourceSpan span;
};

struct GatewayView {
  const Object* object = nullptr;
  std::vector<ListenerView> listeners;
};

// One parentRef of a route that leads to one of our Gateways.
struct ParentView {
  size_t gateway = 0;   // index into GatewayResult::gateways
  std::string section;  // parentRef.sectionName
  Condition accepted, resolved;
  std::vector<size_t> attached;  // listeners that take the route
  // Listeners that parentRef and hostnames select, whether or not they take the route: where it would be served once allowed.
  std::vector<size_t> selected;
  SourceSpan span;
};

struct RouteView {
  const Object* object = nullptr;
  std::vector<Text> hostnames;
  std::vector<ParentView> parents;
};

struct GatewayResult {
  std::vector<GatewayView> gateways;  // of our GatewayClasses
  std::vector<RouteView> routes;      // that name one of them
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

// `crd` says whether the CRD provider is on, which takes TraefikService backends and Middleware filters.
GatewayResult check_gateway(const Context& c, const EntryPointsView& entry_points, bool crd);

// ---- parts ----
std::vector<GatewayView> read_gateways(const Context& c, const EntryPointsView& entry_points);
std::vector<RouteView> read_routes(const Context& c, std::vector<GatewayView>& gateways, bool crd);
// Whether a ReferenceGrant in `to_ns` lets an object of `from_kind` and `from_ns` name the target.
bool reference_granted(const Context& c, std::string_view from_kind, std::string_view from_ns,
                       std::string_view to_group, std::string_view to_kind, std::string_view to_ns,
                       std::string_view to_name);
// The more specific of two hostnames; "" when they have nothing in common. `*.x` covers any number of labels.
std::string intersect_hostnames(std::string_view a, std::string_view b);
// What backends of a route resolve to: ResolvedRefs, with a finding for each that does not.
Condition check_backends(const Context& c, const Object& route, bool crd);

}  // namespace gateproof::kubernetes
