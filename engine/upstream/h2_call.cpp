#include "engine/base/waiter_slot.h"
#include "engine/http/trailers.h"
#include "engine/upstream/h2_client.h"

namespace gateproof::upstream {
namespace {

using http::h2::ErrorCode;

}  // namespace

H2Call::~H2Call() {
  writer_ = {};
  http::h2::Session& session = client_->session_;
  auto& blocked = client_->blocked_;
  blocked.erase(std::remove(blocked.begin(), blocked.end(), this), blocked.end());
  session.reset(*this, ErrorCode::cancel);
  const size_t unread = unread_.size() + current_.size();
  if (unread > 0) session.consumed(*this, unread);
  if (!session.output().empty() || session.streams() == 0) client_->wake();
}

void H2Call::send_head(http::Outbound& out, bool end) {
  http::h2::Session& session = client_->session_;
  session.start(*this);
  no_body = out.method == "HEAD";
  session.field(":method", out.method);
  session.field(":scheme", out.server->scheme == "https" ? "https" : "http");
  session.field(":authority", out.host);
  session.field(":path", out.target);
  for (const auto& f : out.headers) {
    if (http::h2::is_connection_specific({f.name}) || f.is("Host")) continue;
    if (!http::is_token(f.name) || !http::is_field_value(f.value)) continue;
    session.field(f.name, f.value, f.is("Authorization") || f.is("Proxy-Authorization"));
  }
  const std::optional<uint64_t> length = out.body ? out.body->length() : 0;
  const std::string digits = length ? std::to_string(*length) : std::string();
  if (length && (*length > 0 || out.tells_empty_body())) session.field("content-length", digits);
  session.send_fields(*this, end);
  client_->wake();
}

Task<Result<void>> H2Call::wait_for_room() {
  Waiter& me = co_await ThisWaiter{};
  while (!error_ && open && client_->session_.room(*this) == 0) {
    const WaiterSlot place(room_waiter_, me);
    auto& blocked = client_->blocked_;
    if (std::find(blocked.begin(), blocked.end(), this) == blocked.end()) blocked.push_back(this);
    co_await Suspend{"h2 upstream window"};
  }
  if (error_) co_return *error_;
  if (!open) co_return Error(Code::reset, Source::upstream, "the stream has ended");
  co_return Result<void>();
}

Task<Result<void>> H2Call::send_body(http::Body& body) {
  http::h2::Session& session = client_->session_;
  for (;;) {
    Result<http::Chunk> chunk(http::Chunk{body.bytes(), true});
    if (body.streaming()) {
      body_touched_ = true;
      chunk = co_await body.read();
    }
    if (!chunk) {
      Error e = chunk.error();
      e.source =
          Source::downstream;  // the client broke off: nothing is completed towards the server
      if (e.code == Code::reset) e.code = Code::canceled;
      session.reset(*this, ErrorCode::cancel);
      client_->wake();
      co_return e;
    }
    std::string_view left = chunk->data;
    const bool last = chunk->last;
    const http::Headers* trailers = last ? body.trailers() : nullptr;
    if (trailers && trailers->empty()) trailers = nullptr;
    while (!left.empty()) {
      Result<void> room = co_await wait_for_room();
      if (!room) co_return room;
      const size_t n = std::min(session.room(*this), left.size());
      session.send_data(*this, left.substr(0, n), last && n == left.size() && !trailers);
      left.remove_prefix(n);
      client_->wake();
    }
    if (!last) continue;
    if (!open) co_return Result<void>();
    if (trailers) {
      for (const auto& f : *trailers) {
        if (http::is_token(f.name) && http::is_field_value(f.value) && http::may_trail(f.name))
          session.field(f.name, f.value);
      }
      session.send_fields(*this, true);
    } else if (!ended_here) {
      session.send_data(*this, {}, true);
    }
    client_->wake();
    co_return Result<void>();
  }
}

Task<Result<void>> H2Call::send(http::Outbound& out) {
  Waiter& me = co_await ThisWaiter{};
  const bool with_body = out.body && !out.body->empty();
  replayable_ = out.replayable();
  send_head(out, !with_body);
  if (with_body) {
    writer_ = send_body(*out.body);
    writer_.start(me);
  }
  const WaiterSlot place(waiter_, me);
  WakeTimer timer(x_->env->scheduler, &me);
  const Duration limit = out.server->response_header_timeout;
  while (!head_seen) {
    if (writer_ && writer_.done()) {
      Result<void> sent = writer_.take();
      writer_ = {};
      if (!sent && sent.error().source == Source::downstream) co_return sent.error();
    }
    if (error_) co_return *error_;
    if (!writer_ && limit > Duration::zero() && !timer.armed())
      timer.arm(x_->env->scheduler.now() + limit);
    if (timer.expired) co_return Error(Code::timeout, Source::upstream, "no response head in time");
    co_await Suspend{"h2 answer"};
  }
  if (writer_) writer_.set_parent(nullptr);
  x_ = nullptr;
  co_return Result<void>();
}

std::optional<Result<http::Chunk>> H2Call::try_body() {
  if (!current_.empty()) {
    client_->session_.consumed(*this, current_.size());
    current_.clear();
    if (!client_->session_.output().empty()) client_->wake();
  }
  if (!unread_.empty()) {
    current_.swap(unread_);
    return Result<http::Chunk>(http::Chunk{current_, ended_there});
  }
  if (ended_there) return Result<http::Chunk>(http::Chunk{{}, true});
  if (error_) return Result<http::Chunk>(*error_);
  if (!open)
    return Result<http::Chunk>(Error(Code::reset, Source::upstream, "response body cut short"));
  return std::nullopt;
}

Task<Result<http::Chunk>> H2Call::read_body() {
  Waiter& me = co_await ThisWaiter{};
  for (;;) {
    std::optional<Result<http::Chunk>> got = try_body();
    if (got) co_return std::move(*got);
    const WaiterSlot place(waiter_, me);
    co_await Suspend{"h2 answer body"};
  }
}

}  // namespace gateproof::upstream
