#include "engine/pipeline/h1_server.h"

#include "engine/http/h1_parser.h"
#include "engine/http/h1_writer.h"
#include "engine/http/h2_frame.h"
#include "engine/pipeline/framing.h"
#include "engine/pipeline/tunnel.h"

namespace gateproof::pipeline {
namespace {

using http::h1::Event;

// After an answer to a request that was not read to its end, as Go's server.
inline constexpr char tls_handshake_record = 0x16;  // RFC 8446 section 5.1
inline constexpr Duration linger_time = std::chrono::milliseconds(500);
inline constexpr size_t linger_bytes_max = 4u << 20;
// A body that is there with its head and no longer is copied behind it.
inline constexpr size_t body_bytes_copied_max = 1024;
// What a body's framing may need in the buffer at once: a chunk line, or the last chunk with all trailers.
inline constexpr size_t body_buffer_max =
    http::h1::Limits().chunk_line_bytes_max + http::h1::Limits().trailer_bytes_max + 8;
static_assert(body_buffer_max > request_block_bytes);

http::h1::Limits limits_of(const ServerOptions& o) {
  http::h1::Limits l;
  l.head_bytes_max = o.header_bytes_max + http::h1::head_bytes_slack;
  l.verbatim = o.verbatim;
  return l;
}

// Whether a refused request's first line has at least one of the marks of HTTP/1: a target of a known form, or a version. What
// has none is another protocol (a broken preface of HTTP/2 is one), and an answer in HTTP/1 would not be understood.
bool is_http_line(std::string_view in) {
  const std::string_view line = in.substr(0, in.find_first_of("\r\n"));
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first + 1);
  const bool three_words = first != 0 && first != std::string_view::npos &&
                           second != std::string_view::npos && second > first + 1;
  if (!three_words) return true;
  return line.substr(first + 1, second - first - 1).find_first_of("/*:%.") !=
             std::string_view::npos ||
         line.find('/', second) != std::string_view::npos;
}

class Connection final : public http::InterimSink {
 public:
  Connection(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
             const ServerOptions& options, const ConnectionStart& start)
      : env_(env),
        stream_(std::move(stream)),
        handler_(handler),
        options_(options),
        in_(handler.blocks),
        parser_(limits_of(options)),
        x_(env),
        born_(env.scheduler.now()),
        peer_(start.peer),
        local_(start.local),
        tls_(start.tls) {
    in_.put(start.early);
  }

  Task<void> run();
  // run() has ended because the client speaks HTTP/2: what goes on with it.
  bool found_h2() const { return found_h2_; }
  std::unique_ptr<Stream> take_stream() { return std::move(stream_); }
  std::string_view unread() const { return in_.view(); }
  void interim(int status, const http::Headers& headers) override;

  // For the request's body.
  std::optional<Result<http::Chunk>> try_request_body();
  Task<void> request_bytes();
  bool read_timed_out() const { return read_timed_out_; }
  const http::Headers* request_trailers() const {
    return parser_.trailers().empty() ? nullptr : &parser_.trailers();
  }

 private:
  enum class Got : uint8_t { request, closed, refused, h2 };

  Task<Got> read_head();
  // The bytes may be, or are, the preface of HTTP/2.
  bool starts_h2(std::string_view in) const {
    return options_.http2 && !tls_ && in.front() == http::h2::preface.front() &&
           in.substr(0, http::h2::preface.size()) == http::h2::preface.substr(0, in.size());
  }
  void fill_exchange();
  Task<bool> handle();
  Task<bool> write_response();
  Task<bool> write_body(bool chunked);
  bool wants_close();
  Task<bool> drain_request();
  Task<bool> refuse();
  Task<void> linger();
  // As much of the head and of what follows it as is there at once.
  using Pieces = std::array<std::string_view, 3>;
  std::optional<Pieces> begin_answer(bool chunked, std::string& end, bool& last);
  std::optional<bool> write_at_once(std::span<std::string_view>& left);
  Task<bool> write(std::span<std::string_view> left);
  Instant after(Duration d) const { return deadline_in(env_.scheduler, d); }

