#include "engine/tls/stream.h"

namespace gateproof::tls {
namespace {

// Of the thread, and empty between calls: records on their way to a carrier, and small pieces on their way into one record.
thread_local std::string records;
thread_local std::string gathered;

// What was left when a stream was closed goes on leaving.
Task<void> say_farewell(std::unique_ptr<Stream> carrier, std::string rest, Instant deadline) {
  std::vector<std::string_view> pieces = {rest};
  const Result<void> sent = co_await write_all(*carrier, std::move(pieces), deadline);
  (void)sent;
  carrier->close();
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<Stream> carrier, std::string early,
                     std::shared_ptr<const ServerContext> context, const Identity* identity,
                     int64_t wall_ns)
    : Stream(carrier->scheduler()),
      carrier_(std::move(carrier)),
      peer_(carrier_->peer()),
      local_(carrier_->local()),
      early_(std::move(early)),
      session_(*this, std::move(context), identity, wall_ns) {
  carrier_->set_observer(this);
}

TlsStream::TlsStream(std::unique_ptr<Stream> carrier, std::shared_ptr<const ClientContext> context,
                     std::string server_name, const std::vector<std::string>& alpn, int64_t wall_ns)
    : Stream(carrier->scheduler()),
      carrier_(std::move(carrier)),
      peer_(carrier_->peer()),
      local_(carrier_->local()),
      session_(*this, std::move(context), std::move(server_name), alpn, wall_ns) {
  carrier_->set_observer(this);
}

TlsStream::~TlsStream() {
  if (carrier_) carrier_->set_observer(nullptr);
}

Stream& TlsStream::carrier() {
  if (!carrier_) return *this;
  return carrier_->carrier();
}

void TlsStream::fail(Code code) {
  failed_ = true;
  code_ = code;
}

IoResult TlsStream::take(std::span<char> into) {
  if (early_taken_ < early_.size()) {
    const size_t n = std::min(into.size(), early_.size() - early_taken_);
    std::copy_n(early_.data() + early_taken_, n, into.data());
    early_taken_ += n;
    if (early_taken_ == early_.size()) {
      std::string().swap(early_);
      early_taken_ = 0;
    }
    return {IoResult::bytes, n};
  }
  return carrier_->try_read(into);
}

void TlsStream::put(std::string_view text) { (out_.empty() ? records : out_).append(text); }

// Gives the carrier what the session has made; the rest stays until there is room.
void TlsStream::flush() {
  std::string& from = out_.empty() ? records : out_;
  std::string_view left = from;
  while (!left.empty() && !failed_) {
    const std::string_view pieces[] = {left};
    const IoResult r = carrier_->try_write(pieces);
    if (r.kind == IoResult::would_block) break;
    if (r.kind != IoResult::bytes) fail(r.code);
    if (r.kind == IoResult::bytes) left.remove_prefix(r.n);
  }
  if (failed_) left = {};
  if (&from == &records) {
    out_.assign(left);
    records.clear();
  } else if (left.empty()) {
    std::string().swap(out_);
  } else {
    out_.erase(0, out_.size() - left.size());
  }
  if (ending_ && out_.empty() && !failed_) carrier_->shutdown_write();
}

Task<Result<void>> TlsStream::handshake(Instant deadline) {
  for (;;) {
    const Progress p = session_.handshake();
    flush();
    if (p == Progress::done) {
      more_ = session_.pending();
      co_return Result<void>();
    }
    if (p != Progress::wants_input) {
      fail(session_.error().code);
      co_return session_.error();
    }
    // The carrier broke while we wrote: nothing will come, though its reading side may not know yet.
    if (failed_) co_return Error(code_, "tls: the connection broke in the handshake");
    const Wake wake = co_await until_readable(deadline);
    if (wake == Wake::timeout) {
      fail(Code::timeout);
      co_return Error(Code::timeout, "tls: the handshake was not complete in time");
    }
  }
}

bool TlsStream::read_ready() const {
  return closed_ || failed_ || eof_ || more_ || !early_.empty() || carrier_->read_ready();
}

bool TlsStream::write_ready() const {
  return closed_ || failed_ || (out_.empty() && carrier_->write_ready());
}

bool TlsStream::ended() const { return closed_ || failed_ || eof_ || carrier_->ended(); }

IoResult TlsStream::try_read(std::span<char> into) {
  if (closed_) return {IoResult::failed, 0, Code::canceled};
  if (eof_) return {IoResult::eof};
  if (failed_) return {IoResult::failed, 0, code_};
  if (into.empty()) return {IoResult::bytes, 0};
  if (!read_ready()) return {};
  size_t n = 0;
  const Progress p = session_.read(into, n);
  if (!records.empty()) flush();  // an answer to a change of keys, an alert
  more_ = p == Progress::done && session_.pending();
  switch (p) {
    case Progress::done: return {IoResult::bytes, n};
    case Progress::wants_input: return {};
    case Progress::ended: eof_ = true; return {IoResult::eof};
    default: fail(session_.error().code); return {IoResult::failed, 0, code_};
  }
}

// Fills records: pieces that are smaller than one are put together, so that a head and its body travel in one.
bool TlsStream::write_batch(std::span<const std::string_view> pieces, size_t& taken) {
  gathered.clear();
  const auto send = [&](std::string_view text) {
    taken += text.size();
    return session_.write(text) == Progress::done;
  };
  for (size_t i = 0; i < pieces.size() && taken + gathered.size() < write_batch_bytes; ++i) {
    std::string_view piece = pieces[i];
    while (!piece.empty() && taken + gathered.size() < write_batch_bytes) {
      const bool last = i + 1 == pieces.size();
      if (gathered.empty() && (piece.size() >= Session::record_bytes_max || last)) {
        const std::string_view part = piece.substr(0, Session::record_bytes_max);
        if (!send(part)) return false;
        piece.remove_prefix(part.size());
        continue;
      }
      const std::string_view part = piece.substr(0, Session::record_bytes_max - gathered.size());
      gathered += part;
      piece.remove_prefix(part.size());
      if (gathered.size() < Session::record_bytes_max) continue;
      if (!send(gathered)) return false;
      gathered.clear();
    }
  }
  return gathered.empty() || send(gathered);
}

IoResult TlsStream::try_write(std::span<const std::string_view> pieces) {
  if (closed_ || ending_) return {IoResult::failed, 0, Code::canceled};
  if (failed_) return {IoResult::failed, 0, code_};
  if (!out_.empty()) flush();
  if (failed_) return {IoResult::failed, 0, code_};
  if (!out_.empty() || !carrier_->write_ready()) return {};
  size_t taken = 0;
  if (!write_batch(pieces, taken)) fail(session_.error().code);
  flush();
  if (failed_) return {IoResult::failed, 0, code_};
  return {IoResult::bytes, taken};
}

void TlsStream::carrier_writable() {
  if (!out_.empty()) flush();
  if (out_.empty() || failed_) notify_writable();
  if (failed_) notify_readable();
}

void TlsStream::shutdown_write() {
  if (closed_ || failed_ || std::exchange(ending_, true)) return;
  session_.end();
  flush();
}

void TlsStream::close() {
  if (std::exchange(closed_, true)) return;
  if (!failed_ && !ending_) {
    session_.end();
    flush();
  }
  if (failed_ || out_.empty()) {
    carrier_->close();
  } else {
    carrier_->set_observer(nullptr);
    scheduler().spawn("tls farewell", say_farewell(std::move(carrier_), std::move(out_),
                                                   scheduler().now() + farewell_time));
  }
  notify_readable();
  notify_writable();
}

void TlsStream::set_keep_alive(Duration period) {
  if (carrier_) carrier_->set_keep_alive(period);
}

}  // namespace gateproof::tls
