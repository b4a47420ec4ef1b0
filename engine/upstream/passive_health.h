// PassiveHealth: servers judged by their answers to real requests (catalogue 4.4). Shared by all event loops.
#pragma once
#include <deque>

#include "engine/config/dynamic.h"
#include "engine/upstream/status_board.h"

namespace gateproof::upstream {

// Failures remembered per server; a larger maxFailedAttempts is taken for this.
inline constexpr size_t passive_failures_kept_max = 10'000;

class PassiveHealth {
 public:
  // `active`: there is an active check as well, and only that brings a server up again.
  PassiveHealth(const config::PassiveHealthCheckConfig& config, bool active, StatusBoard& board);

  // True when the server is down because of its failures, until its window has passed.
  bool down(size_t server, Instant now) const;
  // No server is down: nobody needs to be asked one by one.
  bool none_down() const { return downs_.load(std::memory_order_relaxed) == 0; }
  // What a request to the server came to; gives the words for the trace when it changed something.
  std::string record(size_t server, bool failed, Instant now);

 private:
  struct Server {
    std::deque<Instant> failures;
    std::atomic<int64_t> down_until{INT64_MIN};  // ns of the monotonic clock
  };
  Duration window_;
  size_t allowed_;
  bool active_;
  StatusBoard& board_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::atomic<size_t> downs_{0};  // servers that have ever been down: most balancers have none
};

}  // namespace gateproof::upstream
