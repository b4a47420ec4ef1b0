// What middlewares keep of clients is bounded under a million distinct keys; each bound is a named limit (memory of sticky
// cookies: none is kept, the value is derived from the server).
#include <gtest/gtest.h>

#include "engine/middleware/in_flight_counts.h"
#include "engine/middleware/rate_limiter.h"

namespace gateproof::middleware {
namespace {

constexpr size_t million = 1'000'000;

TEST(Memory, RateLimiterUnderAMillionKeys) {
  RateLimiter limiter(1, std::chrono::hours(1), 1);
  for (size_t i = 0; i < million; ++i) {
    EXPECT_TRUE(limiter.take("client " + std::to_string(i), Instant{}, 0).served);
    ASSERT_LE(limiter.buckets(), rate_limit_buckets_max);
  }
  EXPECT_EQ(limiter.buckets(), rate_limit_buckets_max);
  // The youngest are remembered, the oldest forgotten.
  EXPECT_FALSE(limiter.take("client " + std::to_string(million - 1), Instant{}, 0).served);
  EXPECT_TRUE(limiter.take("client 0", Instant{}, 0).served);
}

TEST(Memory, InFlightCountsUnderAMillionKeys) {
  InFlightCounts counts;
  for (size_t i = 0; i < million; ++i) {
    const std::string key = "client " + std::to_string(i);
    InFlightCounts::Source* const source = counts.enter(key, 1);
    ASSERT_TRUE(source);
    counts.leave(*source);
  }
  EXPECT_EQ(counts.sources(), 0u);
  // At the limit, one over it, and back.
  InFlightCounts::Source* last = nullptr;
  for (size_t i = 0; i < in_flight_sources_max; ++i) {
    last = counts.enter(std::to_string(i), 2);
    ASSERT_TRUE(last);
  }
  EXPECT_FALSE(counts.enter("one more", 2));
  EXPECT_TRUE(counts.enter("0", 2));  // known already
  EXPECT_EQ(counts.sources(), in_flight_sources_max);
  counts.leave(*last);
  EXPECT_TRUE(counts.enter("one more", 2));
  InFlightCounts none(0);
  EXPECT_FALSE(none.enter("a", 1));
}

}  // namespace
}  // namespace gateproof::middleware
