#include "engine/upstream/h2_client.h"

#include "engine/upstream/interim.h"

namespace gateproof::upstream {
namespace {

using http::h2::ErrorCode;

inline constexpr size_t input_bytes_max = http::h2::frame_head_bytes + http::h2::frame_bytes_max;
inline constexpr size_t reads_per_turn = 8;

http::h2::LocalSettings settings() {
  http::h2::LocalSettings s;
  s.stream_window = h2_answer_window_bytes;
  s.connection_window = h2_answers_window_bytes;
  return s;
}

http::h2::Limits limits() {
  http::h2::Limits l;
  l.block.list_bytes_max = h2_answer_head_bytes_max;
  return l;
}

Error upstream_error(Code code, std::string text) {
  return Error(code, Source::upstream, std::move(text));
}

// What ends by frames, or by the quiet end of the connection, was given up; where the connection broke it is Code::reset. Clients
// are told different statuses (status_of.h).
Error given_up(std::string text) { return upstream_error(Code::canceled, std::move(text)); }

}  // namespace

H2Client::H2Client(Env& env, std::unique_ptr<Stream> stream, http::BlockPool& blocks,
                   const http::OriginServer& server)
    : env_(env),
      stream_(std::move(stream)),
      in_(blocks),
      session_(http::h2::Role::client, settings(), limits(), *this),
      timer_(env.scheduler),
      idle_timer_(env.scheduler),
      idle_timeout_(server.idle_conn_timeout),
      read_idle_timeout_(server.read_idle_timeout),
      ping_timeout_(server.ping_timeout),
      read_timeout_(server.read_timeout),
      idle_since_(env.scheduler.now()),
      heard_(idle_since_) {
  idle_timer_.set_background();
}

H2Client::~H2Client() = default;

bool H2Client::read_input() {
  for (size_t reads = 0;; ++reads) {
    if (!in_.empty()) in_.consume(session_.receive(in_.view(), env_.scheduler.now()));
    if (session_.failed()) {
      // The first bytes were no SETTINGS frame: the server speaks something else.
      const bool other = !session_.settled();
      end_reason_ = other ? upstream_error(Code::unsupported, "the server does not speak HTTP/2")
                          : given_up("HTTP/2 error: " + std::string(session_.why()));
      over_ = true;
      return false;
    }
    if (reads >= reads_per_turn) return true;
    const IoResult r = in_.fill(*stream_, input_bytes_max);
    if (r.kind == IoResult::bytes) {
      heard_ = env_.scheduler.now();
      continue;
    }
    if (r.kind == IoResult::would_block) return false;
    over_ = true;
    end_reason_ = upstream_error(r.kind == IoResult::eof ? Code::canceled : Code::reset,
                                 "connection closed before a response");
    // Behind a GOAWAY that counts the request among those that were looked at nobody knows how far it has come.
    end_reason_.retry = session_.goaway_seen() ? Retry::no : Retry::if_reused;
    return false;
  }
}

bool H2Client::write_output() {
  while (!session_.output().empty()) {
    const std::string_view piece[] = {session_.output()};
    const IoResult r = stream_->try_write(piece);
    if (r.kind == IoResult::would_block) return true;
    if (r.kind != IoResult::bytes) {
      over_ = true;
      end_reason_ = upstream_error(Code::reset, "connection closed before a response");
      end_reason_.retry = Retry::if_reused;
      return false;
    }
    session_.written(r.n);
  }
  return false;
}

void H2Client::wake_writers() {
  size_t room = session_.shared_room();
  for (size_t i = 0; i < blocked_.size() && room > 0;) {
    H2Call& c = *blocked_[i];
    if (c.room_waiter_ && c.send_window <= 0) {
      ++i;
      continue;
    }
    if (c.room_waiter_) {
      room -= std::min({room, static_cast<size_t>(c.send_window), http::h2::frame_bytes_max});
      c.room_waiter_->executor->post(*c.room_waiter_);
    }
    blocked_.erase(blocked_.begin() + static_cast<ptrdiff_t>(i));
  }
}

void H2Client::arm_timers() {
  Instant at = ping_until_;
  const bool busy = session_.streams() > 0;
  if (busy && read_idle_timeout_ > Duration::zero() && ping_until_ == instant_max)
    at = std::min(at, heard_ + read_idle_timeout_);
  if (busy) at = std::min(at, read_deadline());
  if (at != instant_max && (!timer_.armed() || timer_.at() > at)) timer_.arm(at);
  if (busy) return;
  const bool ends_idle = idle_timeout_ > Duration::zero();
  const Instant end =
      std::min(ends_idle ? idle_since_ + idle_timeout_ : instant_max, read_deadline());
  if (end == instant_max) return;
  if (!idle_timer_.armed() || idle_timer_.at() > end) idle_timer_.arm(end);
}

void H2Client::look_at_time() {
  const Instant now = env_.scheduler.now();
  if (now >= ping_until_) {
    over_ = true;
    end_reason_ = given_up("the server does not answer PING");
    return;
  }
  if (now >= read_deadline()) {
    over_ = true;
    end_reason_ = upstream_error(Code::timeout, "nothing was read in time");
    end_reason_.retry = Retry::if_reused;
    return;
  }
  const bool busy = session_.streams() > 0;
  if (!busy && (retired_ || !session_.can_open() ||
                (idle_timeout_ > Duration::zero() && now >= idle_since_ + idle_timeout_))) {
    session_.fail(ErrorCode::no_error, {});
    over_ = true;
    end_reason_ = upstream_error(Code::reset, "idle");
    end_reason_.retry = Retry::yes;
    return;
  }
  if (busy && read_idle_timeout_ > Duration::zero() && ping_until_ == instant_max &&
      now >= heard_ + read_idle_timeout_) {
    session_.ping();
    ping_until_ = now + ping_timeout_;
  }
}

Task<void> H2Client::run() {
  me_ = &co_await ThisWaiter{};
  timer_.waiter = idle_timer_.waiter = me_;
  // The task may be destroyed where it waits, and whoever still holds the client must not wake it then.
  struct Forget {
    H2Client& client;
    ~Forget() {
      client.me_ = client.timer_.waiter = client.idle_timer_.waiter = nullptr;
      client.timer_.cancel();
      client.idle_timer_.cancel();
    }
  } forget{*this};
  Task<Wake> reading, writing;
  for (;;) {
    running_ = true;
    const bool more = read_input();
    if (session_.streams() > 0) idle_since_ = env_.scheduler.now();
    if (!over_) look_at_time();
    const bool left = write_output();
    wake_writers();
    running_ = false;
    if (over_) break;
    if (session_.streams() == 0 && in_.empty()) {
      in_.release();
      session_.rest();
    }
    arm_timers();
    if (more) env_.scheduler.post(*me_);
    if (!more && !reading) {
      reading = stream_->readable(instant_max);
      if (reading.start(*me_)) env_.scheduler.post(*me_);
    }
    if (left && !writing) {
      writing = stream_->writable(instant_max);
      if (writing.start(*me_)) env_.scheduler.post(*me_);
    }
    co_await Suspend{"h2 upstream"};
    if (reading.done()) reading = {};
    if (writing.done()) writing = {};
  }
  end_all(end_reason_);
  stream_->close();
}

void H2Client::end(H2Call& call, Error error) {
  if (!call.error_) call.error_ = std::move(error);
  call.woken();
  if (call.room_waiter_) call.room_waiter_->executor->post(*call.room_waiter_);
}

void H2Client::end_all(const Error& error) {
  over_ = true;
  const std::vector<http::h2::Stream*> open = session_.open_streams();
  for (http::h2::Stream* s : open) {
    H2Call& call = static_cast<H2Call&>(*s);
    session_.reset(call, ErrorCode::cancel);
    Error e = error;
    if (call.head_seen) e.retry = Retry::no;
    end(call, std::move(e));
  }
}

void H2Client::response(http::h2::Stream& stream, http::h2::Block& block) {
  H2Call& call = static_cast<H2Call&>(stream);
  if (!call.x_) return;
  http::Exchange& x = *call.x_;
  if (block.status < 200) {
    if (++call.interim_ > h2_interim_answers_max) {
      session_.reset(call, ErrorCode::enhance_your_calm);
      end(call, upstream_error(Code::protocol, "too many 1xx responses"));
      return;
    }
    pass_interim(x, block.status, block.headers);
    return;
  }
  x.response.status = block.status;
  x.response.reason.clear();
  std::swap(x.response.headers, block.headers);
  call.content_length_ = block.content_length;
  call.has_body_ = !call.ended_there && !call.no_body;
  call.woken();
}

void H2Client::trailers(http::h2::Stream& stream, http::Headers& trailers) {
  std::swap(static_cast<H2Call&>(stream).trailers_, trailers);
}

void H2Client::data(http::h2::Stream& stream, std::string_view piece) {
  H2Call& call = static_cast<H2Call&>(stream);
  call.unread_ += piece;
  call.woken();
}

void H2Client::reset(http::h2::Stream& stream, ErrorCode code) {
  H2Call& call = static_cast<H2Call&>(stream);
  // RFC 9113 section 8.1: the answer is whole, only the rest of the request is not wanted.
  if (code == ErrorCode::no_error && call.ended_there) return;
  const std::string_view name = http::h2::to_string(code);
  Error e = given_up("the stream was reset: " + std::string(name));
  if (code == ErrorCode::refused_stream) e.retry = Retry::yes;  // section 8.7: not processed
  // Servers have been seen to say so of a stream that they did not want to begin: Go's client asks again.
  if (code == ErrorCode::protocol_error && call.replayable_ && session_.reset_by_peer(call))
    e.retry = Retry::yes;
  end(call, std::move(e));
}

void H2Client::goaway(uint32_t last, ErrorCode code) {
  const std::vector<http::h2::Stream*> open = session_.open_streams();
  for (http::h2::Stream* s : open) {
    if (s->id <= last) continue;
    H2Call& call = static_cast<H2Call&>(*s);
    session_.reset(call, ErrorCode::cancel);
    Error e = given_up("the server ends the connection: " + std::string(http::h2::to_string(code)));
    // A server that ends each connection with an error at its first request would be asked without end (as in Go).
    if (s->id != 1 || code == ErrorCode::no_error) e.retry = Retry::yes;
    end(call, std::move(e));
  }
}

}  // namespace gateproof::upstream
