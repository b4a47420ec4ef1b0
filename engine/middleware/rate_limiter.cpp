#include "engine/middleware/rate_limiter.h"

#include <algorithm>

namespace gateproof::middleware {

namespace {
constexpr int64_t second_ns = 1'000'000'000;
}

RateLimiter::RateLimiter(int64_t average, Duration period, int64_t burst, size_t buckets_max)
    : average_(average),
      period_ns_(period.count()),
      capacity_(Units(burst) * period.count()),
      buckets_max_(buckets_max) {
  const Units whole_rate =
      Units(average) * second_ns / period_ns_;  // tokens per second, rounded down
  if (whole_rate >= 1) {
    max_delay_ = Duration(static_cast<int64_t>(Units(second_ns) / (2 * whole_rate)));
    idle_seconds_max_ = 2;
  } else {
    max_delay_ = std::chrono::milliseconds(500);
    idle_seconds_max_ = 1 + static_cast<int64_t>(Units(period_ns_) / (Units(average) * second_ns));
  }
}

void RateLimiter::keep_until_full() {
  const Units fill_ns = capacity_ / average_;
  const auto seconds = static_cast<int64_t>(std::min<Units>(fill_ns / second_ns, INT64_MAX / 4));
  idle_seconds_max_ = std::max(idle_seconds_max_, seconds + 2);  // both ends rounded
}

RateLimiter::Bucket& RateLimiter::find(const std::string& key, Instant now, int64_t wall_s) {
  const auto drop_first = [&] {
    by_key_.erase(by_expiry_.front().key);
    by_expiry_.pop_front();
  };
  while (!by_expiry_.empty() && by_expiry_.front().expires_s <= wall_s) drop_first();
  if (const auto it = by_key_.find(key); it != by_key_.end()) {
    by_expiry_.splice(by_expiry_.end(), by_expiry_, it->second);
  } else {
    if (by_expiry_.size() >= buckets_max_) drop_first();
    by_expiry_.push_back({key, capacity_, now, 0});
    by_key_.emplace(by_expiry_.back().key, std::prev(by_expiry_.end()));
  }
  Bucket& bucket = by_expiry_.back();
  bucket.expires_s = wall_s + idle_seconds_max_;
  return bucket;
}

RateLimiter::Verdict RateLimiter::take(const std::string& key, Instant now, int64_t wall_ns,
                                       bool keep) {
  const std::lock_guard lock(mutex_);
  Bucket& bucket = find(key, now, wall_ns / second_ns);
  if (now > bucket.last) {  // another loop's clock may be a little behind
    const int64_t elapsed = (now - bucket.last).count();
    bucket.units = std::min(capacity_, bucket.units + Units(elapsed) * average_);
    bucket.last = now;
  }
  const Units left = bucket.units - period_ns_;
  Verdict v;
  if (left < 0) v.wait = Duration(static_cast<int64_t>((-left + average_ - 1) / average_));
  v.served = v.wait <= max_delay_;
  if (v.served && keep) bucket.units = left;
  return v;
}

size_t RateLimiter::buckets() const {
  const std::lock_guard lock(mutex_);
  return by_expiry_.size();
}

}  // namespace gateproof::middleware
