#include "engine/providers/container_server.h"

#include "engine/base/text.h"

namespace gateproof::providers {

namespace {

std::string join_host_port(std::string_view host, std::string_view port) {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::string(port);
}

bool any_address(std::string_view ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

std::string names_of(const std::map<std::string, std::string>& networks) {
  std::string out;
  for (const auto& [name, address] : networks) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

void ContainerServer::doubtful_network(const SourceSpan& at, std::string message,
                                       std::string remedy) {
  if (told_) return;
  told_ = true;
  findings_.add("GP1211", at, container_.object, std::move(message), std::move(remedy));
}

std::string ContainerServer::host() {
  const std::string wanted = labels_.network ? labels_.network->value : options_.config.network;
  const SourceSpan& at = labels_.network ? labels_.network->span : container_.span;
  const auto& networks = container_.networks;
  if (!wanted.empty()) {
    const auto found = networks.find(wanted);
    if (found != networks.end()) return found->second;
    if (!container_.host_network && !networks.empty()) {
      std::vector<std::string_view> names;
      for (const auto& [name, address] : networks) names.push_back(name);
      const auto near = text::nearest(wanted, names);
      doubtful_network(at,
                       "the container is in no network named " + text::quote(wanted) +
                           ": Traefik takes any other of its networks (" + names_of(networks) + ")",
                       near ? "did you mean `" + *near + "`?"
                            : "write the network's full name, with the project before it");
    }
  } else if (networks.size() > 1) {
    doubtful_network(
        at,
        "the container is in several networks (" + names_of(networks) +
            ") and none is named: Traefik takes any of them, not always the same",
        "write traefik." + options_.provider + ".network with the network that Traefik is in");
  }
  return networks.empty() ? std::string() : networks.begin()->second;
}

std::string ContainerServer::port_of(const config::Text& written) {
  if (!written.value.empty()) return written.value;
  uint16_t least = 0;
  for (const ContainerPort& p : container_.ports) {
    if (least == 0 || p.port < least) least = p.port;
  }
  if (least != 0) return std::to_string(least);
  if (!container_.image_ports_unknown) return "";
  findings_.add("GP1210", container_.span, container_.object,
                "neither a label nor `ports` or `expose` names the port, so the image's lowest "
                "EXPOSE decides, which is not known here: port 80 is taken for granted",
                "write the label loadbalancer.server.port");
  return "80";
}

Result<std::string> ContainerServer::address(const config::Text& written) {
  const std::string port = port_of(written);
  if (options_.config.use_bind_port_ip) {
    for (const ContainerPort& p : container_.ports) {
      if (std::to_string(p.port) != port) continue;
      if (!any_address(p.host_ip) && !p.host_port.empty())
        return join_host_port(p.host_ip, p.host_port);
      break;
    }
  }
  const std::string at = host();
  if (at.empty()) {
    const std::string slash = options_.provider == "docker" ? "/" : "";
    return Error(Code::invalid, "unable to find the IP address for the container " +
                                    text::quote(slash + container_.name) +
                                    ": the server is ignored");
  }
  if (port.empty()) return Error(Code::invalid, "port is missing");
  return join_host_port(at, port);
}

}  // namespace gateproof::providers
