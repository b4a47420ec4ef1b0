// How many requests of each source are under way: shared by all event loops, bounded, and empty when nothing is.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace gateproof::middleware {

// Sources that one inFlightReq counts at once. Traefik has no such bound: memory is all that ends it.
inline constexpr size_t in_flight_sources_max = 1u << 20;

class InFlightCounts {
 public:
  using Source = std::pair<const std::string, int64_t>;

  explicit InFlightCounts(size_t sources_max = in_flight_sources_max) : sources_max_(sources_max) {}
  // The source, to be left once. Null: `key` has `amount` requests already, or too many sources are counted.
  Source* enter(const std::string& key, int64_t amount) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      if (found->second >= amount) return nullptr;
      ++found->second;
      return &*found;
    }
    if (amount <= 0 || by_key_.size() >= sources_max_) return nullptr;
    return &*by_key_.emplace(key, 1).first;
  }
  void leave(Source& source) {
    const std::lock_guard lock(mutex_);
    if (--source.second == 0) by_key_.erase(by_key_.find(source.first));
  }
  size_t sources() const {
    const std::lock_guard lock(mutex_);
    return by_key_.size();
  }

 private:
  const size_t sources_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, int64_t> by_key_;
};

}  // namespace gateproof::middleware
