// The HTTP/1.1 server side of one connection: reads requests from a Stream, hands exchanges to a handler, writes answers.
// The same loop serves accepted sockets, the wire arm's in-memory streams, and scripted hosts.
#pragma once
#include "engine/http/handler.h"
#include "engine/http/read_buffer.h"

namespace gateproof::pipeline {

inline constexpr size_t request_block_bytes = 16384;

// Limits and deadlines of a connection; zero durations mean none.
struct ServerOptions {
  Duration read_timeout = std::chrono::seconds(60);  // the whole request, body included
  Duration write_timeout{0};
  Duration idle_timeout = std::chrono::seconds(180);  // between requests
  size_t header_bytes_max = 1048576;
  int64_t keep_alive_requests_max = 0;  // the N-th answer carries Connection: close; 0: no limit
  Duration keep_alive_time_max{0};
  size_t drain_bytes_max =
      262144;             // request body left unread that is read away to keep the connection
  bool verbatim = false;  // see http::h1::Limits
};

// Where exchanges go. One per event loop and entry point.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;
  // x.request as received, see Engine::handle.
  virtual Task<void> handle(http::Exchange& x) = 0;
  // Asked between requests: a draining server closes idle connections.
  virtual bool draining() const { return false; }
  // Told when a connection begins to wait for a request, and when one has begun: a draining server ends the idle ones.
  virtual void idle(Stream& stream, bool on) {}

  http::BlockPool blocks{request_block_bytes};  // read buffers of its connections
};

// What is known of a connection before HTTP sees it.
struct ConnectionStart {
  std::string early;  // bytes that were read already
  // Who a PROXY protocol header says they are; absent: the stream's own.
  std::optional<SocketAddress> peer = {}, local = {};
  std::shared_ptr<const http::TlsState> tls = {};  // null: the stream is plain
};

// Serves one connection to its end.
Task<void> serve_h1(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                    ServerOptions options, ConnectionStart start = {});

}  // namespace gateproof::pipeline
