// The filters of a rule of a Gateway API route, as steps of a chain. They have no type in the registry: no file of Traefik's can
// name them; the translator of the Gateway API puts them at routers and at children of weighted services.
#pragma once
#include "engine/config/route_filters.h"
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

// Outermost first: CORS, which answers preflights, then header changes, redirects, rewrites, ExternalAuth and ExtensionRef in
// their order, mirrors (they get
// what those have made of the request), and at last timeouts and retries. The error: a mirror's service does not exist.
// `extension` makes the steps of a middleware that is defined elsewhere; empty where there are none: then it answers 500.
using RouteSteps = std::vector<std::unique_ptr<Middleware>>;
using ExtensionSteps = std::function<RouteSteps(const config::MiddlewareFilter&)>;
Result<RouteSteps> route_steps(const config::RouteFilters& filters, const BuildContext& context,
                               const ExtensionSteps& extension = {});

// In place of a filter that cannot be honoured: no request passes it.
std::unique_ptr<Middleware> route_refusal(int status);

// Request and response header modifiers: set, then add, then remove.
std::unique_ptr<Middleware> route_headers(const config::HeaderFilter& filter);
std::unique_ptr<Middleware> route_redirect(const config::RedirectFilter& filter, int listener_port);
std::unique_ptr<Middleware> route_rewrite(const config::RewriteFilter& filter);
std::unique_ptr<Middleware> route_cors(const config::CorsFilter& filter);
// Remembers the prefix that the route matched by, for those that replace it, also at the service.
std::unique_ptr<Middleware> route_prefix(const std::string& prefix);
// Asks the service `target`; its answer is the client's unless it lets the request pass.
std::unique_ptr<Middleware> route_external_auth(const config::ExternalAuthFilter& filter,
                                                std::shared_ptr<http::Handler> service);
// Bytes of a body that an authorization service may hear, whatever its filter says; and how long it has.
inline constexpr int64_t external_auth_body_bytes_max = 64 << 20;
inline constexpr Duration external_auth_time_max = std::chrono::seconds(30);
// Of an answer over gRPC, which is a message: what clients of gRPC read at most unless they are told otherwise.
inline constexpr size_t ext_authz_answer_bytes_max = 4u << 20;
// The whole request with all its tries must have been answered in time (504).
std::unique_ptr<Middleware> route_timeout(Duration request);
// Tries, each of at most `backend` (0: no limit).
std::unique_ptr<Middleware> route_tries(const std::optional<config::RouteRetry>& retry,
                                        Duration backend);

struct MirrorTarget {
  std::string name;  // of the service
  int64_t numerator = 100, denominator = 100;
  std::shared_ptr<http::Handler> handler;
};
std::unique_ptr<Middleware> route_mirror(MirrorTarget target);

// Copies of one mirror under way at once; requests beyond are not mirrored.
inline constexpr size_t route_mirrors_max = 1000;
// Bytes of a request's body that a mirror gets; a request with more is not mirrored.
inline constexpr size_t mirrored_body_bytes_max = 1u << 20;
// Where a rule names no backoff; each wait is twice the one before, up to tries_wait_factor_max times the first.
inline constexpr Duration tries_wait_usual = std::chrono::milliseconds(25);
inline constexpr int tries_wait_factor_max = 10;
// Further tries that a rule may ask for; what is beyond counts as this.
inline constexpr int64_t tries_max = 1000;

}  // namespace gateproof::middleware
