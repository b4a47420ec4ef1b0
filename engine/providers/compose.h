// Docker compose files as an input format: the containers that `docker compose up` would start, or the tasks that `docker stack
// deploy` would, as far as their labels, ports and networks go.
//
// What a file cannot say is made up, always the same way. The address of a container is the name of its service (with -1, -2
// ... behind it where there are several), since compose gives no address and the network's DNS answers that name; an
// `ipv4_address` counts where one is written, 127.0.0.1 on the host's network. The project is `name:`, else
// COMPOSE_PROJECT_NAME, else the file's directory, else "default". Every container runs and is healthy.
#pragma once
#include "engine/config/finding.h"
#include "engine/env/environment.h"
#include "engine/providers/container.h"

namespace gateproof::providers {

// Containers that one service may have; more are left out with a finding.
inline constexpr int64_t compose_replicas_max = 1000;

bool is_compose(const config::Document& document);

// `swarm`: the labels of `deploy.labels` belong to the swarm service, those of `labels` to no object that Traefik reads; tasks
// have no ports.
// Variables ($NAME, ${NAME:-default} ...) are those of `environment`; $$ is a dollar sign.
std::vector<Container> containers_of(const config::Document& document, bool swarm,
                                     const Environment& environment, config::Findings& findings);

// Where labels of Traefik's stand: under `labels`, under `deploy.labels`.
struct LabelPlaces {
  bool labels = false;
  bool deploy = false;
  SourceSpan first_deploy;  // of the first of deploy.labels
  SourceSpan first_label;
};
LabelPlaces label_places(const config::Document& document);

}  // namespace gateproof::providers
