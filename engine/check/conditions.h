// What a Gateway API controller would write into the status of the objects of a set.
#pragma once
#include "engine/check/config_set.h"
#include "engine/kubernetes/gateway/status_parts.h"

namespace gateproof::check {

// Whose rules Gateway API objects are judged by.
enum class Dialect : uint8_t {
  traefik,  // as Traefik 3.7 does: entry points, its own reasons, what it does not support
  standard  // as the API says: any controller that conforms
};
std::optional<Dialect> dialect_of(std::string_view name);

struct GatewayConditions {
  std::vector<kubernetes::gateway::StatusPart> parts;
  config::Findings
      findings;  // standard: what to change; in Traefik's dialect it is check_config_set that says so
};
// In the standard dialect every controller that a GatewayClass names is taken as one that conforms. With several static files
// the first one's entry points count in Traefik's.
GatewayConditions gateway_conditions(const ConfigSet& set, Dialect dialect);

// check_config_set with Gateway API objects judged by the dialect.
config::Findings check_config_set(const ConfigSet& set, Dialect dialect);

}  // namespace gateproof::check
