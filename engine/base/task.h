// Task<T>: a lazy, move-only coroutine, and Executor: the FIFO of coroutines that may go on.
//
// Safety conditions (each has a test in task_test.cpp):
// 1. No symmetric transfer. A child is started with resume(); if it finishes at once, the parent goes on without
//    suspending; otherwise its completion queues the parent. A loop of a million finished awaits uses no stack.
// 2. Lazy, move-only, [[nodiscard]]. Coroutines are named functions; parameters by value or owned by the Exchange.
// 3. Cancellation is destruction at a suspension point: ~Task destroys the frame; a destroyed frame that was queued or
//    waited on takes itself out of the queue, the timer heap and the stream. One that ends while it is queued leaves the queue too.
// 4. One executor per world; frames come from free lists (frame_pool.h).
// 5. A suspended coroutine says what it waits for (Waiter::awaiting of its root), which Scheduler::dump() prints.
#pragma once
#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/base/frame_pool.h"

namespace gateproof {

class Executor;

// The part of a promise that the queue, timers and streams know: something that can be resumed once.
struct Waiter {
  std::coroutine_handle<> handle;
  Executor* executor = nullptr;
  Waiter* root = nullptr;      // the spawned task that this coroutine works for
  const char* name = nullptr;  // roots only: the task's name (outlives the task)
  const char* awaiting =
      nullptr;  // roots only: what the task waits for, as last said by a Suspend inside it
  Waiter* prev = nullptr;  // ready queue links, null when not queued
  Waiter* next = nullptr;
  bool queued = false;
  uint64_t root_id = 0;  // spawned roots only: told to the executor when the task has finished

  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  inline ~Waiter();
};

class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Queues a waiter to be resumed. Queueing one that is queued already does nothing.
  void post(Waiter& w) {
    if (w.queued) return;
    w.queued = true;
    w.prev = tail_;
    w.next = nullptr;
    (tail_ ? tail_->next : head_) = &w;
    tail_ = &w;
  }
  void remove(Waiter& w) {
    if (!w.queued) return;
    (w.prev ? w.prev->next : head_) = w.next;
    (w.next ? w.next->prev : tail_) = w.prev;
    w.queued = false;
    w.prev = w.next = nullptr;
  }
  bool ready() const { return head_ != nullptr; }
  // Called in a root's final suspension: its frame is destroyed by the loop, never inside itself.
  void root_finished(uint64_t id) { finished_.push_back(id); }
  // Resumes the first waiter. Returns false when there was none.
  bool run_one() {
    Waiter* w = head_;
    if (!w) return false;
    remove(*w);
    if (w->root) w->root->awaiting = nullptr;
    w->handle.resume();
    return true;
  }

 protected:
  std::vector<uint64_t> finished_;

 private:
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
};

inline Waiter::~Waiter() {
  if (queued) executor->remove(*this);
}

namespace detail {

struct PromiseBase : Waiter {
  Waiter* parent =
      nullptr;  // queued when this coroutine finishes; null while it is being started, and for roots

  static void* operator new(size_t bytes) { return frame_pool::allocate(bytes); }
  static void operator delete(void* p, size_t bytes) { frame_pool::release(p, bytes); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> h) const noexcept {
      PromiseBase& p = h.promise();
      // Whoever it has waited for may have queued it in vain: it is not to be resumed behind its end.
      if (p.queued) p.executor->remove(p);
      if (p.parent) {
        p.executor->post(*p.parent);
      } else if (p.root_id) {
        p.executor->root_finished(p.root_id);
      }
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  // Errors are values in the engine; an exception here is a broken invariant (or no memory).
  void unhandled_exception() { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
};

template <>
struct Promise<void> : PromiseBase {
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  void return_void() {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Handle h) : h_(h) { h_.promise().handle = h_; }
  Task(Task&& o) noexcept : h_(std::exchange(o.h_, {})) {}
  Task& operator=(Task&& o) noexcept {
    if (this != &o) {
      destroy();
      h_ = std::exchange(o.h_, {});
    }
    return *this;
  }
  ~Task() { destroy(); }

  explicit operator bool() const { return static_cast<bool>(h_); }
  bool done() const { return h_ && h_.done(); }
  T take() {
    if constexpr (!std::is_void_v<T>) return std::move(*h_.promise().value);
  }

  // Runs the coroutine to its first suspension on behalf of `parent`; true when it has finished already.
  // Afterwards `parent` is queued when it finishes.
  bool start(Waiter& parent) {
    promise_type& p = h_.promise();
    p.executor = parent.executor;
    p.root = parent.root;
    h_.resume();
    if (h_.done()) return true;
    p.parent = &parent;
    return false;
  }
  // Starts a root. With an id other than 0, the executor is told when it finishes later. True when finished already.
  bool start_root(Executor& e, const char* name, uint64_t id = 0) {
    promise_type& p = h_.promise();
    p.executor = &e;
    p.root = &p;
    p.name = name;
    h_.resume();
    if (h_.done()) return true;
    p.root_id = id;
    return false;
  }
  // Who is queued when the started task finishes.
  void set_parent(Waiter* w) { h_.promise().parent = w; }
  const Waiter& waiter() const { return h_.promise(); }

  struct Awaiter {
    Task& task;
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> parent) {
      return !task.start(parent.promise());
    }
    T await_resume() { return task.take(); }
  };
  Awaiter operator co_await() && { return Awaiter{*this}; }
  Awaiter operator co_await() & { return Awaiter{*this}; }

 private:
  void destroy() {
    if (h_) h_.destroy();
    h_ = {};
  }
  Handle h_;
};

// Suspends until somebody posts this coroutine (a timer, a stream, a finished child). The caller checks why it woke.
struct Suspend {
  const char* what;
  Waiter** slot = nullptr;  // where to store the waiter, for those who will post it
  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> h) {
    Waiter& w = h.promise();
    if (w.root) w.root->awaiting = what;
    if (slot) *slot = &w;
  }
  void await_resume() const noexcept {}
};

// The waiter of the coroutine that awaits this; never suspends.
struct ThisWaiter {
  Waiter* me = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> h) {
    me = &h.promise();
    return false;
  }
  Waiter& await_resume() const noexcept { return *me; }
};

}  // namespace gateproof
