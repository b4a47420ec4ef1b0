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
  // HTTP/2 (entry point option http2); plain connections speak it with prior knowledge.
  bool http2 = true;
  // A plain connection that begins with a TLS record is given back, as one with the preface of HTTP/2 is.
  bool gives_tls_back = false;
  uint32_t http2_streams_max = 250;
  uint32_t http2_decoder_table_bytes = 4096;
  uint32_t http2_encoder_table_bytes = 4096;
};

struct H2StreamPool;

// A connection that has to be told when draining begins, since it does not wait for a request alone (HTTP/2). Listeners make a
// list in the order of their connections; one that is destroyed leaves it.
class DrainListener {
 public:
  DrainListener() = default;
  DrainListener(const DrainListener&) = delete;
  DrainListener& operator=(const DrainListener&) = delete;
  virtual ~DrainListener() { leave(); }
  virtual void drain_begun() {}
  void join(DrainListener& head) {
    before_ = head.before_;
    after_ = &head;
    before_->after_ = after_->before_ = this;
  }
  void leave() {
    before_->after_ = after_;
    after_->before_ = before_;
    before_ = after_ = this;
  }
  DrainListener* after() const { return after_; }

 private:
  DrainListener* before_ = this;
  DrainListener* after_ = this;
};

// Where exchanges go. One per event loop and entry point.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;
  // x.request as received, see Engine::handle.
  virtual Task<void> handle(http::Exchange& x) = 0;
  // Asked when an answer's head is written, which then says that the connection closes. Who was told that it stays is not
  // cut off: such a connection ends when it has been idle.
  virtual bool draining() const { return false; }
  // Told when a connection begins to wait for a request, its first (`fresh`) or a further one, and when one has begun: a draining
  // server ends the idle ones.
  virtual void idle(Stream& stream, bool on, bool fresh) {}

  // Once draining() is true.
  void tell_draining() {
    for (DrainListener* l = listeners.after(); l != &listeners; l = l->after()) l->drain_begun();
  }

  http::BlockPool blocks{request_block_bytes};  // read buffers of its connections
  DrainListener listeners;                      // the list's head
  std::shared_ptr<H2StreamPool> h2_streams;     // streams of HTTP/2 kept for the next request
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
// The same, until the client's first bytes are the preface of HTTP/2, or TLS: true then, and `stream` and `start` (with the bytes
// in `early`) are for whoever serves that. All arguments outlive the task.
Task<bool> serve_h1_unless_h2(Env& env, std::unique_ptr<Stream>& stream, ExchangeHandler& handler,
                              const ServerOptions& options, ConnectionStart& start);

}  // namespace gateproof::pipeline
