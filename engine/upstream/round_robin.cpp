#include "engine/upstream/round_robin.h"

#include <numeric>

namespace gateproof::upstream {

RoundRobin::RoundRobin(std::vector<int64_t> weights, RandomStream random)
    : weights_(std::move(weights)) {
  order_.resize(weights_.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
  for (int64_t& w : weights_) {
    w = std::max<int64_t>(w, 0);
    highest_ = std::max(highest_, w);
    step_ = std::gcd(step_, w);
  }
}

std::optional<size_t> RoundRobin::pick(const std::function<bool(size_t)>& usable) {
  const std::lock_guard lock(mutex_);
  // In highest_ / step_ turns every entry with a weight is met; asking first keeps the loop below finite.
  const auto takes_part = [&](size_t entry) {
    return weights_[entry] > 0 && (!usable || usable(entry));
  };
  if (std::none_of(order_.begin(), order_.end(), takes_part)) return std::nullopt;
  for (;;) {
    if (at_ == 0) {
      level_ -= step_;
      if (level_ <= 0) level_ = highest_;
    }
    const size_t entry = order_[at_];
    at_ = (at_ + 1) % order_.size();
    if (weights_[entry] >= level_ && takes_part(entry)) return entry;
  }
}

}  // namespace gateproof::upstream
