#include "engine/net/listener.h"

#include <cerrno>

#include <sys/socket.h>

#include "engine/base/waiter_slot.h"
#include "engine/net/socket.h"
#include "engine/net/stream.h"

namespace gateproof::net {

NetListener::NetListener(EventLoop& loop, Fd fd)
    : loop_(loop), fd_(std::move(fd)), local_(local_address(fd_.get())) {
  any_address_ =
      std::all_of(local_.ip.bytes.begin(), local_.ip.bytes.end(), [](uint8_t b) { return b == 0; });
}

Result<std::unique_ptr<NetListener>> NetListener::adopt(EventLoop& loop, Fd listening) {
  std::unique_ptr<NetListener> listener(new NetListener(loop, std::move(listening)));
  const Result<void> added = loop.add(listener->fd_.get(), *listener);
  if (!added) return added.error();
  return listener;
}

void NetListener::on_events(uint32_t) {
  ready_ = true;
  if (waiter_) waiter_->executor->post(*waiter_);
}

void NetListener::close() {
  close_watched(fd_);
  if (waiter_) waiter_->executor->post(*waiter_);
}

std::optional<Result<std::unique_ptr<Stream>>> NetListener::try_accept() {
  for (;;) {
    RawAddress raw;
    raw.length = sizeof raw.storage;
    Fd fd(::accept4(fd_.get(), raw.get(), &raw.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EAGAIN) return std::nullopt;
      if (out_of_resources(errno)) return Error(Code::limit, errno_text("accept", errno));
      if (errno == EBADF || errno == EINVAL) return Error(Code::canceled, "listener closed");
      continue;  // ECONNABORTED and the network errors that accept(2) passes on belong to one connection
    }
    const SocketAddress here = any_address_ ? SocketAddress{} : local_;
    Result<std::unique_ptr<NetStream>> stream = NetStream::adopt(
        loop_, std::move(fd), from_raw(raw.storage), here, NetStream::State::connected);
    if (!stream) return Error(Code::limit, stream.error().message);
    return Result<std::unique_ptr<Stream>>(std::move(*stream));
  }
}

Task<Result<std::unique_ptr<Stream>>> NetListener::accept() {
  for (;;) {
    if (!fd_) co_return Error(Code::canceled, "listener closed");
    if (ready_) {
      std::optional<Result<std::unique_ptr<Stream>>> got = try_accept();
      if (got && (got->has_value() || got->error().code != Code::limit)) co_return std::move(*got);
      if (got) {
        ++pauses_;
        co_await sleep_for(loop_.scheduler(), pause_without_descriptors);
        continue;
      }
      ready_ = false;
    }
    Waiter& me = co_await ThisWaiter{};
    const WaiterSlot slot(waiter_, me);
    while (!ready_ && fd_) co_await Suspend{"accept"};
  }
}

}  // namespace gateproof::net
