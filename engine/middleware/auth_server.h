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

enum class AuthAsked : uint8_t {
  answered,
  failed,     // sub.failure says why
  too_large,  // the answer's body
  late,
};
// One sub-request of auth_time_max at most. `sub` has method and body of it; its answer's head stays there, the body goes to `body`.
// What else Go's client sends is added to `headers`.
Task<AuthAsked> ask_auth_server(Exchange& sub, const AuthServer& server, http::Headers headers,
                                size_t bytes_max, std::string& body);
// The status of a request whose server did not answer: 499 where the client has gone.
int unanswered_status(const Exchange& sub);
// The server's refusal goes to the client; its Location is `location` where that is not empty.
void pass_on_refusal(Exchange& x, http::Response& refusal, std::string body,
                     const std::string& location);

// Go's http.Redirect.
void go_redirect(Exchange& x, const std::string& url, int status);

}  // namespace gateproof::middleware
