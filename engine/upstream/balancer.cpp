#include "engine/upstream/balancer.h"

namespace gateproof::upstream {

EdfBalancer::EdfBalancer(const std::vector<int64_t>& weights, RandomStream random) {
  std::vector<size_t> order;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) order.push_back(i);
  }
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  for (size_t i : order) {
    heap_.push_back({i, static_cast<uint64_t>(weights[i])});
    sift_up(heap_.size() - 1);
  }
}

void EdfBalancer::sift_up(size_t i) {
  while (i > 0) {
    const size_t parent = (i - 1) / 2;
    if (!before(heap_[i], heap_[parent])) return;
    std::swap(heap_[i], heap_[parent]);
    i = parent;
  }
}

void EdfBalancer::sift_down(size_t i, size_t n) {
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= n) return;
    if (child + 1 < n && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], heap_[i])) return;
    std::swap(heap_[i], heap_[child]);
    i = child;
  }
}

// Takes the first entry out and puts it back with its next deadline. Out and in again, not in place: where an entry stands
// among equal deadlines is part of the observable sequence.
void EdfBalancer::advance() {
  const size_t last = heap_.size() - 1;
  std::swap(heap_[0], heap_[last]);
  sift_down(0, last);
  ++heap_[last].turn;
  sift_up(last);
}

std::optional<size_t> EdfBalancer::pick() {
  const std::lock_guard lock(mutex_);
  if (heap_.empty()) return std::nullopt;
  const size_t index = heap_[0].index;
  advance();
  return index;
}

std::optional<size_t> EdfBalancer::pick(const std::function<bool(size_t)>& usable, Turn* turn) {
  const std::lock_guard lock(mutex_);
  // Every entry comes to the front in the end; asking first whether any is usable makes the loop below finite.
  const auto is_usable = [&](size_t index) { return !usable || usable(index); };
  const bool any =
      std::any_of(heap_.begin(), heap_.end(), [&](const Entry& e) { return is_usable(e.index); });
  if (!any) return std::nullopt;
  for (;;) {
    const Entry first = heap_[0];
    advance();
    if (!is_usable(first.index)) continue;
    if (turn) *turn = {first.turn, first.weight};
    return first.index;
  }
}

}  // namespace gateproof::upstream
