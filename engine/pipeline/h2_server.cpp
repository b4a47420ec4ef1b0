#include "engine/pipeline/h2_server.h"

#include "engine/pipeline/h2_tunnel.h"

namespace gateproof::pipeline {
namespace {

using http::h2::ErrorCode;

inline constexpr Duration linger_time = std::chrono::milliseconds(500);  // as in h1_server.cpp
inline constexpr size_t input_bytes_max = http::h2::frame_head_bytes + http::h2::frame_bytes_max;

http::h2::LocalSettings settings_of(const ServerOptions& o) {
  http::h2::LocalSettings s;
  s.header_table_bytes = o.http2_decoder_table_bytes;
  s.streams_max = o.http2_streams_max;
  s.stream_window = h2_stream_window_bytes;
  s.connection_window = h2_connection_window_bytes;
  s.connect_protocol = true;
  return s;
}

http::h2::Limits limits_of(const ServerOptions& o) {
  http::h2::Limits l;
  // Go's server allows for ten fields' overhead beyond maxHeaderBytes.
  l.block.list_bytes_max = o.header_bytes_max + 10 * http::h2::field_overhead_bytes;
  l.encoder_table_bytes_max = o.http2_encoder_table_bytes;
  return l;
}

}  // namespace

H2Connection::H2Connection(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                           const ServerOptions& options, const ConnectionStart& start)
    : env_(env),
      stream_(std::move(stream)),
      handler_(handler),
      options_(options),
      in_(handler.blocks),
      session_(http::h2::Role::server, settings_of(options), limits_of(options), *this),
      timer_(env.scheduler),
      born_(env.scheduler.now()),
      idle_since_(born_),
      peer_(start.peer),
      local_(start.local),
      tls_(start.tls) {
  in_.put(start.early);
  if (!handler_.h2_streams) handler_.h2_streams = std::make_shared<H2StreamPool>();
  join(handler_.listeners);
}

H2Connection::~H2Connection() {
  while (!streams_.empty()) release(*streams_.back());
}

// Feeds the session with what can be read now. True: there may be more, and others should get their turn first.
bool H2Connection::read_input() {
  for (size_t reads = 0;; ++reads) {
    if (!in_.empty()) {
      const size_t taken = session_.receive(in_.view(), env_.scheduler.now());
      in_.consume(taken);
      if (taken > 0 && !session_.in_header_block()) partial_since_ = instant_max;
    }
    if (session_.failed() || input_over_ || choked()) break;
    if (reads >= h2_reads_per_turn) return true;
    const IoResult r = in_.fill(*stream_, input_bytes_max);
    if (r.kind == IoResult::bytes) continue;
    if (r.kind == IoResult::would_block) break;
    input_over_ = true;
    broken_ = r.kind == IoResult::failed;
    break;
  }
  return false;
}

// Writes what the client takes now. True: something is left.
bool H2Connection::write_output() {
  while (!broken_ && !session_.output().empty()) {
    const std::string_view piece[] = {session_.output()};
    const IoResult r = stream_->try_write(piece);
    if (r.kind == IoResult::would_block) return true;
    if (r.kind != IoResult::bytes) {
      broken_ = true;
      return false;
    }
    session_.written(r.n);
  }
  return false;
}

// Streams that wait for room, the longest waiting first, as many as the room may serve.
void H2Connection::wake_writers() {
  size_t room = session_.shared_room();
  for (size_t i = 0; i < blocked_.size() && room > 0;) {
    H2Stream& s = *blocked_[i];
    const bool waits = s.writer || s.tunnel;
    if (waits && s.send_window <= 0) {
      ++i;
      continue;
    }
    if (waits)
      room -= std::min({room, static_cast<size_t>(s.send_window), http::h2::frame_bytes_max});
    if (s.writer) s.writer->executor->post(*s.writer);
    if (s.tunnel) s.tunnel->room_came();
    blocked_.erase(blocked_.begin() + static_cast<ptrdiff_t>(i));
  }
}

http::h2::Stream* H2Connection::open_stream(uint32_t) {
  auto& free = handler_.h2_streams->free;
  std::unique_ptr<H2Stream> s;
  if (free.empty()) {
    s = std::make_unique<H2Stream>(env_);
  } else {
    s = std::move(free.back());
    free.pop_back();
  }
  s->connection = this;
  streams_.push_back(std::move(s));
  return streams_.back().get();
}

// Takes the request out of the block. False: it is answered with s.refused.
bool H2Connection::fill_exchange(H2Stream& s, http::h2::Block& block) {
  http::Exchange& x = s.x;
  http::Request& r = x.request;
  x.env = &env_;
  x.peer = peer_ ? *peer_ : stream_->peer();
  x.local = local_ ? *local_ : stream_->local();
  x.tls = tls_ != nullptr;
  x.tls_state = tls_;
  if (tls_) x.client_certificates = tls_->client_certificates;
  x.interim = &s;
  r.method.swap(block.method);
  r.host.swap(block.authority);
  r.version = http::Version::http2;
  std::swap(r.headers, block.headers);
  if (s.ended_there) {
    r.body.reset();
  } else {
    s.continue_pending = block.expect_continue;
    r.body = http::Body::stream(std::make_unique<H2RequestBody>(s), block.content_length);
  }
  if (block.too_large) {
    s.refused = 431;
    return false;
  }
  if (!block.protocol.empty()) {
    if (!text::iequals(block.protocol, "websocket") || s.ended_there) {
      s.refused = 501;
      return false;
    }
    s.websocket = true;
    r.body.reset();  // what comes is the tunnel's
    to_upgrade(r, env_.random.stream("websocket key"));
  }
  const bool connect = r.method == "CONNECT";
  // A path without its slash walks past every path rule (GHSA-46wh-3698-f2cx).
  const bool has_form = connect || block.path.front() == '/' || block.path == "*";
  Result<http::Target> target =
      has_form ? http::parse_target(r.method, connect ? r.host : block.path)
               : Result<http::Target>(Error(Code::invalid, ":path without a slash"));
  if (!target) {
    s.refused = 400;
    return false;
  }
  r.url.path.clear();
  r.url.raw.assign(target->path);
  r.asterisk = target->form == http::Target::Form::asterisk;
  r.query.assign(target->query);
  r.has_query = target->has_query;
  return true;
}

void H2Connection::request(http::h2::Stream& stream, http::h2::Block& block) {
  H2Stream& s = static_cast<H2Stream&>(stream);
  ++requests_;
  fill_exchange(s, block);
  s.read_deadline = after(options_.read_timeout);
  s.write_deadline = after(options_.write_timeout);
  s.task = serve(s);
  s.task.start(*me_);
}

void H2Connection::trailers(http::h2::Stream& stream, http::Headers& trailers) {
  std::swap(static_cast<H2Stream&>(stream).trailers, trailers);
}

void H2Connection::data(http::h2::Stream& stream, std::string_view piece) {
  H2Stream& s = static_cast<H2Stream&>(stream);
  s.unread += piece;
  if (s.reader) s.reader->executor->post(*s.reader);
  if (s.tunnel) s.tunnel->bytes_came();
}

// The handler is destroyed where it waits.
void H2Connection::reset(http::h2::Stream& stream, ErrorCode) {
  H2Stream& s = static_cast<H2Stream&>(stream);
  s.task = {};
  s.finished = any_finished_ = true;
}

void H2Connection::release(H2Stream& s) {
  s.task = {};  // before the body that it may be reading
  const size_t unread = s.unread.size() + s.current.size();
  const auto blocked = std::find(blocked_.begin(), blocked_.end(), &s);
  if (blocked != blocked_.end()) blocked_.erase(blocked);
  s.x.reset();
  if (unread > 0) session_.consumed(s, unread);
  const auto at = std::find_if(streams_.begin(), streams_.end(),
                               [&](const std::unique_ptr<H2Stream>& o) { return o.get() == &s; });
  std::unique_ptr<H2Stream> own = std::move(*at);
  streams_.erase(at);
  own->clear();
  auto& free = handler_.h2_streams->free;
  if (free.size() < h2_streams_kept_max) free.push_back(std::move(own));
}

void H2Connection::reap() {
  if (!std::exchange(any_finished_, false)) return;
  for (size_t i = 0; i < streams_.size();) {
    if (streams_[i]->finished) {
      release(*streams_[i]);
    } else {
      ++i;
    }
  }
  if (streams_.empty()) idle_since_ = env_.scheduler.now();
}

void H2Connection::ping_answered() {
  if (drain_ == Drain::announced) drain_until_ = env_.scheduler.now();
}

// RFC 9113 section 6.8: first that it ends, then, when what was under way has come, with which stream.
void H2Connection::drain() {
  if (drain_ == Drain::no && handler_.draining()) {
    drain_ = Drain::announced;
    session_.goaway(http::h2::stream_id_max);
    session_.ping();
    drain_until_ = env_.scheduler.now() + h2_drain_pause;
  }
  if (drain_ == Drain::announced && env_.scheduler.now() >= drain_until_) {
    drain_ = Drain::told;
    session_.goaway(session_.last_stream());
  }
}

Instant H2Connection::next_deadline() const {
  Instant at = drain_ == Drain::announced ? drain_until_ : instant_max;
  const bool wait_for_more = partial_since_ != instant_max || !session_.settled();
  if (wait_for_more && options_.read_timeout > Duration::zero()) {
    const Instant since = session_.settled() ? partial_since_ : born_;
    at = std::min(at, since + options_.read_timeout);
  }
  const Duration idle =
      options_.idle_timeout > Duration::zero() ? options_.idle_timeout : options_.read_timeout;
  if (streams_.empty() && idle > Duration::zero()) at = std::min(at, idle_since_ + idle);
  return at;
}

void H2Connection::look_at_time() {
  const bool partial = !in_.empty() || session_.in_header_block();
  if (!partial) {
    partial_since_ = instant_max;
  } else if (partial_since_ == instant_max) {
    partial_since_ = env_.scheduler.now();
  }
  drain();
  if (env_.scheduler.now() >= next_deadline() && !session_.failed()) {
    session_.fail(ErrorCode::no_error,
                  streams_.empty() ? "idle" : "a frame was not complete in time");
  }
}

bool H2Connection::over() const {
  if (broken_ || session_.failed()) return true;
  // Who has said all has gone, as Go's server sees it: a client that waits for answers leaves its side open.
  if (input_over_) return true;
  // A head whose beginning was looked at is within the GOAWAY's number: it is served when the rest of it is here.
  return streams_.empty() && drain_ == Drain::told && !session_.in_header_block();
}

Task<void> H2Connection::run() {
  me_ = &co_await ThisWaiter{};
  timer_.waiter = me_;
  // The task may be destroyed where it waits; what its streams still do then must not wake it.
  struct Forget {
    H2Connection& connection;
    ~Forget() {
      connection.me_ = connection.timer_.waiter = nullptr;
      connection.timer_.cancel();
    }
  } forget{*this};
  Task<Wake> reading, writing;
  for (;;) {
    running_ = true;
    const bool more = read_input();
    reap();
    look_at_time();
    bool left = write_output();
    wake_writers();
    running_ = false;
    if (over()) break;
    const bool idle = streams_.empty() && in_.empty();
    if (idle) {
      in_.release();
      session_.rest();
    }
    const Instant at = next_deadline();
    if (at != instant_max && (!timer_.armed() || timer_.at() > at)) timer_.arm(at);
    if (more) env_.scheduler.post(*me_);
    if (!more && !reading && !choked()) {
      reading = stream_->readable(instant_max);
      if (reading.start(*me_)) env_.scheduler.post(*me_);
    }
    if (left && !writing) {
      writing = stream_->writable(instant_max);
      if (writing.start(*me_)) env_.scheduler.post(*me_);
    }
    co_await Suspend{"h2 frames"};
    if (reading.done()) reading = {};
    if (writing.done()) writing = {};
    if (timer_.expired) timer_.expired = false;
  }
  running_ = true;
  reading = {};
  writing = {};
  while (!streams_.empty()) release(*streams_.back());
  if (!broken_) co_await linger();
  leave();
  stream_->close();
}

// What is left to say, and then what the client still sends is read away, so that no reset overtakes the GOAWAY.
Task<void> H2Connection::linger() {
  const Instant until = env_.scheduler.now() + linger_time;
  while (write_output()) {
    const Wake wake = co_await stream_->writable(until);
    if (wake == Wake::timeout) co_return;
  }
  if (broken_ || input_over_) co_return;
  stream_->shutdown_write();
  char scratch[4096];
  for (;;) {
    const IoResult r = stream_->try_read(scratch);
    if (r.kind == IoResult::bytes) continue;
    if (r.kind != IoResult::would_block) co_return;
    const Wake wake = co_await stream_->readable(until);
    if (wake == Wake::timeout) co_return;
  }
}

Task<void> serve_h2(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                    ServerOptions options, ConnectionStart start) {
  H2Connection connection(env, std::move(stream), handler, options, start);
  start.early = std::string();
  co_await connection.run();
}

}  // namespace gateproof::pipeline
