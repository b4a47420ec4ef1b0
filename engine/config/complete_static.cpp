// What Traefik adds to a static configuration, and the syntax of addresses (catalogue 2.1).
#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/config/static_schema.h"

namespace gateproof::config {

namespace {

Error bad_address(const Text& at, std::string message) {
  return Error(Code::invalid, std::move(message), at.span,
               "write [host]:port, or [host]:port/udp, such as :443 or 127.0.0.1:8080");
}

}  // namespace

Result<EntryPointAddress> parse_entry_point_address(const Text& address) {
  EntryPointAddress out;
  std::string_view text = address.value;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view protocol = text.substr(slash + 1);
    if (text::iequals(protocol, "udp")) {
      out.udp = true;
    } else if (!text::iequals(protocol, "tcp")) {
      return bad_address(address, "invalid protocol: " + std::string(protocol));
    }
    text = text.substr(0, slash);
  }
  if (text.empty()) return out;  // any port on all interfaces
  const HostPort parts = split_host_port(text);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) {
    return bad_address(address, "address " + std::string(text) + ": missing port in address");
  }
  const bool brackets = text.starts_with('[');
  if (!brackets && text.find(':') != colon) {
    return bad_address(address, "address " + std::string(text) + ": too many colons in address");
  }
  const std::string_view port = text.substr(colon + 1);
  const auto number = text::parse_int(port.empty() ? "0" : port);
  if (!number) return bad_address(address, "unknown port: " + std::string(port));
  if (*number < 0 || *number > 65535)
    return bad_address(address, "address " + std::string(port) + ": invalid port");
  out.host = std::string(parts.host);
  out.port = uint16_t(*number);
  return out;
}

namespace {

bool uses_traefik_entry_point(const StaticConfig& s) {
  const bool ping = s.ping && s.ping->entry_point == "traefik" && !s.ping->manual_routing;
  return (s.api && s.api->insecure) || ping || s.metrics_entry_point == "traefik" ||
         s.rest_insecure;
}

void add_entry_point(StaticConfig& s, const std::string& name, const std::string& address) {
  EntryPointConfig& e = s.entry_points[name];
  e.name = name;
  e.address.value = address;
}

}  // namespace

void complete_static(StaticConfig& s, Findings& findings) {
  // Routes of Gateways name Middlewares as the CRD provider does.
  if (s.kubernetes_gateway && s.kubernetes_crd)
    s.kubernetes_gateway->safe_naming = s.kubernetes_crd->safe_naming;
  if (s.entry_points.empty()) add_entry_point(s, "http", ":80");
  if (uses_traefik_entry_point(s) && !s.entry_points.count("traefik"))
    add_entry_point(s, "traefik", ":8080");
  if (s.ping && !s.ping->manual_routing && !s.entry_points.count(s.ping->entry_point)) {
    findings.add(
        "GP0211", s.ping->span, "ping",
        "entryPoint " + text::quote(s.ping->entry_point) + " doesn't exist: ping answers nowhere",
        "name an entry point of entryPoints");
  }
  for (const auto& [name, e] : s.entry_points) {
    if (!e.redirection) continue;
    const Text& to = e.redirection->to;
    const std::string object = "entryPoint " + name;
    const SourceSpan& at = to.span.known() ? to.span : e.redirection->span;
    if (to.value.empty()) {
      findings.add("GP0211", at, object,
                   "unable to create redirection: the entry point or the port is missing",
                   "write to: with the name of an entry point, or :443");
    } else if (!to.value.starts_with(':') && !s.entry_points.count(to.value)) {
      findings.add("GP0211", at, object,
                   "'to' entry point field references a non-existing entry point: " + to.value +
                       "; nothing is redirected",
                   "name an entry point of entryPoints, or a port such as :443");
    }
  }
}

}  // namespace gateproof::config
