// The objects of several containers become one configuration (catalogue 6.1).
#pragma once
#include "engine/config/dynamic.h"

namespace gateproof::providers {

// What one container's labels made.
struct ContainerObjects {
  std::string origin;  // "shop-web-0001": decides the order
  config::DynamicConfig config;
  std::shared_ptr<const config::Value> labels;  // the tree below `traefik`: http, tcp, udp
};

// In the order of origins. Equal objects are one; load balancers with equal settings get the servers of all, each address once;
// a name with other definitions is deleted (GP1206).
config::DynamicConfig merge_containers(std::vector<ContainerObjects> all,
                                       const config::MiddlewareTypes& types,
                                       config::Findings& findings);

}  // namespace gateproof::providers
