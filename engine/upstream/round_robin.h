// RoundRobin: the weighted round robin of TCP and UDP services: entries in a circle, and in each turn of it those whose weight
// reaches a level that falls by the greatest common divisor from turn to turn (Traefik's algorithm, not the one of HTTP).
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/env/random.h"

namespace gateproof::upstream {

class RoundRobin {
 public:
  // Entries are shuffled once. Weights that are negative count as none.
  RoundRobin(std::vector<int64_t> weights, RandomStream random);
  // The index in `weights` of the next usable entry with a weight; an empty `usable` means that all are. nullopt: there is none.
  std::optional<size_t> pick(const std::function<bool(size_t)>& usable = {});
  size_t size() const { return order_.size(); }

 private:
  std::mutex mutex_;
  std::vector<size_t> order_;
  std::vector<int64_t> weights_;  // by entry
  int64_t highest_ = 0, step_ = 0;
  size_t at_ = 0;  // place in the circle that is looked at next
  int64_t level_ = 0;
};

}  // namespace gateproof::upstream
