// Weighted round robin by earliest deadline first, as Traefik's (catalogue 4.2): each pick takes the smallest deadline and
// moves it on by 1/weight. Deadlines are exact fractions, so a share never drifts.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/env/random.h"

namespace gateproof::upstream {

class EdfBalancer {
 public:
  // Weights by entry; entries with a weight of zero or less are never picked. The first order is shuffled, as at each reload.
  EdfBalancer(const std::vector<int64_t>& weights, RandomStream random);

  // The index of the picked entry, or nullopt when none is usable. Entries that are not usable are passed over, and their
  // deadline moves on all the same. Process-wide: several event loops may call it.
  // `turn`, if asked for, gets the picked entry's deadline (turn / weight) before it moved on. An empty `usable`: all are.
  struct Turn {
    uint64_t turn = 0, weight = 1;
  };
  std::optional<size_t> pick(const std::function<bool(size_t)>& usable, Turn* turn = nullptr);
  std::optional<size_t> pick();
  bool empty() const { return heap_.empty(); }

 private:
  struct Entry {
    size_t index;
    uint64_t weight;
    uint64_t turn = 1;  // deadline = turn / weight
  };
  static bool before(const Entry& a, const Entry& b) {
    return static_cast<unsigned __int128>(a.turn) * b.weight <
           static_cast<unsigned __int128>(b.turn) * a.weight;
  }
  void sift_up(size_t i);
  void sift_down(size_t i, size_t n);
  void advance();

  std::mutex mutex_;
  std::vector<Entry> heap_;
};

}  // namespace gateproof::upstream
