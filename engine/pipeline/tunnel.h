// Bytes both ways between a client and an upgraded upstream connection, until one side ends (RFC 9110 section 7.8).
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::pipeline {

inline constexpr size_t tunnel_buffer_bytes = 16384;  // each direction

// `early`: bytes that the client sent behind its request.
Task<void> run_tunnel(Stream& client, std::string early, std::unique_ptr<http::Tunnel> tunnel);

// The same for a TCP router's connection: each side's end is passed on, and the other direction then has `termination_delay` to
// end by itself (negative: all the time it wants), as in Traefik.
Task<void> run_tcp_tunnel(Stream& client, std::string early, Stream& server,
                          Duration termination_delay);

}  // namespace gateproof::pipeline
