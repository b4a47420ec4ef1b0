// How many requests may be under way in the process: what comes beyond is answered 503 at once, before anything looks at it, so that
// those under way end. (`gateproof.requests`; Traefik has no such limit.)
#pragma once
#include <atomic>

#include "engine/http/exchange.h"

namespace gateproof::pipeline {

class RequestLimit {
 public:
  // One request's place.
  class Place {
   public:
    explicit Place(std::atomic<int64_t>* count) : count_(count) {}
    Place(Place&& o) noexcept : count_(std::exchange(o.count_, nullptr)) {}
    ~Place() { leave(); }
    void leave() {
      if (auto* count = std::exchange(count_, nullptr))
        count->fetch_sub(1, std::memory_order_relaxed);
    }
    explicit operator bool() const { return count_; }

   private:
    std::atomic<int64_t>* count_;
  };

  // `most` 0: no limit.
  explicit RequestLimit(int64_t most) : most_(most) {}
  bool any() const { return most_ > 0; }
  int64_t under_way() const { return count_.load(std::memory_order_relaxed); }
  // A place, or none where as many are under way as may be.
  Place enter();
  // What a request gets that has no place.
  static void refuse(http::Exchange& x);

 private:
  const int64_t most_;
  std::atomic<int64_t> count_{0};
};

}  // namespace gateproof::pipeline