  Env& env_;
  std::unique_ptr<Stream> stream_;
  ExchangeHandler& handler_;
  ServerOptions options_;
  http::ReadBuffer in_;
  http::h1::RequestParser parser_;
  http::Exchange x_;
  std::string out_;  // head and chunk framing on the way out, capacity kept
  Instant born_;
  std::optional<SocketAddress> peer_, local_;  // as a PROXY protocol header said
  std::shared_ptr<const http::TlsState> tls_;
  Instant read_deadline_ = instant_max;
  Instant write_deadline_ = instant_max;
  int64_t requests_ = 0;
  bool keep_alive_ = true;  // as the client wants it
  bool request_complete_ = true;
  bool continue_pending_ = false;  // the client waits for "100 Continue" with its body
  bool continue_said_ = false;     // it got one
  std::string unsent_;  // the rest of an interim answer that the client could not take at once
  bool read_timed_out_ = false;
  bool bad_body_ = false;  // its framing is no legal HTTP
  bool peer_gone_ = false;
  bool found_h2_ = false;
};

// The request's body, read from the connection as somebody asks for it.
class RequestBody final : public http::BodySource {
 public:
  explicit RequestBody(Connection& c) : connection_(c) {}
  std::optional<Result<http::Chunk>> try_read() override { return connection_.try_request_body(); }
  Task<Result<http::Chunk>> read() override {
    for (;;) {
      std::optional<Result<http::Chunk>> got = connection_.try_request_body();
      if (got) co_return std::move(*got);
      co_await connection_.request_bytes();
      if (connection_.read_timed_out()) {
        co_return Error(Code::timeout, Source::downstream, "request body not complete in time");
      }
    }
  }
  const http::Headers* trailers() const override { return connection_.request_trailers(); }

