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

namespace {
// Clears the waiter also when the waiting frame is destroyed.
struct WaiterSlot {
  Waiter*& slot;
  WaiterSlot(Waiter*& s, Waiter& w) : slot(s) { slot = &w; }
  ~WaiterSlot() { slot = nullptr; }
};
}  // namespace

Task<Wake> Stream::wait(DeadlineTimer& t, bool for_read, Instant deadline) {
  const auto ready = [&] { return for_read ? read_ready() : write_ready(); };
  if (ready()) co_return Wake::ready;
  Waiter& me = co_await ThisWaiter{};
  WaiterSlot slot(t.waiter, me);
  t.deadline = deadline;
  t.expired = false;
  if (deadline != instant_max && (!t.armed() || t.at() > deadline)) t.arm(deadline);
  while (!ready() && !t.expired) co_await Suspend{for_read ? "readable" : "writable"};
  co_return ready() ? Wake::ready : Wake::timeout;
}

Task<Wake> Stream::readable(Instant deadline) { return wait(read_timer_, true, deadline); }
Task<Wake> Stream::writable(Instant deadline) { return wait(write_timer_, false, deadline); }

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
    if (co_await s.readable(deadline) == Wake::timeout)
      co_return Error(Code::timeout, "read timed out");
  }
}

Task<Result<void>> write_all(Stream& s, std::vector<std::string_view> pieces, Instant deadline) {
  std::span<std::string_view> left(pieces);
  for (;;) {
    while (!left.empty() && left.front().empty()) left = left.subspan(1);
    if (left.empty()) co_return Result<void>();
    const IoResult r = s.try_write(left);
    if (r.kind == IoResult::failed) co_return Error(r.code, "write failed");
    if (r.kind == IoResult::would_block) {
      if (co_await s.writable(deadline) == Wake::timeout)
        co_return Error(Code::timeout, "write timed out");
      continue;
    }
    size_t n = r.n;
    while (n > 0) {
      const size_t k = std::min(n, left.front().size());
      left.front().remove_prefix(k);
      n -= k;
      if (left.front().empty()) left = left.subspan(1);
    }
  }
}

}  // namespace gateproof
