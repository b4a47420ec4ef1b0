// From the objects of a store to the dynamic model: the three Kubernetes providers in one call.
#pragma once
#include "engine/kubernetes/crd.h"
#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

struct Translation {
  // Objects of @kubernetescrd and @kubernetes; every reference in it is qualified but children of weighted services.
  config::DynamicConfig config;
  // Users of basicAuth and digestAuth with the place of each, for checks of their hashes.
  std::vector<SecretUsers> users;
  // What the Gateway API objects would be told.
  GatewayResult gateway;
  // Objects of @kubernetesgateway; none where nobody says which ports entry points have.
  config::DynamicConfig gateway_config;
};

// Which providers are on, and their options, come from the static configuration. Without one all three are on with their
// defaults, and the ports of Gateways are not judged. Where none of the three is on, nothing is looked at.
// The store has to outlive the result (views point into it).
Translation translate(const ObjectStore& store, const config::StaticConfig* static_config,
                      const config::MiddlewareTypes& types, config::Findings& findings);

}  // namespace gateproof::kubernetes
