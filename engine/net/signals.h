// Signals of the process as something to await. For programs only: a library must leave signals alone.
#pragma once
#include <initializer_list>

#include "engine/base/task.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class Signals final : public Pollable {
 public:
  // Blocks the signals in the calling thread: to be called before other threads are started, so that they inherit it.
  static Result<std::unique_ptr<Signals>> make(EventLoop& loop, std::initializer_list<int> signals);
  ~Signals() { close_watched(fd_); }
  // Suspends until one arrives; gives its number. One waiting caller at a time.
  Task<int> next();
  void on_events(uint32_t events) override;

 private:
  explicit Signals(Fd fd) : fd_(std::move(fd)) {}
  std::optional<int> try_next();
  Fd fd_;
  Waiter* waiter_ = nullptr;
};

}  // namespace gateproof::net
