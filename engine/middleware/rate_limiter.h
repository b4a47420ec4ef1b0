// The token buckets of rateLimit, apart from HTTP. Process-wide: every event loop shares one table, guarded by a mutex.
#pragma once
#include <list>
#include <mutex>
#include <unordered_map>

#include "engine/env/clock.h"

namespace gateproof::middleware {

// Keys that one rateLimit remembers; the one that would expire first makes room (Traefik's own bound).
inline constexpr size_t rate_limit_buckets_max = 65536;

// Traefik's law (catalogue 3.2): rate = average / period, buckets of `burst`, full at first. A request that would wait at
// most max_delay is served after that wait; any other is refused and its token given back. A bucket that nobody used for
// the time to live is forgotten, so it is full again.
class RateLimiter {
 public:
  // average > 0, period > 0, burst >= 1.
  RateLimiter(int64_t average, Duration period, int64_t burst,
              size_t buckets_max = rate_limit_buckets_max);

  // Strict: no bucket is forgotten before it is full by itself, so the law holds in every window. Before the first take().
  void keep_until_full();

  struct Verdict {
    Duration wait{0};     // until the token is there
    bool served = false;  // after the wait; else refused
  };
  // `keep` false: only looked at, no token is taken (a question, not a request).
  Verdict take(const std::string& key, Instant now, int64_t wall_ns, bool keep = true);

  Duration max_delay() const { return max_delay_; }
  int64_t idle_seconds_max() const { return idle_seconds_max_; }
  size_t buckets() const;

 private:
  // Tokens are counted in units of average per nanosecond: one token is worth period nanoseconds of them. So nothing is
  // rounded, whatever the rate.
  using Units = __int128;
  struct Bucket {
    std::string key;
    Units units = 0;
    Instant last{};
    int64_t expires_s = 0;  // wall seconds
  };
  using List = std::list<Bucket>;
  Bucket& find(const std::string& key, Instant now, int64_t wall_s);

  const int64_t average_;
  const int64_t period_ns_;
  const Units capacity_;
  const size_t buckets_max_;
  Duration max_delay_;
  int64_t idle_seconds_max_;

  mutable std::mutex mutex_;
  List by_expiry_;  // the first expires first: every use moves a bucket to the back
  std::unordered_map<std::string_view, List::iterator> by_key_;
};

}  // namespace gateproof::middleware
