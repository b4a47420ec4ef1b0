// WorkPool: the threads that do a process's long work, for all its event loops.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/env/offload.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class WorkPool {
 public:
  static constexpr size_t threads_max = 2;  // a hash keeps a core busy; the loops need theirs
  static constexpr const char* thread_name = "work";
  static constexpr size_t waiting_max = 256;  // pieces of work that wait for a thread

  explicit WorkPool(size_t threads = threads_max, size_t waiting = waiting_max)
      : threads_wanted_(threads), waiting_max_(waiting) {}
  ~WorkPool();  // what has begun is done to its end, the rest never

  // False when `waiting` pieces wait already. `done` is run on the mailbox's loop, if that still lives. From any thread;
  // threads are made when they are first needed.
  bool start(std::function<void()> work, std::function<void()> done,
             std::shared_ptr<Mailbox> mailbox);

 private:
  struct Piece {
    std::function<void()> work, done;
    std::shared_ptr<Mailbox> mailbox;
  };
  void run();

  const size_t threads_wanted_;
  const size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<Piece> queue_;
  size_t resting_ = 0;  // threads that wait for work
  size_t running_ = 0;  // threads that do some
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

// One loop's door to the pool.
class PoolOffload final : public Offload {
 public:
  PoolOffload(WorkPool& pool, EventLoop& loop) : pool_(pool), mailbox_(loop.mailbox()) {}
  bool start(std::function<void()> work, std::function<void()> done) override {
    return pool_.start(std::move(work), std::move(done), mailbox_);
  }

 private:
  WorkPool& pool_;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace gateproof::net
