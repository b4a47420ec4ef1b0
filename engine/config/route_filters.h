// What a rule of a Gateway API route does to a request beside choosing a service: filters, timeouts and retries. Made by the
// translator of the Gateway API alone; no file of Traefik's can write any.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/config/document.h"
#include "engine/env/clock.h"

namespace gateproof::config {

// RequestHeaderModifier and ResponseHeaderModifier.
struct HeaderFilter {
  bool response = false;
  std::vector<std::pair<std::string, std::string>> set, add;
  std::vector<std::string> remove;
};

// ReplaceFullPath, or ReplacePrefixMatch with `prefix`.
struct PathFilter {
  bool prefix = false;
  std::string value;
  // As Traefik has an empty value: nothing instead of "/", and no slash in front of what is behind a prefix.
  bool bare = false;
};

struct RedirectFilter {
  std::string scheme, hostname;  // "": as the request has them
  std::optional<PathFilter> path;
  int64_t port = 0;  // 0: of the scheme where one is named, else the listener's
  int status = 302;
  // As Traefik answers: the words of the status as body, the port as it is written, and without one that of the request's Host.
  bool as_traefik = false;
};

struct RewriteFilter {
  std::string hostname;  // "": stays
  std::optional<PathFilter> path;
};

struct CorsFilter {
  std::vector<std::string> origins, methods, headers, expose;
  bool credentials = false;
  int64_t max_age = 5;  // seconds
};

struct MirrorFilter {
  Located<std::string> service;
  int64_t numerator = 100, denominator = 100;
};

// Every request is answered with this; Traefik has it for backends of GRPCRoutes that cannot be asked.
struct AnswerFilter {
  int status = 200;
  std::string content_type, body;
};

// ExtensionRef: a middleware of the configuration, by its qualified name.
struct MiddlewareFilter {
  Located<std::string> name;
  // What names it is disabled where it is missing, as in Traefik; else requests are refused.
  bool needed = false;
};

// ExternalAuth (GEP-1494): a service says whether a request may pass.
struct ExternalAuthFilter {
  Located<std::string> service;
  bool grpc = false;   // it speaks Envoy's ext_authz; else HTTP
  std::string prefix;  // in front of the request's path; of HTTP
  // Of the request: over HTTP beside those that it always hears; over gRPC only these, all where the list is empty.
  std::vector<std::string> headers;
  std::vector<std::string> taken;  // of its answer over HTTP, for the request; empty: all
  int64_t body_bytes_max = 0;      // 0: it does not hear the body
};

using RouteFilter = std::variant<HeaderFilter, RedirectFilter, RewriteFilter, CorsFilter,
                                 MirrorFilter, AnswerFilter, MiddlewareFilter, ExternalAuthFilter>;

struct RouteRetry {
  std::vector<int> codes;
  int64_t attempts = 1;  // further tries behind the first one
  Duration backoff{0};   // at least, between two tries
};

// sessionPersistence: how a client is kept with the server that it had.
struct SessionConfig {
  bool header = false;         // the token travels in a field of that name; else in a cookie
  std::string name;            // "": made of the rule's name
  std::string path = "/";      // of the cookie
  bool permanent = false;      // the cookie says when it ends (Max-Age)
  Duration absolute{0};        // the session's life; 0: no end
  Duration idle{0};            // between two of its requests; 0: as long as it lives
  bool keeps_backend = false;  // the session chooses the backend too, not the weights (1.6)
};

struct RouteFilters {
  std::vector<RouteFilter> filters;  // in the order of the rule
  std::string matched_prefix;        // of the match: what ReplacePrefixMatch takes away; "": none
  int listener_port = 0;
  Duration request_timeout{0};  // 0: none
  Duration backend_timeout{0};  // of one try; 0: none
  std::optional<RouteRetry> retry;
  std::string order;  // of the router among those of its listener: the smaller one is asked first
  std::optional<SessionConfig> session;  // with the servers of a backendRef

  // Whether a request passes as it is.
  bool empty() const {
    return filters.empty() && !session && matched_prefix.empty() &&
           request_timeout == Duration::zero() && backend_timeout == Duration::zero() && !retry;
  }
};

}  // namespace gateproof::config
