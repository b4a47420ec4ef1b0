#include "engine/upstream/h1_connection.h"

#include "engine/http/h1_writer.h"
#include "engine/upstream/interim.h"

namespace gateproof::upstream {
namespace {

http::h1::Limits response_limits() {
  http::h1::Limits l;
  l.head_bytes_max = response_head_bytes_max;
  return l;
}

Error upstream_error(Code code, std::string text) {
  return Error(code, Source::upstream, std::move(text));
}

}  // namespace

H1Connection::H1Connection(std::unique_ptr<Stream> stream, http::BlockPool& blocks)
    : stream_(std::move(stream)),
      in_(blocks),
      parser_(response_limits()),
      read_since_(stream_->scheduler().now()) {}

void H1Connection::start_request(http::Outbound& out) {
  const std::optional<uint64_t> length = out.body ? out.body->length() : 0;
  chunked_ = !length.has_value();
  head_.clear();
  http::write_request_head(head_, out.method, out.target, out.host, out.headers, length,
                           out.tells_empty_body());
  complete_ = answered_ = has_body_ = final_ = false;
}

// The head and a body that is in memory go out together. False: not all of it, or more is to follow.
bool H1Connection::write_at_once(http::Outbound& out) {
  const bool streamed = out.body && out.body->streaming();
  unwritten_ = {head_};
  if (out.body && !streamed) unwritten_[1] = out.body->bytes();
  std::span<std::string_view> left(unwritten_);
  const Result<void> written = write_now(*stream_, left);
  return written && left.empty() && !streamed;
}

// The rest of it, and a streamed body as it comes.
Task<Result<void>> H1Connection::write_request(http::Outbound& out) {
  std::vector<std::string_view> pieces(unwritten_.begin(), unwritten_.end());
  Result<void> written = co_await write_all(*stream_, std::move(pieces), write_deadline());
  if (!written || !out.body || !out.body->streaming()) co_return written;
  co_return co_await pump_body(*out.body, chunked_);
}

Task<Result<void>> H1Connection::pump_body(http::Body& body, bool chunked) {
  std::string size_line;
  for (;;) {
    Result<http::Chunk> chunk = co_await body.read();
    if (!chunk) {
      Error e = chunk.error();
      e.source =
          Source::downstream;  // the client broke off: nothing is completed towards the server
      if (e.code == Code::reset) e.code = Code::canceled;
      co_return e;
    }
    std::vector<std::string_view> pieces;
    size_line.clear();
    if (!chunked) {
      pieces.push_back(chunk->data);
    } else if (!chunk->data.empty()) {
      http::write_chunk_size(size_line, chunk->data.size());
      pieces = {size_line, chunk->data, "\r\n"};
    }
    std::string end;
    if (chunk->last && chunked) {
      // The client's trailers stay here, as in Traefik, nginx and Envoy: servers that put them among the fields of the head would
      // believe what no middleware has looked at (RFC 9110 section 6.5.1 lets them be discarded).
      http::write_last_chunk(end, nullptr);
      pieces.push_back(end);
    }
    const bool last = chunk->last;
    Result<void> written = co_await write_all(*stream_, std::move(pieces), write_deadline());
    if (!written) co_return written.error();
    if (last) co_return Result<void>();
  }
}

// nullopt: more bytes are needed, and none are there.
std::optional<Result<void>> H1Connection::try_head(http::Exchange& x, bool to_head,
                                                   bool wait_continue) {
  for (;;) {
    const http::h1::Step step = parser_.parse(in_.view());
    in_.consume(step.consumed);
    if (step.event == http::h1::Event::error) {
      return Result<void>(upstream_error(
          Code::protocol, "malformed response: " + std::string(parser_.error().why)));
    }
    if (step.event == http::h1::Event::head) {
      const int status = parser_.head().status;
      final_ = status >= 200 || status == 101;
      if (final_) return Result<void>();
      if (++interim_ > interim_responses_max)
        return Result<void>(upstream_error(Code::protocol, "too many 1xx responses"));
      pass_interim(x, status, parser_.head().headers);
      parser_.reset(to_head);
      if (wait_continue && status == 100) return Result<void>();
      continue;
    }
    if (step.event != http::h1::Event::need_more) continue;
    const IoResult r = in_.fill(*stream_, response_head_bytes_max);
    if (r.kind == IoResult::would_block) return std::nullopt;
    if (r.kind == IoResult::bytes) {
      answered_ = true;
      note_read();
    } else if (r.code == Code::limit && r.kind == IoResult::failed) {
      return Result<void>(upstream_error(Code::protocol, "response head too large"));
    } else {
      Error e = upstream_error(r.kind == IoResult::eof ? Code::reset : r.code,
                               "connection closed before a response");
      if (!answered_) e.retry = Retry::if_reused;
      return Result<void>(std::move(e));
    }
  }
}

Task<Result<void>> H1Connection::read_head(http::Exchange& x, bool to_head, Instant deadline,
                                           bool wait_continue) {
  interim_ = 0;
  for (;;) {
    std::optional<Result<void>> got = try_head(x, to_head, wait_continue);
    if (got) co_return std::move(*got);
    const Wake wake = co_await stream_->until_readable(std::min(deadline, read_deadline()));
    if (wake == Wake::timeout) co_return late();
  }
}

// A connection that had been silent before is tried anew where another one could be (as Go does it).
Error H1Connection::late() const {
  Error e = upstream_error(Code::timeout, "no response head in time");
  const bool by_read = stream_->scheduler().now() >= read_deadline();
  if (by_read && !answered_) e.retry = Retry::if_reused;
  return e;
}

Task<Result<void>> H1Connection::send_expecting(http::Exchange& x, bool to_head) {
  std::vector<std::string_view> pieces = {head_};
  Result<void> written = co_await write_all(*stream_, std::move(pieces), write_deadline());
  if (!written) co_return written;
  Result<void> got = co_await read_head(x, to_head, x.env->scheduler.now() + continue_wait, true);
  if (!got && got.error().code != Code::timeout) co_return got;
  if (!final_) co_return Result<void>();
  // RFC 9110 section 10.1.1: the server has answered without the body, so it is not sent; what comes next on this connection
  // would be read as that body.
  take_head(x);
  keep_alive_ = false;
  co_return Result<void>();
}

Task<Result<void>> H1Connection::send(http::Exchange& x, http::Outbound& out) {
  const bool to_head = out.method == "HEAD";
  Waiter& me = co_await ThisWaiter{};
  if (read_timeout_ <= Duration::zero()) read_since_ = x.env->scheduler.now();
  read_timeout_ = out.server->read_timeout;
  write_timeout_ = out.server->write_timeout;
  start_request(out);
  parser_.reset(to_head);
  const bool expecting =
      out.body && !out.body->empty() && text::iequals(out.headers.get("Expect"), "100-continue");
  if (expecting) {
    Result<void> begun = co_await send_expecting(x, to_head);
    if (!begun || final_) co_return begun;
  }
  if (expecting) {
    writer_ = pump_body(*out.body, chunked_);
  } else if (!write_at_once(out)) {
    writer_ = write_request(out);
  }
  if (writer_ && !writer_.start(me)) {
    // The server may answer before it has read the whole request: both directions run side by side.
    Task<Result<void>> reader = read_head(x, to_head, instant_max);
    bool head_done = reader.start(me);
    while (!head_done && !writer_.done()) {
      co_await Suspend{"upstream"};
      head_done = reader.done();
    }
    writer_.set_parent(nullptr);
    if (head_done) {
      Result<void> got = reader.take();
      if (!got) co_return got.error();
      take_head(x);
      co_return Result<void>();
    }
    // The request is out (or failed); the reader is dropped and started anew below with a deadline. It holds no bytes.
  }
  if (writer_) {
    Result<void> sent = writer_.take();
    writer_ = {};
    if (!sent && sent.error().source == Source::downstream) co_return sent.error();
  }
  const Instant deadline = deadline_in(x.env->scheduler, out.server->response_header_timeout);
  interim_ = 0;
  std::optional<Result<void>> got = try_head(x, to_head, false);
  while (!got) {
    const Wake wake = co_await stream_->until_readable(std::min(deadline, read_deadline()));
    if (wake == Wake::timeout) co_return late();
    got = try_head(x, to_head, false);
  }
  if (!*got) co_return got->error();
  take_head(x);
  co_return Result<void>();
}

void H1Connection::take_head(http::Exchange& x) {
  http::h1::ResponseHead& h = parser_.head();
  x.response.status = h.status;
  x.response.reason.swap(h.reason);
  std::swap(x.response.headers, h.headers);
  has_body_ = h.body != http::h1::BodyKind::none &&
              !(h.body == http::h1::BodyKind::length && h.length == 0);
  complete_ = !has_body_;
  keep_alive_ = h.keep_alive && h.body != http::h1::BodyKind::until_close;
  length_.reset();
  if (h.body == http::h1::BodyKind::length) length_ = h.length;
}

std::optional<Result<http::Chunk>> H1Connection::try_body() {
  using http::h1::Event;
  for (;;) {
    if (complete_) return Result<http::Chunk>(http::Chunk{{}, true});
    const http::h1::Step step = parser_.parse(in_.view());
    if (step.event == Event::error) {
      return Result<http::Chunk>(upstream_error(Code::protocol, std::string(parser_.error().why)));
    }
    in_.consume(step.consumed);
    complete_ = step.event == Event::end || parser_.done();
    // The last piece of a body of known length says so at once: head and body then leave in one write.
    if (step.event == Event::body && in_.empty()) complete_ = parser_.parse({}).event == Event::end;
    if (complete_ || step.event == Event::body)
      return Result<http::Chunk>(http::Chunk{step.data, complete_});
    if (step.event != Event::need_more) continue;
    const IoResult r = in_.fill(*stream_, response_head_bytes_max);
    if (r.kind == IoResult::would_block) return std::nullopt;
    if (r.kind == IoResult::bytes) {
      note_read();
      continue;
    }
    if (r.kind == IoResult::eof && parser_.finish().event == http::h1::Event::end) {
      complete_ = true;
      return Result<http::Chunk>(http::Chunk{{}, true});
    }
    return Result<http::Chunk>(upstream_error(Code::reset, "response body cut short"));
  }
}

const http::Headers* H1Connection::trailers() const {
  return complete_ && !parser_.trailers().empty() ? &parser_.trailers() : nullptr;
}

bool H1Connection::reusable() const {
  const bool sent = !writer_ || writer_.done();
  return complete_ && sent && in_.empty() && keep_alive_ && !stream_->ended();
}

bool H1Connection::usable() {
  char byte;
  if (stream_->scheduler().now() >= read_deadline()) return false;
  return !stream_->ended() && stream_->try_read({&byte, 1}).kind == IoResult::would_block;
}

void H1Connection::rest() {
  in_.release();
  writer_ = {};
}

std::unique_ptr<http::Tunnel> H1Connection::take_tunnel() {
  auto t = std::make_unique<http::Tunnel>();
  t->early = std::string(in_.view());
  t->stream = std::move(stream_);
  t->read_timeout = read_timeout_;
  t->write_timeout = write_timeout_;
  return t;
}

}  // namespace gateproof::upstream