 private:
  Connection& connection_;
};

std::optional<Result<http::Chunk>> Connection::try_request_body() {
  if (continue_pending_) interim(100, {});
  for (;;) {
    if (request_complete_) return Result<http::Chunk>(http::Chunk{{}, true});
    const http::h1::Step step = parser_.parse(in_.view());
    if (step.event == Event::error) {
      keep_alive_ = false;
      bad_body_ = true;
      return Result<http::Chunk>(
          Error(Code::protocol, Source::downstream, std::string(parser_.error().why)));
    }
    in_.consume(step.consumed);
    if (step.event == Event::end) {
      request_complete_ = true;
      return Result<http::Chunk>(http::Chunk{{}, true});
    }
    if (step.event == Event::body) {
      if (in_.empty()) request_complete_ = parser_.parse({}).event == Event::end;
      return Result<http::Chunk>(http::Chunk{step.data, request_complete_});
    }
    if (step.consumed > 0) continue;
    const IoResult r = in_.fill(*stream_, body_buffer_max);
    if (r.kind == IoResult::would_block) return std::nullopt;
    if (r.kind == IoResult::bytes) continue;
    peer_gone_ = true;
    return Result<http::Chunk>(Error(Code::canceled, Source::downstream, "request body cut short"));
  }
}

// RFC 9110 section 15.2. The body is asked for once only: by whoever reads it first, or by the server itself.
void Connection::interim(int status, const http::Headers& headers) {
  if (status == 100) {
    continue_pending_ = false;
    if (std::exchange(continue_said_, true)) return;
  }
  if (!unsent_.empty()) return;  // a client that takes nothing misses nothing that counts
  http::ResponseHead head;
  head.status = status;
  head.headers = &headers;
  http::write_response_head(unsent_, head);
  const std::string_view piece[] = {unsent_};
  const IoResult r = stream_->try_write(piece);
  if (r.kind == IoResult::bytes) unsent_.erase(0, r.n);
  if (r.kind == IoResult::would_block) unsent_.clear();
}

Task<void> Connection::request_bytes() {
  const Wake wake = co_await stream_->until_readable(read_deadline_);
  read_timed_out_ = wake == Wake::timeout;
}

// Waits for a request as long as keep-alive allows, then for its head as long as a request may take.
Task<Connection::Got> Connection::read_head() {
  bool begun = requests_ == 0;
  Instant deadline = begun ? after(options_.read_timeout) : after(options_.idle_timeout);
  if (!begun && options_.idle_timeout <= Duration::zero()) deadline = after(options_.read_timeout);
  const size_t bytes_max = options_.header_bytes_max + http::h1::head_bytes_slack + 1;
  for (;;) {
    if (!in_.empty()) {
      if (!begun) {
        begun = true;
        deadline = after(options_.read_timeout);
      }
      const bool first = requests_ == 0 && !tls_;
      if (first && options_.gives_tls_back && in_.view().front() == tls_handshake_record)
        co_return Got::h2;
      const bool h2 = requests_ == 0 && starts_h2(in_.view());
      if (h2 && in_.view().size() >= http::h2::preface.size()) co_return Got::h2;
      const http::h1::Step step = h2 ? http::h1::Step() : parser_.parse(in_.view());
      in_.consume(step.consumed);
      if (step.event == Event::error) co_return Got::refused;
      if (step.event == Event::head) {
        if (in_.empty()) in_.release();  // no buffer is held while a server is waited for
        read_deadline_ = deadline;
        co_return Got::request;
      }
      if (step.consumed > 0 && !in_.empty()) continue;
    }
    const IoResult r = in_.fill(*stream_, std::max(bytes_max, request_block_bytes));
    if (r.kind == IoResult::bytes) continue;
    if (r.kind != IoResult::would_block) co_return Got::closed;
    if (in_.empty()) {
      handler_.idle(*stream_, true, requests_ == 0);
    } else {
      in_.park();
    }
    const Wake wake = co_await stream_->until_readable(deadline);
    handler_.idle(*stream_, false, requests_ == 0);
    if (wake == Wake::timeout) co_return Got::closed;
    if (stream_->ended() && in_.empty() && handler_.draining()) co_return Got::closed;
  }
}

void Connection::fill_exchange() {
  http::h1::RequestHead& h = parser_.head();
  http::Request& r = x_.request;
  r.method.swap(h.method);
  r.url.path.clear();
  r.url.raw.assign(h.parts.path);
  r.asterisk = h.parts.form == http::Target::Form::asterisk;
  r.query.assign(h.parts.query);
  r.has_query = h.parts.has_query;
  r.host.swap(h.host);
  r.version = h.version;
  std::swap(r.headers, h.headers);
  keep_alive_ = h.keep_alive;
  request_complete_ =
      h.body == http::h1::BodyKind::none || (h.body == http::h1::BodyKind::length && h.length == 0);
  // RFC 9110 sections 10.1.1 and 15.2: an HTTP/1.0 client knows no interim answer.
  const bool interim_known = h.version == http::Version::http11;
  // Section 7.8: nor does it know of upgrades.
  if (!interim_known) r.headers.remove("Upgrade");
  continue_pending_ =
      interim_known && h.expect == http::h1::Expect::continue_100 && !request_complete_;
  continue_said_ = false;
  x_.interim = interim_known ? this : nullptr;
  if (request_complete_) {
    r.body.reset();
  } else {
    std::optional<uint64_t> length;
    if (h.body == http::h1::BodyKind::length) length = h.length;
    r.body = http::Body::stream(std::make_unique<RequestBody>(*this), length);
  }
  x_.peer = peer_ ? *peer_ : stream_->peer();
  x_.local = local_ ? *local_ : stream_->local();
  x_.tls = tls_ != nullptr;
  x_.tls_state = tls_;
  if (tls_) x_.client_certificates = tls_->client_certificates;
  write_deadline_ = after(options_.write_timeout);
  if (request_complete_ && in_.empty()) in_.release();
}

// Lets the handler run; false when the client went away meanwhile (the handler is then destroyed where it waits).
Task<bool> Connection::handle() {
  Waiter& me = co_await ThisWaiter{};
  Task<void> handling = handler_.handle(x_);
  if (handling.start(me)) co_return true;
  std::optional<Stream::ReadWatch> watch;
  if (request_complete_ && in_.empty()) watch.emplace(*stream_, me);
  while (!handling.done() && !peer_gone_) {
    if (watch && stream_->read_ready()) {
      // The client has gone; or it has sent more than this request, and is taken to stay.
      peer_gone_ = stream_->ended();
      watch.reset();
      continue;
    }
    co_await Suspend{"answer"};
  }
  co_return handling.done();
}

// nullopt: the client does not take all of it now.
std::optional<bool> Connection::write_at_once(std::span<std::string_view>& left) {
  // As in Go's server, nothing is written behind the deadline, though there may be room for it.
  if (env_.scheduler.now() >= write_deadline_) return false;
  if (!unsent_.empty()) return std::nullopt;
  const Result<void> r = write_now(*stream_, left);
  if (!r) return false;
  if (!left.empty()) return std::nullopt;
  return true;
}

Task<bool> Connection::write(std::span<std::string_view> left) {
  const std::optional<bool> at_once = write_at_once(left);
  if (at_once) co_return *at_once;
  const std::string before = std::exchange(unsent_, {});
  std::vector<std::string_view> pieces = {before};
  pieces.insert(pieces.end(), left.begin(), left.end());
  const Result<void> r = co_await write_all(*stream_, std::move(pieces), write_deadline_);
  co_return r.has_value();
}

bool Connection::wants_close() {
  const bool limit =
      options_.keep_alive_requests_max > 0 && requests_ >= options_.keep_alive_requests_max;
  const bool old = options_.keep_alive_time_max > Duration::zero() &&
                   env_.scheduler.now() - born_ >= options_.keep_alive_time_max;
  const bool said = http::list_has_token(x_.response.headers, "Connection", "close");
  const auto unread = x_.request.body.length();
  const bool too_much_unread = !request_complete_ && unread && *unread > options_.drain_bytes_max;
  return !keep_alive_ || limit || old || said || too_much_unread || continue_pending_ ||
         handler_.draining();
}

// Pieces of a streamed body until its end. A body cut short closes the connection without completing the message.
Task<bool> Connection::write_body(bool chunked) {
  http::Body& body = x_.response.body;
  for (;;) {
    Result<http::Chunk> chunk = co_await body.read();
    if (!chunk) co_return false;
    out_.clear();
    std::string end;
    if (chunked && !chunk->data.empty()) {
      http::write_chunk_size(out_, chunk->data.size());
      end = "\r\n";
    }
    if (chunk->last && chunked) http::write_last_chunk(end, body.trailers());
    Pieces pieces = {out_, chunk->data, end};
    const bool last = chunk->last;
    const bool written = co_await write(pieces);
    if (!written) co_return false;
    if (last) co_return true;
  }
}

// What is there of the body leaves together with the head: in its buffer, if that is cheaper than to tell of two places. nullopt:
// the body has failed already.
std::optional<Connection::Pieces> Connection::begin_answer(bool chunked, std::string& end,
                                                           bool& last) {
  const std::optional<Result<http::Chunk>> first = x_.response.body.try_read();
  if (!first) return Pieces{out_};
  if (!*first) return std::nullopt;
  const http::Chunk& chunk = **first;
  last = chunk.last;
  const bool framed = chunked && !chunk.data.empty();
  if (framed) http::write_chunk_size(out_, chunk.data.size());
  const bool together = chunk.data.size() <= body_bytes_copied_max;
  if (together) out_ += chunk.data;
  std::string& behind = together ? out_ : end;
  if (framed) behind += "\r\n";
  if (last && chunked) http::write_last_chunk(behind, x_.response.body.trailers());
  if (together) return Pieces{out_};
  return Pieces{out_, chunk.data, end};
}

Task<bool> Connection::write_response() {
  http::Response& r = x_.response;
  drop_body_fields(r, false);
  http::ResponseHead head;
  head.status = r.status;
  head.reason = r.reason;
  head.headers = &r.headers;
  head.version = x_.request.version;
  head.wall_ns = env_.clock.wall_ns();
  const AnswerFraming framing = framing_of(x_.request, r);
  head.framing = framing.framing;
  head.length = framing.length;
  head.close = r.status != 101 && (wants_close() || framing.ends_connection);
  head.keep_alive_10 = !head.close && x_.request.version == http::Version::http10;
  keep_alive_ = !head.close;
  const bool chunked = head.framing == http::Framing::chunked;
  out_.clear();
  http::write_response_head(out_, head);
  std::string end;
  bool last = !framing.with_body;
  std::optional<Pieces> pieces = Pieces{out_};
  if (framing.with_body) pieces = begin_answer(chunked, end, last);
  if (!pieces) co_return false;
  std::span<std::string_view> left(*pieces);
  std::optional<bool> written = write_at_once(left);
  if (!written) written = co_await write(left);
  if (!*written || last) co_return *written;
  co_return co_await write_body(chunked);
}

// Reads away what the handler left of the request's body, so that the next request can follow.
Task<bool> Connection::drain_request() {
  size_t read = 0;
  while (!request_complete_) {
    std::optional<Result<http::Chunk>> got = try_request_body();
    if (!got) {
      co_await request_bytes();
      if (read_timed_out_) co_return false;
      continue;
    }
    if (!*got) co_return false;
    read += (*got)->data.size();
    if (read > options_.drain_bytes_max) co_return false;
  }
  co_return true;
}

// Answers a request that is no legal HTTP.
Task<bool> Connection::refuse() {
  const std::string answer = parser_.error().answer();
  Pieces pieces = {answer};
  co_return co_await write(pieces);
}

// Closes in a way that lets the last answer arrive: bytes that nobody reads would make the kernel send a reset, which takes from
// the client what it has not read yet (RFC 9112 section 9.6).
Task<void> Connection::linger() {
  stream_->shutdown_write();
  const Instant until = env_.scheduler.now() + linger_time;
  char scratch[4096];
  size_t read = 0;
  while (read < linger_bytes_max) {
    const IoResult r = stream_->try_read(scratch);
    if (r.kind == IoResult::bytes) {
      read += r.n;
      continue;
    }
    if (r.kind != IoResult::would_block) co_return;
    const Wake wake = co_await stream_->until_readable(until);
    if (wake == Wake::timeout) co_return;
  }
}

Task<void> Connection::run() {
  for (;;) {
    const Got got = co_await read_head();
    if (got == Got::refused && is_http_line(in_.view())) {
      const bool refused = co_await refuse();
      if (refused) co_await linger();
    }
    found_h2_ = got == Got::h2;
    if (found_h2_) co_return;
    if (got != Got::request) break;
    ++requests_;
    fill_exchange();
    bool answered = true;
    if (parser_.head().expect == http::h1::Expect::other) {
      // As Go's server: an expectation that cannot be met ends the connection.
      x_.response = http::Response::make(417);
      x_.response.headers.add_static("Connection", "close");
    } else {
      answered = co_await handle();
    }
    if (answered && bad_body_) {
      // Whatever was made of the error on the way: RFC 9112 section 7.1 and reliability rule S1.
      x_.response.reset();
      const bool refused = co_await refuse();
      if (refused) co_await linger();
      break;
    }
    if (!answered || x_.response.status == 0)
      break;  // 0: a scripted host that closes without an answer
    const bool written = co_await write_response();
    if (!written) break;
    if (x_.response.status == 101 && x_.tunnel) {
      std::unique_ptr<http::Tunnel> tunnel = std::move(x_.tunnel);
      co_await run_tunnel(*stream_, std::string(in_.view()), std::move(tunnel));
      break;
    }
    x_.response.reset();  // gives the upstream connection back before anything is waited for
    if (!keep_alive_) {
      const bool unread = !request_complete_ || !in_.empty();
      if (unread && !peer_gone_) co_await linger();
      break;
    }
    const bool drained = co_await drain_request();
    if (!drained) {
      if (!peer_gone_) co_await linger();
      break;
    }
    x_.reset();
    parser_.reset();
  }
  x_.reset();
  stream_->close();
}

}  // namespace

Task<void> serve_h1(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                    ServerOptions options, ConnectionStart start) {
  options.http2 = false;
  co_await serve_h1_unless_h2(env, stream, handler, options, start);
}

Task<bool> serve_h1_unless_h2(Env& env, std::unique_ptr<Stream>& stream, ExchangeHandler& handler,
                              const ServerOptions& options, ConnectionStart& start) {
  Connection connection(env, std::move(stream), handler, options, start);
  co_await connection.run();
  if (!connection.found_h2()) co_return false;
  stream = connection.take_stream();
  start.early = connection.unread();
  co_return true;
}

}  // namespace gateproof::pipeline
