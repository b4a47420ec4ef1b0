#include "engine/middleware/rate_limiter.h"

#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/env/testing/fake.h"

namespace gateproof::middleware {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimiter, LimitsOfARate) {
  struct Row {
    int64_t average;
    Duration period, max_delay;
    int64_t idle_seconds_max;
  };
  const Row rows[] = {
      {1, seconds(1), milliseconds(500), 2},         {2, seconds(1), milliseconds(250), 2},
      {3, seconds(2), milliseconds(500), 2},  // the rate is rounded down
      {1, milliseconds(1001), milliseconds(500), 2}, {1, seconds(2), milliseconds(500), 3},
      {1'000'000'000, seconds(1), Duration(0), 2},
  };
  for (const Row& row : rows) {
    const RateLimiter limiter(row.average, row.period, 1);
    EXPECT_EQ(limiter.max_delay(), row.max_delay) << row.average;
    EXPECT_EQ(limiter.idle_seconds_max(), row.idle_seconds_max) << row.average;
  }
}

TEST(RateLimiter, IdleBucketsAreForgotten) {
  gateproof::testing::FakeClock clock;
  RateLimiter limiter(1, seconds(1), 5);
  EXPECT_EQ(limiter.idle_seconds_max(), 2);
  const auto served = [&] {
    int n = 0;
    while (limiter.take("k", clock.now(), clock.wall_ns()).wait == Duration(0)) ++n;
    return n;
  };
  EXPECT_EQ(served(), 5);
  clock.advance(milliseconds(1400));  // the wall clock stood at a whole second
  EXPECT_EQ(served(), 1) << "still the same bucket";
  clock.advance(seconds(1));
  EXPECT_EQ(served(), 1) << "each use counts";
  clock.advance(milliseconds(1601));
  EXPECT_EQ(served(), 5) << "a new bucket is full";
  EXPECT_EQ(RateLimiter(1, seconds(2), 1).idle_seconds_max(), 3);
  EXPECT_EQ(RateLimiter(5, seconds(10), 1).idle_seconds_max(), 3);
}

TEST(RateLimiter, StrictBucketsAreKeptUntilTheyAreFull) {
  gateproof::testing::FakeClock clock;
  RateLimiter limiter(1, seconds(1), 5);
  limiter.keep_until_full();
  EXPECT_EQ(limiter.idle_seconds_max(), 7);
  const auto served = [&] {
    int n = 0;
    while (limiter.take("k", clock.now(), clock.wall_ns()).wait == Duration(0)) ++n;
    return n;
  };
  EXPECT_EQ(served(), 5);
  clock.advance(seconds(3));
  EXPECT_EQ(served(), 3);
  clock.advance(seconds(60));
  EXPECT_EQ(served(), 5);
  RateLimiter fast(1000, seconds(1), 1);  // its own time to live is the longer one
  fast.keep_until_full();
  EXPECT_EQ(fast.idle_seconds_max(), 2);
  RateLimiter slow(1, std::chrono::hours(24), INT64_MAX / 2);
  slow.keep_until_full();
  EXPECT_GT(slow.idle_seconds_max(), int64_t{1} << 60);
}

TEST(RateLimiter, R5_BucketsAreBounded) {  // R5
  EXPECT_EQ(rate_limit_buckets_max, 65536u);
  RateLimiter limiter(1, std::chrono::hours(1), 1, 3);
  const auto fresh = [&](const char* key) { return limiter.take(key, Instant{}, 0).served; };
  EXPECT_TRUE(fresh("a"));
  EXPECT_TRUE(fresh("b"));
  EXPECT_TRUE(fresh("c"));
  EXPECT_FALSE(fresh("a")) << "at the limit: all are known";
  EXPECT_TRUE(fresh("d")) << "one over";
  EXPECT_EQ(limiter.buckets(), 3u);
  EXPECT_FALSE(fresh("a")) << "used last, kept";
  EXPECT_TRUE(fresh("b")) << "used first, gone";
  RateLimiter whole(1, std::chrono::hours(1), 1);
  for (int i = 0; i < 70'000; ++i) whole.take(std::to_string(i), Instant{}, 0);
  EXPECT_EQ(whole.buckets(), rate_limit_buckets_max);
}

TEST(RateLimiter, ClockBehindGivesNothing) {
  RateLimiter limiter(10, seconds(1), 1);
  const Instant now = Instant(seconds(100));
  EXPECT_TRUE(limiter.take("k", now, 0).served);
  EXPECT_FALSE(limiter.take("k", now - seconds(50), 0).served);
}

// In any window there are never more than burst + rate * window served requests, each counted when it goes on.
TEST(RateLimiter, NeverAboveTheLaw) {
  EXPECT_TRUE(rc::check("burst + rate * window", [] {
    const int64_t average = *rc::gen::inRange<int64_t>(1, 200);
    const Duration period = milliseconds(*rc::gen::inRange<int64_t>(100, 5000));
    const int64_t burst = *rc::gen::inRange<int64_t>(1, 20);
    const auto gaps = *rc::gen::container<std::vector<uint16_t>>(rc::gen::arbitrary<uint16_t>());
    RateLimiter limiter(average, period, burst);
    Instant now{};
    std::vector<int64_t> served;
    for (uint16_t gap : gaps) {
      now += std::chrono::microseconds(gap);
      const auto v = limiter.take("k", now, 0);
      if (v.served) served.push_back((now + v.wait).time_since_epoch().count());
      RC_ASSERT(v.served == (v.wait <= limiter.max_delay()));
    }
    for (size_t i = 0; i < served.size(); ++i) {
      for (size_t j = i; j < served.size(); ++j) {
        // A wait is rounded up to the nanosecond, so two of them may be one nanosecond nearer.
        const auto window = static_cast<__int128>(served[j] - served[i] + 1);
        RC_ASSERT(static_cast<__int128>(j - i + 1 - burst) * period.count() <= window * average ||
                  static_cast<int64_t>(j - i + 1) <= burst);
      }
    }
  }));
}

TEST(RateLimiter, ThreadsShareOneLaw) {
  RateLimiter limiter(1, std::chrono::hours(1), 100);
  std::atomic<int> served{0};
  std::vector<std::thread> threads;  // allowed: event loops share the limiter
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) served += limiter.take("k", Instant{}, 0).served;
    });
  }
  for (std::thread& t : threads) t.join();  // allowed: as above
  EXPECT_EQ(served, 100);
}

}  // namespace
}  // namespace gateproof::middleware
