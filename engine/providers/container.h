// A container (or task of a swarm service) as Traefik's docker and swarm providers see it, whatever it was read from.
#pragma once
#include <map>

#include "engine/config/label_reader.h"

namespace gateproof::providers {

struct ContainerPort {
  uint16_t port = 0;      // in the container
  std::string host_ip;    // where it is published; "": every address, or not published
  std::string host_port;  // "": not published, or any port
};

struct Container {
  std::string id;                     // decides the order among those of one service
  std::string name;                   // "shop-web-1"
  std::string service_name;           // of a swarm service; of a container the name
  std::vector<config::Label> labels;  // each key once
  std::vector<ContainerPort> ports;
  // Ports of the image are not known: without `ports` port 80 is taken for granted, and said so.
  bool image_ports_unknown = false;
  std::map<std::string, std::string> networks;  // name -> address
  bool host_network = false;
  SourceSpan span;     // of the service's name in the compose file
  std::string object;  // "service web", for findings

  const config::Label* label(std::string_view key) const;
  std::map<std::string, std::string> label_map() const;
};

}  // namespace gateproof::providers
