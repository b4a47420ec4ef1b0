// One HTTP/2 connection to a server, shared by many requests. A task of its own reads and writes it.
#pragma once
#include "engine/http/h2_session.h"
#include "engine/http/origin.h"
#include "engine/http/read_buffer.h"

namespace gateproof::upstream {

inline constexpr uint32_t h2_answer_window_bytes = 262'144;  // of one answer, unread
// Of all answers together: not a limit, since one slow client must not hold up the others; the streams' own windows bound it.
inline constexpr uint32_t h2_answers_window_bytes = 1u << 30;
inline constexpr size_t h2_answer_head_bytes_max = 1u << 20;
// How many requests a connection takes before its server has told what it allows (as in Go).
inline constexpr uint32_t h2_streams_until_told = 100;
inline constexpr size_t h2_interim_answers_max = 100;  // 1xx answers to one request

class H2Client;

// One request and its answer on such a connection.
class H2Call final : public http::h2::Stream {
 public:
  H2Call(std::shared_ptr<H2Client> client, http::Exchange& x)
      : client_(std::move(client)), x_(&x) {}
  H2Call(const H2Call&) = delete;
  H2Call& operator=(const H2Call&) = delete;
  ~H2Call();

  // Sends the request and reads the head of the answer into x.response. An error says with Retry::yes that the server has not
  // looked at the request, with Retry::if_reused that the connection had ended before any answer.
  Task<Result<void>> send(http::Outbound& out);
  bool has_body() const { return has_body_; }
  std::optional<uint64_t> content_length() const { return content_length_; }
  std::optional<Result<http::Chunk>> try_body();
  Task<Result<http::Chunk>> read_body();
  const http::Headers* trailers() const { return trailers_.empty() ? nullptr : &trailers_; }
  // Some of the request's body was read, so that it cannot be sent again.
  bool body_touched() const { return body_touched_; }

 private:
  friend class H2Client;
  void send_head(http::Outbound& out, bool end);
  Task<Result<void>> send_body(http::Body& body);
  Task<Result<void>> wait_for_room();
  void woken() {
    if (waiter_) waiter_->executor->post(*waiter_);
  }

  std::shared_ptr<H2Client> client_;
  http::Exchange* x_;          // null once the head was taken
  Task<Result<void>> writer_;  // the request's body, while it is being sent
  Waiter* waiter_ = nullptr;   // for the head, or for bytes of the answer
  Waiter* room_waiter_ = nullptr;
  std::string unread_, current_;
  http::Headers trailers_;
  std::optional<Error> error_;
  std::optional<uint64_t> content_length_;
  size_t interim_ = 0;
  bool has_body_ = false;
  bool body_touched_ = false;
  bool replayable_ = false;  // sending the request twice does no harm
};

class H2Client final : public http::h2::SessionOwner {
 public:
  H2Client(Env& env, std::unique_ptr<Stream> stream, http::BlockPool& blocks,
           const http::OriginServer& server);
  ~H2Client() override;

  // Reads and writes until the connection ends. The caller keeps the client alive meanwhile.
  Task<void> run();
  bool usable() const {
    return !over_ && session_.can_open() && session_.streams() < streams_max();
  }
  bool over() const { return over_; }
  bool used() const { return session_.last_stream() != 0; }
  size_t calls() const { return session_.streams(); }
  // Ends it as soon as no call uses it.
  void retire() {
    retired_ = true;
    wake();
  }

 private:
  friend class H2Call;
  http::h2::Stream* open_stream(uint32_t) override { return nullptr; }
  void request(http::h2::Stream&, http::h2::Block&) override {}  // of servers
  void response(http::h2::Stream& stream, http::h2::Block& block) override;
  void trailers(http::h2::Stream& stream, http::Headers& trailers) override;
  void data(http::h2::Stream& stream, std::string_view piece) override;
  void reset(http::h2::Stream& stream, http::h2::ErrorCode code) override;
  void ping_answered() override { ping_until_ = instant_max; }
  void goaway(uint32_t last, http::h2::ErrorCode code) override;

  uint32_t streams_max() const {
    return session_.settled() ? session_.peer_streams_max() : h2_streams_until_told;
  }
  void wake() {
    if (!running_ && me_) me_->executor->post(*me_);
  }
  bool read_input();
  bool write_output();
  Instant read_deadline() const {
    return read_timeout_ > Duration::zero() ? heard_ + read_timeout_ : instant_max;
  }
  void look_at_time();
  void arm_timers();
  void wake_writers();
  void end_all(const Error& error);
  void end(H2Call& call, Error error);

  Env& env_;
  std::unique_ptr<Stream> stream_;
  http::ReadBuffer in_;
  http::h2::Session session_;
  std::vector<H2Call*> blocked_;
  Waiter* me_ = nullptr;
  WakeTimer timer_, idle_timer_;  // the latter belongs to a task that waits for nobody
  Duration idle_timeout_, read_idle_timeout_, ping_timeout_, read_timeout_;
  Instant idle_since_;
  Instant heard_;                     // when something was read last
  Instant ping_until_ = instant_max;  // a PING has to be answered by then
  bool running_ = false;
  bool over_ = false;
  bool retired_ = false;
  Error end_reason_;
};

}  // namespace gateproof::upstream
