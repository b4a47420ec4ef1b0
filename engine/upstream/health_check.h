// Active health checks: what is probed how, decided once at configuration time (catalogue 4.4).
#pragma once
#include "engine/http/origin.h"
#include "engine/upstream/server_health.h"

namespace gateproof::upstream {

inline constexpr int probe_redirects_max = 10;  // as Go's client

struct TcpProbe;

// One server's probe.
struct HealthTarget {
  size_t index = 0;                     // in the load balancer's servers
  http::OriginServer server;            // with the check's own scheme and port
  std::string target;                   // path and query
  std::string host;                     // Host
  std::string broken;                   // not empty: why no probe can ever be made
  std::shared_ptr<const TcpProbe> tcp;  // of a TCP service: instead of an HTTP request
};

struct HealthCheckSpec {
  std::string service;  // qualified
  bool grpc = false;    // grpc.health.v1.Health/Check is called instead of a request of HTTP's own
  std::string method = "GET";
  int status = 0;  // 0: any of 200..399
  Duration interval{}, unhealthy_interval{}, timeout{};
  bool follow_redirects = true;
  std::vector<std::pair<std::string, std::string>> headers;  // names canonical, no Host
  std::vector<HealthTarget> targets;
  std::shared_ptr<ServerHealth> health;
};

// The reference of a healthCheck path as Go resolves it against the server's path (RFC 3986 section 5.2): path and query.
// Code::invalid for a reference that names a host or a scheme.
Result<std::string> probe_target(std::string_view base_path, std::string_view reference);

// Values that are not positive become the defaults, as in Traefik.
HealthCheckSpec make_health_check(const std::string& service,
                                  const config::HealthCheckConfig& config,
                                  const std::vector<http::OriginServer>& servers,
                                  std::shared_ptr<ServerHealth> health);

// One probe; the value is empty when the server is healthy, else why it is not.
Task<std::string> probe(Env& env, http::Origin& origin, const HealthCheckSpec& spec,
                        const HealthTarget& target);

}  // namespace gateproof::upstream
