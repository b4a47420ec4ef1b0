// Scheduler: one thread's ready queue, timers ordered by (time, sequence), and the tasks it owns.
// The drivers (net's event loop, sim's virtual loop) decide when run_ready() and fire_timers() are called.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/task.h"
#include "engine/env/clock.h"

namespace gateproof {

class Scheduler;

// A timer that queues a waiter, or calls a function, once. Destroying or cancelling it takes it out of the heap.
class Timer {
 public:
  explicit Timer(Scheduler& s) : scheduler_(s) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { cancel(); }

  void arm(Instant at);
  void cancel();
  bool armed() const { return index_ != npos; }
  Instant at() const { return at_; }
  // Of a task that runs for ever beside all others (health probes): see Scheduler::only_background(). Before arm().
  void set_background() { background_ = true; }

 protected:
  virtual void fired() = 0;

 private:
  friend class Scheduler;
  static constexpr size_t npos = static_cast<size_t>(-1);
  Scheduler& scheduler_;
  Instant at_{};
  uint64_t sequence_ = 0;
  size_t index_ = npos;
  bool background_ = false;
};

class WakeTimer final : public Timer {
 public:
  WakeTimer(Scheduler& s, Waiter* w = nullptr) : Timer(s), waiter(w) {}
  Waiter* waiter;
  bool expired = false;

 private:
  void fired() override;
};

class Scheduler : public Executor {
 public:
  explicit Scheduler(const Clock& clock) : clock_(clock) {}
  ~Scheduler();

  const Clock& clock() const { return clock_; }
  Instant now() const { return clock_.now(); }

  // Starts a task that this scheduler owns until it finishes. The name is shown by dump().
  uint64_t spawn(std::string name, Task<void> task);
  // Destroys a spawned task at its suspension point. Not to be called from inside that task.
  void cancel(uint64_t id);
  // Destroys every spawned task. Not to be called from inside one.
  void cancel_all();
  size_t tasks() const { return roots_.size(); }

  // Resumes what is ready, at most `budget` resumptions; returns how many were made.
  size_t run_ready(size_t budget = SIZE_MAX);
  // The earliest timer, or instant_max.
  Instant next_timer() const { return heap_.empty() ? instant_max : heap_.front()->at_; }
  // No timer is armed but those of tasks that never end: whoever else waits, waits for ever.
  bool only_background() const { return background_ == heap_.size(); }
  // Fires every timer due at `now`, in (time, sequence) order.
  void fire_timers(Instant now);

  // One line per spawned task: name, what it awaits, the deadline of its nearest timer if it is sleeping.
  std::string dump() const;

 private:
  friend class Timer;
  struct Root {
    std::string name;
    Task<void> task;
  };
  void insert(Timer& t);
  void erase(Timer& t);
  void place(size_t i, Timer* t);
  void up(size_t i);
  void down(size_t i);
  static bool before(const Timer& a, const Timer& b) {
    return a.at_ != b.at_ ? a.at_ < b.at_ : a.sequence_ < b.sequence_;
  }
  void reap();

  const Clock& clock_;
  std::vector<Timer*> heap_;
  size_t background_ = 0;  // of the timers in the heap
  uint64_t sequence_ = 0;
  uint64_t next_id_ = 1;
  std::map<uint64_t, std::unique_ptr<Root>> roots_;
};

// When a limit of time that begins now is over; never for one of zero or less.
inline Instant deadline_in(const Scheduler& s, Duration limit) {
  return limit > Duration::zero() ? s.now() + limit : instant_max;
}

// co_await sleep_until(s, t)
Task<void> sleep_until(Scheduler& s, Instant t);
// The same for a task that runs for ever beside all others.
Task<void> sleep_in_background(Scheduler& s, Instant t);
inline Task<void> sleep_for(Scheduler& s, Duration d) { return sleep_until(s, s.now() + d); }

// The child's value, or nullopt when the deadline came first (the child is then destroyed at its suspension point).
template <class T>
Task<std::optional<T>> with_deadline(Scheduler& s, Instant deadline, Task<T> child) {
  Waiter& me = co_await ThisWaiter{};
  if (!child.start(me)) {
    WakeTimer timer(s, &me);
    timer.arm(deadline);
    while (!child.done() && !timer.expired) co_await Suspend{"with_deadline"};
    if (!child.done()) {
      child = Task<T>();  // now, not with this frame: it would queue a parent that has finished
      co_return std::nullopt;
    }
  }
  co_return child.take();
}

// Whichever finishes first; the loser is destroyed. `first` wins a tie.
template <class A, class B>
Task<std::variant<A, B>> race(Task<A> first, Task<B> second) {
  Waiter& me = co_await ThisWaiter{};
  if (first.start(me)) co_return std::variant<A, B>(std::in_place_index<0>, first.take());
  if (second.start(me)) {
    first = Task<A>();
    co_return std::variant<A, B>(std::in_place_index<1>, second.take());
  }
  while (!first.done() && !second.done()) co_await Suspend{"race"};
  if (first.done()) {
    second = Task<B>();  // now, not with this frame: it would queue a parent that has finished
    co_return std::variant<A, B>(std::in_place_index<0>, first.take());
  }
  first = Task<A>();
  co_return std::variant<A, B>(std::in_place_index<1>, second.take());
}

// Children that run side by side and never outlive the group.
class TaskGroup {
 public:
  explicit TaskGroup(Executor& e) : executor_(e) {}
  TaskGroup(const TaskGroup&) = delete;
  void add(Task<void> t);
  size_t running() const;
  // Waits for all of them.
  Task<void> join();

 private:
  Executor& executor_;
  std::vector<Task<void>> tasks_;
  Waiter* joiner_ = nullptr;
};

}  // namespace gateproof
