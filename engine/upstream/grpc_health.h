// Health checks over gRPC: one call of grpc.health.v1.Health/Check (catalogue 4.4, `mode: grpc`).
#pragma once
#include "engine/upstream/health_check.h"

namespace gateproof::upstream {

// The largest answer that is read, in bytes: a status takes two.
inline constexpr size_t grpc_health_bytes_max = 4096;

// A target of HTTP becomes one of gRPC: HTTP/2 with prior knowledge, whatever the server's own scheme. Only `scheme` counts, and
// over TLS Traefik's client cannot be made (observed).
void make_grpc_target(HealthTarget& target, std::string_view scheme);

// The value is empty when the server says SERVING, else why it counts as down, in the words of Traefik's log.
Task<std::string> probe_grpc(Env& env, http::Origin& origin, const HealthTarget& target,
                             Duration timeout);

// What a HealthCheckResponse in its five-byte frame says; "" for SERVING.
std::string grpc_health_verdict(std::string_view framed);

}  // namespace gateproof::upstream
