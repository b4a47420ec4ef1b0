// EventLoop: one thread's epoll instance and its Scheduler.
//
// Every descriptor is registered once, edge-triggered, for reading and writing alike, and stays registered until it is closed:
// a request costs no epoll_ctl. A batch of events is told to all its Pollables first (which only set flags and queue waiters),
// then the queue is run; nothing that a batch points at can be destroyed before the whole batch was told.
#pragma once
#include <functional>
#include <mutex>

#include "engine/env/scheduler.h"
#include "engine/net/clock.h"
#include "engine/net/fd.h"

namespace gateproof::net {

// What a descriptor's events are told to. on_events must not destroy anything and must not resume coroutines.
class Pollable {
 public:
  virtual void on_events(uint32_t events) = 0;

 protected:
  ~Pollable() = default;
  // Closes a descriptor that was given to EventLoop::add with this object; before the object goes. Closing alone would not do:
  // while a process that is being started holds a copy, the kernel goes on reporting events of it, for an object that is gone.
  void close_watched(Fd& fd);

 private:
  friend class EventLoop;
  int epoll_ = -1;
};

// Functions that other threads want run on a loop's thread. Shared, so that a late poster never meets a dead loop.
class Mailbox {
 public:
  // False when the loop is gone; the function is then dropped.
  bool post(std::function<void()> work);

 private:
  friend class EventLoop;
  std::mutex mutex_;
  std::vector<std::function<void()>> work_;
  int wake_fd_ = -1;  // the loop's eventfd; -1 once the loop is gone
};

class EventLoop {
 public:
  static constexpr int events_per_wait_max = 256;  // events taken by one epoll_wait
  static constexpr size_t resumes_per_round_max =
      4096;  // coroutines resumed before the system is asked again

  // Code::io when the system has no descriptor left.
  static Result<std::unique_ptr<EventLoop>> make();
  ~EventLoop();

  Scheduler& scheduler() { return scheduler_; }
  const Clock& clock() const { return clock_; }

  // Registers for good: IN, OUT, RDHUP, edge-triggered. Closing the descriptor takes it out again.
  Result<void> add(int fd, Pollable& pollable);

  // Until stop(). The calling thread is the loop's.
  void run();
  // One round: waits at most `longest` for events or the next timer, then runs what is ready.
  void run_once(Duration longest);
  // Rounds until done() or the time is up; returns what done() said. For tests and small clients.
  bool run_until(const std::function<bool()>& done, Duration longest);

  // From any thread.
  void stop();
  void post(std::function<void()> work);
  std::shared_ptr<Mailbox> mailbox() { return mailbox_; }

 private:
  EventLoop(Fd epoll, Fd wake);
  int timeout_ms(Duration longest) const;
  void run_posted();

  LoopClock clock_;
  Fd epoll_;
  Fd wake_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  bool stopped_ = false;         // the loop's thread only
  Scheduler scheduler_{clock_};  // last: its tasks go first
};

}  // namespace gateproof::net
