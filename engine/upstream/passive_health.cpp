#include "engine/upstream/passive_health.h"

#include "engine/config/schema.h"

namespace gateproof::upstream {

PassiveHealth::PassiveHealth(const config::PassiveHealthCheckConfig& config, bool active,
                             StatusBoard& board)
    : window_(config.failure_window),
      allowed_(static_cast<size_t>(
          std::clamp<int64_t>(config.max_failed_attempts, 1, passive_failures_kept_max))),
      active_(active),
      board_(board) {
  for (size_t i = 0; i < board.size(); ++i) servers_.push_back(std::make_unique<Server>());
}

bool PassiveHealth::down(size_t server, Instant now) const {
  const Server& s = *servers_[board_.first_of(server)];
  return now.time_since_epoch().count() < s.down_until.load(std::memory_order_relaxed);
}

std::string PassiveHealth::record(size_t server, bool failed, Instant now) {
  const std::lock_guard lock(mutex_);
  const size_t slot = board_.first_of(server);
  Server& s = *servers_[slot];
  if (!failed) {
    s.failures.clear();
    return {};
  }
  s.failures.push_back(now);
  while (s.failures.front() <= now - window_ && s.failures.size() > 1) s.failures.pop_front();
  if (s.failures.size() > allowed_) s.failures.pop_front();
  const std::string count = "failure " + std::to_string(s.failures.size()) + " of " +
                            std::to_string(allowed_) + " within " +
                            config::format_duration(window_);
  if (s.failures.size() < allowed_) return count;
  if (active_) {
    board_.set(slot, false);
    return count + ": down until a probe succeeds";
  }
  if (down(slot, now)) return {};
  s.down_until.store((now + window_).time_since_epoch().count(), std::memory_order_relaxed);
  downs_.fetch_add(1, std::memory_order_relaxed);
  return count + ": down for " + config::format_duration(window_);
}

}  // namespace gateproof::upstream
