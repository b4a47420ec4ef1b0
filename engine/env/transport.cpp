#include "engine/env/transport.h"

namespace gateproof {

void Stream::DeadlineTimer::fired() {
  if (!waiter) return;
  if (deadline > at()) {  // moved on since it was armed
    if (deadline != instant_max) arm(deadline);
    return;
  }
  expired = true;
  waiter->executor->post(*waiter);
}

void Stream::notify_readable() {
  if (observer_) observer_->carrier_readable();
  if (Waiter* w = read_timer_.waiter) w->executor->post(*w);
}

void Stream::notify_writable() {
  if (observer_) observer_->carrier_writable();
  if (Waiter* w = write_timer_.waiter) w->executor->post(*w);
}

void Stream::Until::suspend(Waiter& w) {
  waiting_ = true;
  timer_.waiter = &w;
  timer_.deadline = deadline_;
  if (deadline_ != instant_max && (!timer_.armed() || timer_.at() > deadline_))
    timer_.arm(deadline_);
  if (w.root) w.root->awaiting = for_read_ ? "readable" : "writable";
}

Task<Wake> Stream::readable(Instant deadline) {
  for (;;) {
    const Wake wake = co_await until_readable(deadline);
    if (wake == Wake::timeout || read_ready()) co_return wake;
  }
}

Task<Wake> Stream::writable(Instant deadline) {
  for (;;) {
    const Wake wake = co_await until_writable(deadline);
    if (wake == Wake::timeout || write_ready()) co_return wake;
  }
}

namespace {
// Clears the waiter also when the waiting frame is destroyed.
struct WaiterSlot {
  Waiter*& slot;
  WaiterSlot(Waiter*& s, Waiter& w) : slot(s) { slot = &w; }
  ~WaiterSlot() { slot = nullptr; }
};
}  // namespace

Task<void> DatagramSocket::readable() {
  if (read_ready()) co_return;
  Waiter& me = co_await ThisWaiter{};
  WaiterSlot slot(waiter_, me);
  while (!read_ready()) co_await Suspend{"datagram"};
}

void DatagramSocket::notify_readable() {
  if (waiter_) waiter_->executor->post(*waiter_);
}

Result<std::unique_ptr<DatagramSocket>> Transport::datagram_to(SocketAddress) {
  return Error(Code::unsupported, "there are no datagrams here");
}

Task<Result<size_t>> read_some(Stream& s, std::span<char> into, Instant deadline) {
  for (;;) {
    const IoResult r = s.try_read(into);
    if (r.kind == IoResult::bytes) co_return r.n;
    if (r.kind == IoResult::eof) co_return size_t{0};
    if (r.kind == IoResult::failed) co_return Error(r.code, "read failed");
    const Wake wake = co_await s.until_readable(deadline);
    if (wake == Wake::timeout) co_return Error(Code::timeout, "read timed out");
  }
}

Result<void> write_now(Stream& s, std::span<std::string_view>& left) {
  for (;;) {
    while (!left.empty() && left.front().empty()) left = left.subspan(1);
    if (left.empty()) return {};
    const IoResult r = s.try_write(left);
    if (r.kind == IoResult::failed) return Error(r.code, "write failed");
    if (r.kind == IoResult::would_block) return {};
    size_t n = r.n;
    while (n > 0) {
      const size_t k = std::min(n, left.front().size());
      left.front().remove_prefix(k);
      n -= k;
      if (left.front().empty()) left = left.subspan(1);
    }
  }
}

Task<Result<void>> write_all(Stream& s, std::vector<std::string_view> pieces, Instant deadline) {
  std::span<std::string_view> left(pieces);
  for (;;) {
    const Result<void> written = write_now(s, left);
    if (!written || left.empty()) co_return written;
    const Wake wake = co_await s.until_writable(deadline);
    if (wake == Wake::timeout) co_return Error(Code::timeout, "write timed out");
  }
}

}  // namespace gateproof
