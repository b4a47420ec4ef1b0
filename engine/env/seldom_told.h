// What happens too often to be told each time: the first is told at once, then what has come together at most once an interval.
#pragma once
#include <mutex>
#include <optional>
#include <utility>

#include "engine/env/clock.h"

namespace gateproof {

// Usable from every thread. What comes after the last line is told with the next that happens.
class SeldomTold {
 public:
  static constexpr Duration interval = std::chrono::seconds(10);
  // How many have come since it was told last, this one included; nullopt: not yet.
  std::optional<uint64_t> count(Instant now) {
    const std::lock_guard lock(mutex_);
    ++untold_;
    if (told_ && now < *told_ + interval) return std::nullopt;
    told_ = now;
    return std::exchange(untold_, 0);
  }

 private:
  std::mutex mutex_;
  std::optional<Instant> told_;
  uint64_t untold_ = 0;
};

}  // namespace gateproof
