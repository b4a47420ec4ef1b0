#include "engine/net/work_pool.h"

#include <pthread.h>

namespace gateproof::net {

WorkPool::~WorkPool() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    queue_.clear();
  }
  some_.notify_all();
  for (std::thread& t : threads_) t.join();
}

bool WorkPool::start(std::function<void()> work, std::function<void()> done,
                     std::shared_ptr<Mailbox> mailbox) {
  {
    const std::lock_guard lock(mutex_);
    // What a free thread is about to take does not wait.
    if (closed_ || queue_.size() >= waiting_max_ + threads_wanted_ - running_) return false;
    queue_.push_back({std::move(work), std::move(done), std::move(mailbox)});
    if (queue_.size() > resting_ && threads_.size() < threads_wanted_)
      threads_.emplace_back([this] { run(); });
  }
  some_.notify_one();
  return true;
}

void WorkPool::run() {
  // What `top -H` and /proc/PID/task show, to be told from those that serve.
  pthread_setname_np(pthread_self(), thread_name);
  for (;;) {
    Piece piece;
    {
      std::unique_lock lock(mutex_);
      ++resting_;
      some_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      --resting_;
      if (closed_) return;
      piece = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
    }
    piece.work();
    // The last use of what the work holds is on the loop's thread, or here if the loop is gone.
    piece.work = nullptr;
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    piece.mailbox->post(std::move(piece.done));
  }
}

}  // namespace gateproof::net
