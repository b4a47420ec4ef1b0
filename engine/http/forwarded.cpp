#include "engine/http/forwarded.h"

#include "engine/http/connection_headers.h"

namespace gateproof::http {
namespace {

constexpr HeaderName kProto("X-Forwarded-Proto"), kFor("X-Forwarded-For"),
    kHost("X-Forwarded-Host"), kPort("X-Forwarded-Port"), kRealIp("X-Real-Ip");

constexpr std::string_view managed[] = {"X-Forwarded-Proto",
                                        "X-Forwarded-For",
                                        "X-Forwarded-Host",
                                        "X-Forwarded-Port",
                                        "X-Forwarded-Server",
                                        "X-Forwarded-Uri",
                                        "X-Forwarded-Method",
                                        "X-Forwarded-Prefix",
                                        "X-Real-Ip",
                                        "X-Forwarded-Tls-Client-Cert",
                                        "X-Forwarded-Tls-Client-Cert-Info"};

bool same_name(std::string_view name, std::string_view wanted) {
  if (name.size() != wanted.size()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i] == '_' ? '-' : text::lower(name[i]);
    if (c != text::lower(wanted[i])) return false;
  }
  return true;
}

// Traefik looks at the first line of each of the two fields.
bool is_websocket(const Headers& headers) {
  const auto first_line_has = [&](const HeaderName& name, std::string_view token) {
    std::string_view rest = headers.get(name);
    for (;;) {
      const size_t comma = rest.find(',');
      if (text::iequals(text::trim(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) return false;
      rest.remove_prefix(comma + 1);
    }
  };
  return first_line_has("Connection", "upgrade") && first_line_has("Upgrade", "websocket");
}

std::string_view port_of(const Exchange& x) {
  const std::string_view port = split_host_port(x.request.host).port;
  if (!port.empty()) return port;
  const std::string_view proto = x.request.headers.get(kProto);
  return proto == "https" || proto == "wss" || x.tls ? "443" : "80";
}

}  // namespace

std::string_view client_scheme(const Exchange& x) {
  const std::string_view told = x.request.headers.get(kProto);
  if (text::iequals(told, "https") || text::iequals(told, "wss")) return "https";
  if (text::iequals(told, "http") || text::iequals(told, "ws")) return "http";
  return x.tls ? "https" : "http";
}

bool is_managed_forwarded(std::string_view name) {
  if (name.size() < 2 || text::lower(name[0]) != 'x' || (name[1] != '-' && name[1] != '_'))
    return false;
  return std::any_of(std::begin(managed), std::end(managed),
                     [&](std::string_view m) { return same_name(name, m); });
}

bool is_forwarding_field(std::string_view name) {
  constexpr std::string_view prefix = "X-Forwarded-";
  return is_managed_forwarded(name) || text::iequals(name, "Forwarded") ||
         same_name(name.substr(0, prefix.size()), prefix);
}

bool is_trusted(const ForwardedPolicy& policy, const IpAddress& peer) {
  if (policy.trust_all) return true;
  return std::any_of(policy.trusted.begin(), policy.trusted.end(),
                     [&](const IpNetwork& n) { return n.contains(peer); });
}

void apply_forwarded(Exchange& x, const ForwardedPolicy& policy) {
  Headers& h = x.request.headers;
  x.trusted_peer = is_trusted(policy, x.peer.ip);
  if (!x.trusted_peer) {
    h.remove_if([&](const Headers::Field& f) {
      return policy.every_field ? is_forwarding_field(f.name) : is_managed_forwarded(f.name);
    });
  }
  const auto put = [&h](const HeaderName& name, std::string_view value) {
    h.set_field(Headers::named(name, value));
  };
  if (h.get(kRealIp).empty()) put(kRealIp, h.keep(x.peer.ip.unmapped().to_string()));
  if (h.get(kProto).empty()) {
    const bool websocket = is_websocket(h);
    put(kProto, x.tls ? (websocket ? "wss" : "https") : (websocket ? "ws" : "http"));
  }
  if (h.get(kPort).empty()) put(kPort, h.keep(port_of(x)));
  if (h.get(kHost).empty() && !x.request.host.empty()) put(kHost, h.keep(x.request.host));
  if (h.has(kFor)) h.set("X-Forwarded-For", h.joined(kFor));
  if (!policy.host_name.empty()) put("X-Forwarded-Server", policy.host_name);
  remove_connection_nominated(h, policy.connection);
}

std::string append_forwarded_for(const Headers& incoming, const IpAddress& peer) {
  std::string out;
  for (const auto& f : incoming) {
    if (f.is(kFor))
      out.append(f.value).append(", ");  // as they are: a middleware's may have blanks
  }
  return out + peer.unmapped().to_string();
}

}  // namespace gateproof::http
