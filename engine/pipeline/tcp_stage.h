// The connection stage: what a new connection is, by its first bytes, and who gets it: a TCP router's server, HTTP, or nobody
// (catalogue 1.10). The same task serves accepted sockets and the simulator's streams.
#pragma once
#include "engine/http/exchange.h"
#include "engine/pipeline/h1_server.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

// For a server to agree to PostgreSQL's TLS where its transport's dialTimeout is none.
inline constexpr Duration greet_time = std::chrono::seconds(10);
inline constexpr size_t peek_block_bytes = 4096;  // read at once while a connection is looked at

// What became of one connection, for whoever asks.
struct ConnectionRecord {
  std::string taker;  // "tcp", "http", "https", "acme", "nobody"; "" until it is decided
  std::string why;    // the step that decided
  std::string server_name;
  std::vector<std::string> alpn;
  std::string router, service, server;  // of a TCP router
  std::string failure;                  // why the connection was closed without being served
  http::ExchangeTrace trace;
};

// Serves one connection of entry point `name` to its end; `snapshot` is pinned as long as it lives. `http` and `options` are for
// connections that are HTTP's. `record` may be null; it outlives the task. `early`: bytes that were read already.
Task<void> serve_connection(Env& env, std::unique_ptr<Stream> stream,
                            std::shared_ptr<const Snapshot> snapshot, std::string name,
                            ExchangeHandler& http, ServerOptions options,
                            ConnectionRecord* record = nullptr, std::string early = {});

}  // namespace gateproof::pipeline
