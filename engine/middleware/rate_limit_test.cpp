#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/rate_limiter.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Rig;

// Status, and how long the request was held.
std::pair<int, Duration> timed(Rig& rig, const std::vector<std::string>& lines = {}) {
  const Instant before = rig.world.clock.now();
  const auto x = rig.send("/", lines);
  return {x->response.status, rig.world.clock.now() - before};
}

TEST(RateLimit, BurstThenRefusal) {  // 9.17
  Rig rig;
  ASSERT_TRUE(rig.use("rateLimit", "{average: 1, period: 10s, burst: 2}")) << rig.why;
  EXPECT_EQ(timed(rig).first, 200);
  EXPECT_EQ(timed(rig).first, 200);
  rig.world.clock.advance(std::chrono::nanoseconds(90'306'193));
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 429);
  EXPECT_EQ(x->response.headers.get("Retry-After"), "10");
  EXPECT_EQ(x->response.headers.get("X-Retry-In"), "9.909693807s");
  EXPECT_FALSE(x->response.headers.has("Content-Type"));
  EXPECT_EQ(rig.body_of(*x), "Too Many Requests");
  EXPECT_EQ(rig.end->calls, 2);
}

TEST(RateLimit, BelowASecondIsRoundedUp) {
  Rig rig;
  ASSERT_TRUE(rig.use("rateLimit", "average: 1"));
  rig.send("/");
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.headers.get("Retry-After"), "1");
  EXPECT_EQ(x->response.headers.get("X-Retry-In"), "1s");
}

// The wait that is still served: 1/(2*floor(rate)) s, 500 ms below a rate of 1.
TEST(RateLimit, DelayBoundaries) {
  struct Row {
    const char *clause, *options;
    Duration until_token, longest;
  };
  const Row rows[] = {
      {"rate 10", "average: 10", milliseconds(100), milliseconds(50)},
      {"rate 1", "average: 1", seconds(1), milliseconds(500)},
      {"rate 1/2", "{average: 5, period: 10s}", seconds(2), milliseconds(500)},
      {"rate 1.5 counts as 1", "{average: 3, period: 2s}", std::chrono::nanoseconds(666'666'667),
       milliseconds(500)},
      {"period 0 is 1s", "{average: 10, period: 0s}", milliseconds(100), milliseconds(50)},
      {"burst 0 is 1", "{average: 10, burst: 0}", milliseconds(100), milliseconds(50)},
      {"burst below 0 is 1", "{average: 10, burst: -1}", milliseconds(100), milliseconds(50)},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("rateLimit", row.options)) << rig.why;
    EXPECT_EQ(timed(rig).first, 200) << row.clause;
    rig.world.clock.advance(row.until_token - row.longest - std::chrono::nanoseconds(1));
    EXPECT_EQ(timed(rig).first, 429) << row.clause << ": one over";
    rig.world.clock.advance(std::chrono::nanoseconds(1));
    EXPECT_EQ(timed(rig), std::make_pair(200, row.longest)) << row.clause << ": at the limit";
  }
}

TEST(RateLimit, ZeroAndNegativeAverageLimitNothing) {  // 9.17
  for (const char* options : {"average: 0", "average: -1", "burst: 1", "{average: 0, burst: 0}"}) {
    Rig rig;
    ASSERT_TRUE(rig.use("rateLimit", options)) << rig.why;
    for (int i = 0; i < 6; ++i) EXPECT_EQ(timed(rig).first, 200) << options;
  }
}

TEST(RateLimit, Sources) {
  Rig rig;
  const std::string slow = "{average: 1, period: 60s, sourceCriterion: ";
  ASSERT_TRUE(rig.use("rateLimit", slow + "{requestHeaderName: X-Key}}"));
  EXPECT_EQ(timed(rig).first, 200);
  EXPECT_EQ(timed(rig).first, 429) << "9.16 one bucket for all without the header";
  EXPECT_EQ(timed(rig, {"X-Key: a"}).first, 200);
  EXPECT_EQ(timed(rig, {"X-Key: a", "X-Key: b"}).first, 429);
  EXPECT_EQ(timed(rig, {"X-Key: b"}).first, 200);

  ASSERT_TRUE(rig.use("rateLimit", slow + "{requestHost: true}}"));
  EXPECT_EQ(timed(rig, {"Host: x.test"}).first, 200);
  EXPECT_EQ(timed(rig, {"Host: x.test:80"}).first, 200) << "3.1 Host as sent";
  EXPECT_EQ(timed(rig, {"Host: x.test"}).first, 429);

  ASSERT_TRUE(rig.use("rateLimit", slow + "{ipStrategy: {depth: 1}}}"));
  EXPECT_EQ(timed(rig, {"X-Forwarded-For: 1.1.1.1"}).first, 200);
  EXPECT_EQ(timed(rig, {"X-Forwarded-For: 1.1.1.2"}).first, 200) << "9.15 trusted";
  EXPECT_EQ(timed(rig).first, 200);
  EXPECT_EQ(timed(rig).first, 429) << "9.15 untrusted: the empty key";

  ASSERT_TRUE(rig.use("rateLimit", slow + "{ipStrategy: {depth: 1, ipv6Subnet: 64}}}"));
  EXPECT_EQ(timed(rig, {"X-Forwarded-For: 2001:db8::1"}).first, 200);
  EXPECT_EQ(timed(rig, {"X-Forwarded-For: 2001:db8::2"}).first, 429) << "R5";
}

TEST(RateLimit, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("rateLimit", yaml); };
  EXPECT_EQ(error("{average: 1, period: -1s}"), "negative value not valid for period: -1s");
  EXPECT_EQ(error("{average: 1, sourceCriterion: {requestHost: true, requestHeaderName: X}}"),
            "getting source extractor: requestHost and RequestHeaderName are mutually exclusive");
  EXPECT_EQ(error("{average: 1, sourceCriterion: {ipStrategy: {excludedIPs: [zz]}}}"),
            "getting source extractor: parsing CIDR trusted IPs <nil>: invalid CIDR address: zz");
  EXPECT_EQ(error("{average: 1, sourceCriterion: {ipStrategy: {}}}"),
            "schema: ipStrategy cannot be a standalone element");
  EXPECT_EQ(error("{average: 1, redis: {endpoints: ['a:1'], tls: {ca: x}, db: 1}}"),
            "rateLimit.redis is not acted on yet");
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

TEST(RateLimiter, BucketsAreBounded) {  // R5
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
  RateLimiter limiter(1, std::chrono::hours(1), 100);  // allowed: event loops share the limiter
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) served += limiter.take("k", Instant{}, 0).served;
    });  // allowed: as above
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(served, 100);
}

}  // namespace
}  // namespace gateproof::middleware
