#include "engine/middleware/auth_request.h"

#include "engine/http/connection_headers.h"
#include "engine/http/forwarded.h"

namespace gateproof::middleware {
namespace {

using http::HeaderName;
using http::Headers;

// What Go's client sends when nobody says otherwise.
constexpr std::string_view go_user_agent = "Go-http-client/1.1";

// Hop-by-hop fields that do not pass; Proxy-Authorization does (Traefik).
bool stays_here(const Headers::Field& f) {
  static constexpr HeaderName own[] = {"Connection", "Keep-Alive", "Te",
                                       "Trailers",   "Trailer",    "Transfer-Encoding",
                                       "Upgrade",    "Host",       "Content-Length"};
  return std::any_of(std::begin(own), std::end(own), [&f](const HeaderName& n) { return f.is(n); });
}

bool allowed(const Headers::Field& f, const AuthRequestPolicy& p) {
  if (p.allowed.empty()) return true;
  const bool managed = p.trust_forward_header.value_or(false) &&
                       http::is_managed_forwarded(f.name) &&
                       f.name.find('_') == std::string_view::npos;
  return managed || std::any_of(p.allowed.begin(), p.allowed.end(),
                                [&f](const std::string& n) { return text::iequals(n, f.name); });
}

Headers copied(const http::Exchange& x, const AuthRequestPolicy& policy) {
  Headers source = x.request.headers;
  http::remove_connection_nominated(source, {});
  const bool strip = policy.trust_forward_header.has_value() && !*policy.trust_forward_header;
  Headers out;
  for (const auto& f : source) {
    if (stays_here(f) || (strip && http::is_managed_forwarded(f.name))) continue;
    if (allowed(f, policy)) out.add(f.name, f.value);
  }
  return out;
}

// An empty User-Agent is left out by Go's client, an absent one filled in. Traefik sets an empty one for a client that sent
// none, unless in its old way; the allow-list comes behind that.
void set_user_agent(const http::Exchange& x, const AuthRequestPolicy& p, Headers& out) {
  constexpr HeaderName user_agent("User-Agent");
  if (const auto sent = out.find(user_agent)) {
    if (sent->empty()) out.remove(user_agent);
    return;
  }
  const bool named = p.allowed.empty() ||
                     std::any_of(p.allowed.begin(), p.allowed.end(), [](const std::string& n) {
                       return text::iequals(n, "User-Agent");
                     });
  const bool silenced =
      p.trust_forward_header.has_value() && named && !x.request.headers.has(user_agent);
  if (!silenced) out.add_static("User-Agent", go_user_agent);
}

std::string port_of(const http::Exchange& x, const Headers& out) {
  const std::string_view port = split_host_port(x.request.host).port;
  if (!port.empty()) return std::string(port);
  const std::string_view proto = out.get("X-Forwarded-Proto");
  return proto == "https" || proto == "wss" || x.tls ? "443" : "80";
}

void keep_or_set(Headers& out, std::string_view name, const std::string& value) {
  if (!out.has(name)) out.add(name, value);
}

}  // namespace

http::Headers auth_request_headers(const http::Exchange& x, const AuthRequestPolicy& policy) {
  Headers out = copied(x, policy);
  set_user_agent(x, policy, out);
  const std::string proto = x.tls ? "https" : "http";
  if (!policy.trust_forward_header) {
    out.set("X-Forwarded-For", x.peer.ip.unmapped().to_string());
    out.set("X-Forwarded-Proto", proto);
    out.set("X-Forwarded-Method", x.request.method);
    out.set("X-Forwarded-Host", x.request.host);
    out.set("X-Forwarded-Uri", x.request.target());
    return out;
  }
  const std::string peers = http::append_forwarded_for(out, x.peer.ip);
  out.set("X-Forwarded-For", peers);
  keep_or_set(out, "X-Forwarded-Method", x.request.method);
  keep_or_set(out, "X-Forwarded-Proto", proto);
  keep_or_set(out, "X-Forwarded-Port", port_of(x, out));
  keep_or_set(out, "X-Forwarded-Host", x.request.host);
  keep_or_set(out, "X-Forwarded-Uri", x.request.target());
  return out;
}

}  // namespace gateproof::middleware
