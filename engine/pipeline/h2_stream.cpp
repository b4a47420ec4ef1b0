// What one stream reads and writes.
#include "engine/pipeline/h2_stream.h"

#include "engine/base/waiter_slot.h"
#include "engine/http/date.h"
#include "engine/pipeline/framing.h"
#include "engine/pipeline/h2_tunnel.h"
#include "engine/pipeline/tunnel.h"

namespace gateproof::pipeline {
namespace {

using http::h2::ErrorCode;

// Three digits that live as long as the program: header blocks view their values.
std::string_view status_digits(int status) {
  static const auto table = [] {
    std::array<std::array<char, 3>, 1000> t{};
    for (size_t i = 0; i < t.size(); ++i) {
      t[i] = {static_cast<char>('0' + i / 100), static_cast<char>('0' + i / 10 % 10),
              static_cast<char>('0' + i % 10)};
    }
    return t;
  }();
  const auto& d = table[static_cast<size_t>(std::clamp(status, 0, 999))];
  return {d.data(), d.size()};
}

// Where Go's server answers by itself the text is its own.
http::Response refusal(int status) {
  if (status != 431) return http::Response::make(status);
  return http::Response::make(status,
                              "<h1>HTTP Error 431</h1><p>Request Header Field(s) Too Large</p>",
                              "text/html; charset=utf-8");
}

// What HTTP/2 cannot carry is left out, as Go's server does.
void add_field(http::h2::Session& session, const http::Headers::Field& f) {
  if (http::h2::is_connection_specific({f.name})) return;
  if (!http::is_token(f.name) || !http::is_field_value(f.value)) return;
  session.field(f.name, f.value);
}

}  // namespace

void H2Stream::clear() {
  x.reset();
  task = {};
  connection = nullptr;
  for (std::string* bytes : {&unread, &current}) {
    bytes->clear();
    if (bytes->capacity() > h2_buffer_kept_bytes_max) bytes->shrink_to_fit();
  }
  trailers.clear();
  refused = 0;
  tunnel = nullptr;
  websocket = continue_pending = head_written = finished = no_body = false;
  reader = writer = nullptr;
  read_deadline = write_deadline = instant_max;
  id = 0;
}

void H2Stream::interim(int status, const http::Headers& headers) {
  http::h2::Session& session = connection->session();
  if (!open || head_written || status == 101 || session.room(*this) == 0) return;
  session.field(":status", status_digits(status));
  for (const auto& f : headers) add_field(session, f);
  session.send_fields(*this, false);
  connection->wake();
}

std::optional<Result<http::Chunk>> H2RequestBody::try_read() {
  H2Stream& s = stream_;
  http::h2::Session& session = s.connection->session();
  if (std::exchange(s.continue_pending, false)) s.interim(100, {});
  if (!s.current.empty()) {
    session.consumed(s, s.current.size());
    s.current.clear();
    if (!session.output().empty()) s.connection->wake();
  }
  if (!s.unread.empty()) {
    s.current.swap(s.unread);
    return Result<http::Chunk>(http::Chunk{s.current, s.ended_there});
  }
  if (s.ended_there) return Result<http::Chunk>(http::Chunk{{}, true});
  if (!s.open)
    return Result<http::Chunk>(Error(Code::canceled, Source::downstream, "request body cut short"));
  return std::nullopt;
}

Task<Result<http::Chunk>> H2RequestBody::read() {
  Waiter& me = co_await ThisWaiter{};
  for (;;) {
    std::optional<Result<http::Chunk>> got = try_read();
    if (got) co_return std::move(*got);
    const WaiterSlot place(stream_.reader, me);
    WakeTimer timer(stream_.connection->env().scheduler, &me);
    if (stream_.read_deadline != instant_max) timer.arm(stream_.read_deadline);
    co_await Suspend{"h2 body"};
    if (timer.expired)
      co_return Error(Code::timeout, Source::downstream, "request body not complete in time");
  }
}

// Waits until the stream may send something. False: not in time.
Task<bool> H2Connection::wait_for_room(H2Stream& s) {
  Waiter& me = co_await ThisWaiter{};
  while (session_.room(s) == 0) {
    if (env_.scheduler.now() >= s.write_deadline) co_return false;
    const WaiterSlot place(s.writer, me);
    WakeTimer timer(env_.scheduler, &me);
    if (s.write_deadline != instant_max) timer.arm(s.write_deadline);
    wait_for_turn(s);
    co_await Suspend{"h2 window"};
  }
  co_return true;
}

// The answer's head; true: that was all of the answer.
bool H2Connection::write_head(H2Stream& s) {
  http::Response& r = s.x.response;
  drop_body_fields(r, true);
  const AnswerFraming framing = framing_of(s.x.request, r);
  const bool limit =
      options_.keep_alive_requests_max > 0 && requests_ >= options_.keep_alive_requests_max;
  const bool old = options_.keep_alive_time_max > Duration::zero() &&
                   env_.scheduler.now() - born_ >= options_.keep_alive_time_max;
  // As in Go's server: what closes an HTTP/1.1 connection ends this one when its streams have ended.
  if (limit || old || http::list_has_token(r.headers, "Connection", "close")) {
    if (drain_ != Drain::told) session_.goaway(session_.last_stream());
    drain_ = Drain::told;
  }
  char length[24];
  session_.field(":status", status_digits(r.status));
  bool dated = false;
  for (const auto& f : r.headers) {
    if (framing.framing != http::Framing::none && f.is("Content-Length")) continue;
    dated = dated || f.is("Date");
    add_field(session_, f);
  }
  if (framing.framing == http::Framing::length) {
    const int n = std::snprintf(length, sizeof length, "%llu",
                                static_cast<unsigned long long>(framing.length));
    session_.field("content-length", {length, static_cast<size_t>(n)});
  }
  if (!dated) session_.field("date", http::http_date(env_.clock.wall_ns()));
  const bool nothing = framing.with_body && !r.body.streaming() && r.body.empty();
  const bool end = !framing.with_body || nothing;
  s.head_written = true;
  session_.send_fields(s, end);
  return end;
}

void H2Connection::write_trailers(H2Stream& s, const http::Headers& trailers) {
  for (const auto& f : trailers) add_field(session_, f);
  session_.send_fields(s, true);
}

// Pieces of the body as windows allow. A body cut short resets the stream: the message is not completed.
Task<void> H2Connection::write_body(H2Stream& s) {
  http::Body& body = s.x.response.body;
  for (;;) {
    std::optional<Result<http::Chunk>> got = body.try_read();
    if (!got) {
      wake();  // what is written so far need not wait for more
      got = co_await body.read();
    }
    if (!*got) {
      session_.reset(s, ErrorCode::internal_error);
      co_return;
    }
    std::string_view left = (*got)->data;
    const bool last = (*got)->last;
    const http::Headers* trailers = last ? body.trailers() : nullptr;
    if (trailers && trailers->empty()) trailers = nullptr;
    while (!left.empty()) {
      const size_t n = std::min(session_.room(s), left.size());
      if (n > 0) {
        session_.send_data(s, left.substr(0, n), last && n == left.size() && !trailers);
        left.remove_prefix(n);
        wake();
        continue;
      }
      const bool room = co_await wait_for_room(s);
      if (!room) {
        session_.reset(s, ErrorCode::internal_error);  // as Go's server at its write deadline
        co_return;
      }
    }
    if (!last) continue;
    if (trailers) {
      write_trailers(s, *trailers);
    } else if (!s.ended_here) {
      session_.send_data(s, {}, true);
    }
    co_return;
  }
}

// RFC 8441 section 5: the upgrade is confirmed with 200, and what both sides send is DATA.
Task<void> H2Connection::run_websocket(H2Stream& s) {
  static constexpr http::HeaderName accept("Sec-WebSocket-Accept");
  session_.field(":status", "200");
  for (const auto& f : s.x.response.headers) {
    if (!f.is(accept)) add_field(session_, f);
  }
  s.head_written = true;
  session_.send_fields(s, false);
  wake();
  H2TunnelStream client(s);
  std::unique_ptr<http::Tunnel> tunnel = std::move(s.x.tunnel);
  co_await run_tunnel(client, std::string(), std::move(tunnel));
  if (!s.ended_here) session_.reset(s, ErrorCode::cancel);  // the server broke off
}

// One exchange, from its head to the end of its answer.
Task<void> H2Connection::serve(H2Stream& s) {
  if (s.refused != 0) {
    s.x.response = refusal(s.refused);
  } else {
    co_await handler_.handle(s.x);
  }
  const int status = s.x.response.status;
  if (status == 0) {  // a scripted host that closes without an answer
    session_.reset(s, ErrorCode::internal_error);
  } else if (env_.scheduler.now() >= s.write_deadline) {
    session_.reset(s, ErrorCode::internal_error);
  } else if (status == 101 && s.websocket && s.x.tunnel &&
             accepts_websocket(s.x.request.headers, s.x.response.headers)) {
    co_await run_websocket(s);
  } else {
    // An upgrade that HTTP/2 cannot have; or a WebSocket that was not made: a 2xx would be its opening here (RFC 8441
    // section 5), while the server has only answered a GET.
    if (status < 200 || (s.websocket && status < 300)) s.x.response = http::Response::make(502);
    const bool whole = write_head(s);
    if (!whole) co_await write_body(s);
  }
  // RFC 9113 section 8.1: the answer does not depend on what is still to come.
  if (s.open) session_.reset(s, ErrorCode::no_error);
  s.finished = any_finished_ = true;
  wake();
}

}  // namespace gateproof::pipeline
