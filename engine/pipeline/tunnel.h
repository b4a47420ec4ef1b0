// Bytes both ways between a client and an upgraded upstream connection, until one side ends (RFC 9110 section 7.8).
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::pipeline {

inline constexpr size_t tunnel_buffer_bytes = 16384;  // each direction

// `early`: bytes that the client sent behind its request.
Task<void> run_tunnel(Stream& client, std::string early, std::unique_ptr<http::Tunnel> tunnel);

}  // namespace gateproof::pipeline
