// One upstream connection: sends a request, reads the answer's head, and then its body piece by piece.
#pragma once
#include "engine/http/h1_parser.h"
#include "engine/http/origin.h"
#include "engine/http/read_buffer.h"

namespace gateproof::upstream {

inline constexpr size_t response_head_bytes_max = 1u << 20;
inline constexpr int interim_responses_max = 100;  // 1xx answers to one request
// How long a body that waits for "100 Continue" is held back; then it is sent all the same (Traefik's transport).
inline constexpr Duration continue_wait = std::chrono::seconds(1);

class H1Connection {
 public:
  H1Connection(std::unique_ptr<Stream> stream, http::BlockPool& blocks);

  // Writes the request and reads the head of the answer into x.response. An error says whether the request may be sent again on
  // a fresh connection (Retry::if_reused: this one was closed before an answer began).
  Task<Result<void>> send(http::Exchange& x, http::Outbound& out);

  // The next piece of the answer's body without waiting; nullopt when nothing is there yet.
  std::optional<Result<http::Chunk>> try_body();
  const http::Headers* trailers() const;
  bool has_body() const { return has_body_; }
  // The body's size if the head told it.
  std::optional<uint64_t> content_length() const { return length_; }
  // The message is complete, the peer keeps the connection, and nothing unexpected came behind it.
  bool reusable() const;
  // Asked of an idle connection: still open, and silent.
  bool usable();
  // Makes it idle: the buffer goes back.
  void rest();
  std::unique_ptr<http::Tunnel> take_tunnel();

  Stream& stream() { return *stream_; }
  // By when the server has to send the next byte: a read begins where the one before it ended, in idleness too (as Go reads).
  Instant read_deadline() const {
    return read_timeout_ > Duration::zero() ? read_since_ + read_timeout_ : instant_max;
  }

  std::string key;                    // of the pool: the server's authority,
  std::shared_ptr<TlsConnector> tls;  // and how TLS is spoken to it; null: not at all
  Duration idle_timeout{0};
  int64_t max_idle = 0;
  Instant idle_since{};
  bool reused = false;

 private:
  bool write_at_once(http::Outbound& out);
  Task<Result<void>> write_request(http::Outbound& out);
  Task<Result<void>> pump_body(http::Body& body, bool chunked);
  std::optional<Result<void>> try_head(http::Exchange& x, bool to_head, bool wait_continue);
  // Passes interim answers on. With `wait_continue` it ends at "100 Continue", too; final_ tells which it was.
  Task<Result<void>> read_head(http::Exchange& x, bool to_head, Instant deadline,
                               bool wait_continue = false);
  // The head alone, until the server wants the body, has answered, or has had its time.
  Task<Result<void>> send_expecting(http::Exchange& x, bool to_head);
  void start_request(http::Outbound& out);
  void take_head(http::Exchange& x);
  Error late() const;
  void note_read() {
    if (read_timeout_ > Duration::zero()) read_since_ = stream_->scheduler().now();
  }
  Instant write_deadline() const { return deadline_in(stream_->scheduler(), write_timeout_); }

  std::unique_ptr<Stream> stream_;
  http::ReadBuffer in_;
  http::h1::ResponseParser parser_;
  std::string head_;                           // bytes of the request head, capacity kept
  std::array<std::string_view, 2> unwritten_;  // of the head and a body that is in memory
  Task<Result<void>> writer_;                  // the request, while it is being sent
  int interim_ = 0;                            // 1xx answers that have come
  bool chunked_ = false;
  bool final_ = false;  // the head of the final answer has been read
  bool has_body_ = false;
  bool complete_ = false;
  bool keep_alive_ = false;
  std::optional<uint64_t> length_;
  bool answered_ = false;  // the answer's first byte has come
  Duration read_timeout_{0}, write_timeout_{0};
  Instant read_since_;
};

}  // namespace gateproof::upstream
