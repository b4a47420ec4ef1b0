#include "engine/upstream/round_robin.h"

#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::upstream {
namespace {

TEST(RoundRobin, NothingToPick) {  // catalogue 4.8: no server, the connection is closed
  EXPECT_FALSE(RoundRobin({}, RandomStream(1)).pick());
  EXPECT_FALSE(RoundRobin({0, -1}, RandomStream(1)).pick());
  RoundRobin one({1}, RandomStream(1));
  EXPECT_FALSE(one.pick([](size_t) { return false; }));
  EXPECT_EQ(one.pick(), 0u);
}

TEST(RoundRobin, WeightsFallInLevels) {  // 3:1 goes heavy, heavy, heavy-and-light
  RoundRobin r({3, 1}, RandomStream(1));
  std::string order;
  for (int i = 0; i < 8; ++i) order += static_cast<char>('a' + *r.pick());
  EXPECT_TRUE(order == "aaabaaab" || order == "aabaaaba" ||
              order ==
                  "aaba"
                  "aaba")
      << order;
}

TEST(RoundRobin, AnEntryThatIsDownIsPassedOver) {
  RoundRobin r({1, 1, 1}, RandomStream(7));
  for (int i = 0; i < 6; ++i) EXPECT_NE(r.pick([](size_t e) { return e != 1; }), 1u);
}

TEST(RoundRobinProperty, SharesAreExact) {
  const bool ok = rc::check("a whole round gives each entry its weight / gcd", [] {
    const auto weights = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 9)));
    int64_t gcd = 0, sum = 0;
    for (int64_t w : weights) gcd = std::gcd(gcd, w), sum += w;
    RoundRobin r(weights, RandomStream(*rc::gen::arbitrary<uint64_t>()));
    if (sum == 0) {
      RC_ASSERT(!r.pick());
      return;
    }
    std::vector<int64_t> got(weights.size());
    for (int64_t i = 0; i < sum / gcd; ++i) ++got[*r.pick()];
    for (size_t i = 0; i < weights.size(); ++i) RC_ASSERT(got[i] == weights[i] / gcd);
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::upstream
