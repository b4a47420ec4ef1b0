// The address of a container's server.
#pragma once
#include "engine/providers/container_config.h"

namespace gateproof::providers {

// traefik.enable, traefik.docker.* and traefik.swarm.*.
struct SpecificLabels {
  bool enable = true;
  std::optional<config::Text> network;
};

// Traefik's text, or the URL or address of the only server. `port`: what the label says, "" for none.
class ContainerServer {
 public:
  ContainerServer(const Container& container, const SpecificLabels& labels,
                  const ContainerOptions& options, config::Findings& findings)
      : container_(container), labels_(labels), options_(options), findings_(findings) {}

  // "host:port".
  Result<std::string> address(const config::Text& port);

 private:
  std::string host();
  std::string port_of(const config::Text& written);
  void doubtful_network(const SourceSpan& at, std::string message, std::string remedy);

  const Container& container_;
  const SpecificLabels& labels_;
  const ContainerOptions& options_;
  config::Findings& findings_;
  bool told_ = false;
};

}  // namespace gateproof::providers
