// The HTTP/2 server side of one connection: each stream is an exchange that the same handler serves as over HTTP/1.1, in a task
// of its own. What streams write in one turn of the loop leaves in one write.
#pragma once
#include "engine/pipeline/h1_server.h"

namespace gateproof::pipeline {

inline constexpr uint32_t h2_stream_window_bytes = 262'144;
inline constexpr uint32_t h2_connection_window_bytes = 1'048'576;
// Between "no new streams soon" and "none above this one" when draining, unless the client answers sooner.
inline constexpr Duration h2_drain_pause = std::chrono::seconds(1);
inline constexpr size_t h2_reads_per_turn = 8;  // of one connection before others get their turn
inline constexpr size_t h2_unwritten_bytes_max =
    131'072;  // output of a connection; reading stops until the client takes it
// Finished streams kept for the next request, per event loop and entry point, and how large a body buffer they keep.
inline constexpr size_t h2_streams_kept_max = 64;
inline constexpr size_t h2_buffer_kept_bytes_max = 16'384;

// Serves one connection to its end. `start.early`: bytes that were read already, the preface among them.
Task<void> serve_h2(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                    ServerOptions options, ConnectionStart start = {});

}  // namespace gateproof::pipeline
