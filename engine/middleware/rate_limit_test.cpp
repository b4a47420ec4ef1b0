#include <gtest/gtest.h>

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

TEST(RateLimit, AQuestionTakesNoToken) {
  Rig rig;
  ASSERT_TRUE(rig.use("rateLimit", "{average: 1, period: 10s}"));
  const auto ask = [&rig] {
    auto x = rig.request("/");
    x->look_beyond = true;
    rig.run(*x);
    return x;
  };
  EXPECT_FALSE(ask()->stopped_with);
  EXPECT_FALSE(ask()->stopped_with);
  EXPECT_EQ(timed(rig).first, 200);
  const auto x = ask();
  ASSERT_TRUE(x->stopped_with);
  EXPECT_EQ(x->stopped_with->status, 429);
  EXPECT_EQ(rig.end->calls, 4) << "what lies behind the limit is told, too";
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
            "creating redis limiter: creating TLS config: failed to parse CA");
  EXPECT_EQ(error("{average: 1, redis: {tls: {insecureSkipVerify: true}}}"),
            "there is no TLS here");  // this rig has none
  EXPECT_EQ(error("{average: 1, redis: {endpoints: ['a:1', 'b:1']}}"), "");
  EXPECT_EQ(error("{average: 1, redis: {}}"), "schema: redis cannot be a standalone element");
  EXPECT_EQ(error("{average: 1, redis: {endpoints: []}}"), "");
}

}  // namespace
}  // namespace gateproof::middleware
