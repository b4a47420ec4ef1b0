// Containers and their labels to a dynamic configuration, as Traefik's docker and swarm providers make it (catalogue 6.1, 6.4).
#pragma once
#include <functional>

#include "engine/config/static.h"
#include "engine/providers/container.h"

namespace gateproof::providers {

struct ContainerOptions {
  std::string provider = "docker";  // or "swarm"
  config::ContainerProviderConfig config;
  // Whether a container's labels satisfy config.constraints; the error is Traefik's text. Asked only where there are some.
  std::function<Result<bool>(const std::map<std::string, std::string>& labels)> matches;
};

// Each container: is it exposed and wanted; its labels decoded (any error, and nothing of the container is served); a service of
// its own where labels name none; the server's address from network and port; a router of its own where labels name none; the
// default rule for routers without one; routers linked to the only service. Then the containers' objects are put together:
// equal ones are one, services with equal settings share their servers, anything else is deleted from all.
struct ContainerConfig {
  config::DynamicConfig objects;
  // Below `traefik`, of each container that is served: what the objects were decoded from.
  std::vector<std::shared_ptr<const config::Value>> labels;
};
ContainerConfig config_of_containers(const std::vector<Container>& containers,
                                     const ContainerOptions& options,
                                     const config::MiddlewareTypes& types,
                                     config::Findings& findings);

// Traefik's Normalize: runs of what is neither letter nor digit become one '-', none at the ends.
std::string normalized_name(std::string_view name);
// The name of the service that a container is given: compose's "service-project", else the container's or swarm service's own.
std::string service_name_of(const Container& c);

}  // namespace gateproof::providers
