#include "engine/kubernetes/names.h"

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::kubernetes {

std::string normalise(std::string_view name) {
  std::string out;
  bool gap = false;
  for (const char c : name) {
    const bool keep = text::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!keep) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += '-';
    gap = false;
    out += c;
  }
  return out;
}

std::string make_id(std::string_view ns, std::string_view name) {
  return ns.empty() ? std::string(name) : std::string(ns) + "-" + std::string(name);
}

std::string short_hash(std::string_view text) {
  return crypto::hex(crypto::sha256(text)).substr(0, 20);
}

std::string tcp_route_name(std::string_view ns, std::string_view ingress_route,
                           std::string_view match) {
  return make_id(ns, std::string(ingress_route) + "-" + short_hash(match));
}

std::string http_route_name(std::string_view ns, std::string_view ingress_route,
                            std::string_view match) {
  return normalise(tcp_route_name(ns, ingress_route, match));
}

std::string udp_route_name(std::string_view ns, std::string_view ingress_route, size_t index) {
  return make_id(ns, std::string(ingress_route) + "-" + std::to_string(index));
}

std::string service_name(std::string_view ns, std::string_view service, std::string_view port) {
  return normalise(std::string(ns) + "-" + std::string(service) + "-" + std::string(port));
}

std::string object_name(std::string_view ns, std::string_view name) {
  return normalise(make_id(ns, name));
}

namespace {

std::string underscored(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view p : parts) out.append(out.empty() ? "" : "_").append(p);
  return out;
}

}  // namespace

std::string CrdNames::object(std::string_view ns, std::string_view name) const {
  return safe_ ? underscored({ns, name}) : object_name(ns, name);
}

std::string CrdNames::tls_options(std::string_view ns, std::string_view name) const {
  return safe_ ? underscored({ns, name}) : make_id(ns, name);
}

std::string CrdNames::http_route(std::string_view ns, std::string_view ingress_route,
                                 std::string_view match, size_t index) const {
  return safe_ ? udp_route(ns, ingress_route, index) : http_route_name(ns, ingress_route, match);
}

std::string CrdNames::tcp_route(std::string_view ns, std::string_view ingress_route,
                                std::string_view match, size_t index) const {
  return safe_ ? udp_route(ns, ingress_route, index) : tcp_route_name(ns, ingress_route, match);
}

std::string CrdNames::udp_route(std::string_view ns, std::string_view ingress_route,
                                size_t index) const {
  return safe_ ? underscored({ns, ingress_route, std::to_string(index)})
               : udp_route_name(ns, ingress_route, index);
}

std::string CrdNames::route_service(const std::string& route, bool several) const {
  return safe_ ? route + (several ? "_wrr" : "_lb") : route;
}

std::string CrdNames::child(std::string_view owner, std::string_view part, std::string_view ns,
                            std::string_view service, std::string_view port) const {
  return safe_ ? underscored({owner, part, ns, service, port}) : service_name(ns, service, port);
}

std::string CrdNames::stream_child(std::string_view route, size_t index, std::string_view ns,
                                   std::string_view service, std::string_view port) const {
  if (safe_) return child(route, "wrr_" + std::to_string(index), ns, service, port);
  return std::string(route).append("-").append(service).append("-").append(port);
}

std::string ingress_router_name(std::string_view ns, std::string_view ingress,
                                std::string_view host, std::string_view path) {
  return normalise(std::string(ns) + "-" + std::string(ingress) + "-" + std::string(host) +
                   std::string(path));
}

}  // namespace gateproof::kubernetes
