// StatusBoard: which entries of a balancer may be used, and who is told when all are down or one is up again (catalogue 4.4,
// 4.5). Shared by all event loops.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::upstream {

class StatusBoard {
 public:
  // One name per entry; entries of one name share one status, as Traefik keys its statuses. `counted`: whether the entry starts
  // up; one that does not (its weight is 0) is up only once a probe says so, and is never picked anyway.
  StatusBoard(const std::vector<std::string>& names, const std::vector<bool>& counted);

  bool up(size_t entry) const { return flags_[slot_[entry]].load(std::memory_order_relaxed); }
  // No counted entry is down: nobody needs to be asked one by one.
  bool all_up() const { return down_.load(std::memory_order_relaxed) == 0; }
  // Tells the listeners when the first entry comes up or the last one goes down. An entry's first status is taken for granted:
  // a balancer without entries never says that it is down, as in Traefik.
  void set(size_t entry, bool up);
  // While building only. Listeners live as long as the board or are never called again.
  void on_change(std::function<void(bool)> listener) { listeners_.push_back(std::move(listener)); }
  size_t size() const { return slot_.size(); }
  // The first entry of the same name.
  size_t first_of(size_t entry) const { return slot_[entry]; }

 private:
  std::vector<size_t> slot_;  // by entry: index of the first entry of its name
  std::vector<bool> counted_;
  std::unique_ptr<std::atomic<bool>[]> flags_;
  std::atomic<size_t> down_{0};
  std::mutex mutex_;
  size_t ups_ = 0;
  std::vector<std::function<void(bool)>> listeners_;
};

// What a parent can learn a child's status from. Children say no unless their configuration asks for health checks.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // Errors carry Traefik's text: "healthCheck not enabled in config for this WRR service".
  virtual Result<void> on_status(std::function<void(bool up)> listener) = 0;
};

inline Error no_health_check(const std::string& kind) {
  return Error(Code::invalid, "healthCheck not enabled in config for this " + kind + " service",
               SourceSpan{}, "give the child (and every level below it) a healthCheck");
}

}  // namespace gateproof::upstream
