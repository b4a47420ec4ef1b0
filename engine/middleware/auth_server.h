// An authentication server: how it is asked, and what forwardAuth and ingress-nginx' auth-url share in doing so (catalogue 3.2).
#pragma once
#include "engine/middleware/go_url.h"
#include "engine/middleware/middleware.h"
#include "engine/upstream/proxy.h"

namespace gateproof::middleware {

inline constexpr Duration auth_time_max =
    std::chrono::seconds(30);  // of one sub-request, as Traefik's

// The server, when the address names one.
struct AuthServer {
  http::OriginServer origin;
  GoUrl url;
  std::string target;
  std::string authorization;  // from user and password in the URL; "" without
};
Result<AuthServer> make_auth_server(const config::Text& address);

enum class AuthAsked : uint8_t { answered, failed, too_large };

// One sub-request: its answer's head stays in `sub`, the body goes to `body`.
Task<AuthAsked> ask_auth_server(Exchange& sub, http::Outbound& out, bool asked_gzip,
                                size_t bytes_max, std::string& body);

// Fields of the server's answer that a refused client does not get.
bool hop_by_hop(const http::Headers::Field& f);

// Go's http.Redirect.
void go_redirect(Exchange& x, const std::string& url, int status);

}  // namespace gateproof::middleware
