#include "engine/net/signals.h"

#include <cerrno>
#include <csignal>

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/base/waiter_slot.h"

namespace gateproof::net {

Result<std::unique_ptr<Signals>> Signals::make(EventLoop& loop,
                                               std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int s : signals) sigaddset(&set, s);
  if (const int failure = pthread_sigmask(SIG_BLOCK, &set, nullptr)) {
    return Error(Code::io, errno_text("pthread_sigmask", failure));
  }
  Fd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return Error(Code::io, errno_text("signalfd", errno));
  std::unique_ptr<Signals> made(new Signals(std::move(fd)));
  const Result<void> added = loop.add(made->fd_.get(), *made);
  if (!added) return added.error();
  return made;
}

void Signals::on_events(uint32_t) {
  if (waiter_) waiter_->executor->post(*waiter_);
}

std::optional<int> Signals::try_next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

Task<int> Signals::next() {
  Waiter& me = co_await ThisWaiter{};
  const WaiterSlot slot(waiter_, me);
  for (;;) {
    const std::optional<int> signal = try_next();
    if (signal) co_return *signal;
    co_await Suspend{"signal"};
  }
}

}  // namespace gateproof::net
