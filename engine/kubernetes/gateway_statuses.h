// What Traefik's provider writes into the statuses of Gateway API objects: conditions, reasons and messages word for word.
#pragma once
#include "engine/kubernetes/gateway.h"
#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes {

struct StatusAddress {
  std::string type;  // IPAddress, Hostname
  std::string value;
  bool operator==(const StatusAddress&) const = default;
};

// Addresses of all Gateways by the option statusAddress; none without one. An error (the Service does not exist): Traefik then
// writes no status at all, and makes no configuration.
Result<std::vector<StatusAddress>> gateway_addresses(const Context& c);

gateway::StatusUpdate gateway_status(const GatewayView& g,
                                     const std::vector<StatusAddress>& addresses);
gateway::StatusUpdate route_status(const RouteView& r);
// For our GatewayClasses and Gateways, the routes that name one of them, and the policies of their backends.
std::vector<gateway::StatusUpdate> gateway_statuses(const Context& c, const GatewayResult& result,
                                                    const std::vector<StatusAddress>& addresses);

}  // namespace gateproof::kubernetes
