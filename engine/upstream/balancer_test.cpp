#include "engine/upstream/balancer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::upstream {
namespace {

std::vector<int> shares(EdfBalancer& b, size_t entries, int picks) {
  std::vector<int> got(entries);
  for (int i = 0; i < picks; ++i) ++got[*b.pick()];
  return got;
}

TEST(Edf, SharesFollowWeights) {  // catalogue 4.2
  EdfBalancer b({3, 1}, RandomStream(1));
  EXPECT_EQ(shares(b, 2, 400), (std::vector<int>{300, 100}));
}

TEST(Edf, NonPositiveWeightsAreNeverPicked) {  // catalogue 4.1
  EdfBalancer b({0, 2, -1}, RandomStream(1));
  EXPECT_EQ(shares(b, 3, 10), (std::vector<int>{0, 10, 0}));
  EdfBalancer none({0, -5}, RandomStream(1));
  EXPECT_FALSE(none.pick().has_value());
  EdfBalancer empty({}, RandomStream(1));
  EXPECT_FALSE(empty.pick().has_value());
}

TEST(Edf, UnusableEntriesArePassedOver) {
  EdfBalancer b({1, 1, 1}, RandomStream(3));
  for (int i = 0; i < 30; ++i) EXPECT_NE(b.pick([](size_t e) { return e != 1; }), 1u);
  EXPECT_FALSE(b.pick([](size_t) { return false; }).has_value());
}

// In any whole number of rounds (a round: as many picks as the weights' sum W) every entry gets its exact share. After n picks
// an entry of weight w is never more than one pick behind n*w/W, nor more than (entries - 1)*w/W ahead of it: its k-th pick comes
// at the deadline k/w, and each of the others has then had less than one pick less than its own share of that time.
TEST(Edf, SharesAreWithinTheBoundAtAnyTime) {
  const bool held = rc::check([] {
    const auto weights = *rc::gen::resize(
        6, rc::gen::nonEmpty(
               rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(1, 9))));
    const auto seed = *rc::gen::arbitrary<uint64_t>();
    EdfBalancer b(weights, RandomStream(seed));
    int64_t sum = 0;
    for (int64_t w : weights) sum += w;
    std::vector<int64_t> got(weights.size());
    for (int64_t n = 1; n <= 3 * sum; ++n) {
      ++got[*b.pick()];
      for (size_t i = 0; i < weights.size(); ++i) {
        const int64_t ahead = got[i] * sum - n * weights[i];  // times W
        RC_ASSERT(ahead >= -sum);
        RC_ASSERT(ahead <= static_cast<int64_t>(weights.size() - 1) * weights[i]);
      }
      if (n % sum != 0) continue;
      for (size_t i = 0; i < weights.size(); ++i) RC_ASSERT(got[i] == weights[i] * (n / sum));
    }
  });
  EXPECT_TRUE(held);
}

TEST(Edf, SameSeedSameSequence) {
  EdfBalancer a({1, 2, 3}, RandomStream(9)), b({1, 2, 3}, RandomStream(9));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(a.pick(), b.pick());
}

}  // namespace
}  // namespace gateproof::upstream
