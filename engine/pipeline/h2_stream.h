// One stream of an HTTP/2 connection: its exchange, its task and the body bytes that nobody has read yet. Included by
// h2_server.cpp and h2_stream.cpp only.
#pragma once
#include "engine/http/h2_session.h"
#include "engine/pipeline/h2_server.h"

namespace gateproof::pipeline {

class H2Connection;
class H2TunnelStream;

struct H2Stream final : http::h2::Stream, http::InterimSink {
  explicit H2Stream(Env& env) : x(env) {}

  H2Connection* connection = nullptr;
  http::Exchange x;
  Task<void> task;
  std::string unread, current;  // body bytes that have come, and those that the reader has now
  http::Headers trailers;
  int refused = 0;                   // answered with this status, and no handler is asked
  bool websocket = false;            // an extended CONNECT, which is an upgrade in here
  H2TunnelStream* tunnel = nullptr;  // behind the 101 of that upgrade
  bool continue_pending = false;     // the client waits for "100 Continue" with its body
  bool head_written = false;
  bool finished = false;     // the task has come to its end
  Waiter* reader = nullptr;  // waits for body bytes
  Waiter* writer = nullptr;  // waits for room
  Instant read_deadline = instant_max;
  Instant write_deadline = instant_max;

  void interim(int status, const http::Headers& headers) override;
  // Back to the state after construction, memory kept.
  void clear();
};

// Finished streams, kept for the next request on any connection of an event loop and entry point.
struct H2StreamPool {
  std::vector<std::unique_ptr<H2Stream>> free;
};

// The request's body, read from the stream as somebody asks for it.
class H2RequestBody final : public http::BodySource {
 public:
  explicit H2RequestBody(H2Stream& s) : stream_(s) {}
  std::optional<Result<http::Chunk>> try_read() override;
  Task<Result<http::Chunk>> read() override;
  const http::Headers* trailers() const override {
    return stream_.trailers.empty() ? nullptr : &stream_.trailers;
  }

 private:
  H2Stream& stream_;
};

class H2Connection final : public http::h2::SessionOwner, private DrainListener {
 public:
  H2Connection(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
               const ServerOptions& options, const ConnectionStart& start);
  ~H2Connection() override;
  Task<void> run();

  // For its streams.
  Env& env() { return env_; }
  http::h2::Session& session() { return session_; }
  // Something may have to be written.
  void wake() {
    if (!running_ && me_) me_->executor->post(*me_);
  }

  // To be woken when there is room again.
  void wait_for_turn(H2Stream& s) {
    if (std::find(blocked_.begin(), blocked_.end(), &s) == blocked_.end()) blocked_.push_back(&s);
  }

  // SessionOwner
  http::h2::Stream* open_stream(uint32_t id) override;
  void request(http::h2::Stream& stream, http::h2::Block& block) override;
  void response(http::h2::Stream&, http::h2::Block&) override {}  // of clients
  void trailers(http::h2::Stream& stream, http::Headers& trailers) override;
  void data(http::h2::Stream& stream, std::string_view piece) override;
  void reset(http::h2::Stream& stream, http::h2::ErrorCode code) override;
  void ping_answered() override;

 private:
  void drain_begun() override { wake(); }
  // A client that takes no answers gets no questions read.
  bool choked() const { return session_.output().size() > h2_unwritten_bytes_max; }
  bool read_input();
  bool write_output();
  void look_at_time();
  void drain();
  bool over() const;
  Instant next_deadline() const;
  void wake_writers();
  void reap();
  void release(H2Stream& s);
  bool fill_exchange(H2Stream& s, http::h2::Block& block);
  Task<void> linger();

  Task<void> serve(H2Stream& s);
  Task<bool> wait_for_room(H2Stream& s);
  Task<void> write_body(H2Stream& s);
  Task<void> run_websocket(H2Stream& s);
  bool write_head(H2Stream& s);
  void write_trailers(H2Stream& s, const http::Headers& trailers);
  Instant after(Duration d) const { return deadline_in(env_.scheduler, d); }

  Env& env_;
  std::unique_ptr<Stream> stream_;
  ExchangeHandler& handler_;
  ServerOptions options_;
  http::ReadBuffer in_;
  http::h2::Session session_;
  std::vector<std::unique_ptr<H2Stream>> streams_;  // those with a task, in the order of their ids
  std::vector<H2Stream*> blocked_;  // those that wait for room, the longest waiting first
  Waiter* me_ = nullptr;
  WakeTimer timer_;
  bool running_ = false;  // run() is on the stack: it will look by itself
  bool any_finished_ = false;
  Instant born_;
  Instant idle_since_;
  Instant partial_since_ = instant_max;  // part of a frame or of a header block is here
  Instant drain_until_ = instant_max;
  enum class Drain : uint8_t { no, announced, told } drain_ = Drain::no;
  bool input_over_ = false;
  bool broken_ = false;  // the connection is gone
  int64_t requests_ = 0;
  std::optional<SocketAddress> peer_, local_;
  std::shared_ptr<const http::TlsState> tls_;
};

}  // namespace gateproof::pipeline
