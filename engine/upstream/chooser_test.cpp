#include "engine/upstream/chooser.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::upstream {
namespace {

using std::chrono::milliseconds;

IpAddress client(uint32_t n) {
  return IpAddress::v4(10, static_cast<uint8_t>(n >> 16), static_cast<uint8_t>(n >> 8),
                       static_cast<uint8_t>(n));
}
std::vector<std::string> names(size_t n) {
  std::vector<std::string> out;
  for (size_t i = 0; i < n; ++i) out.push_back("http://10.0.0." + std::to_string(i + 1) + ":80");
  return out;
}

TEST(Wrr, TellsWeightAndDeadline) {
  WrrChooser plain({1, 1}, RandomStream(1)), weighted({3}, RandomStream(1));
  std::string why;
  plain.choose({}, {}, &why);
  EXPECT_EQ(why, "weighted round robin");
  weighted.choose({}, {}, &why);
  weighted.choose({}, {}, &why);
  EXPECT_EQ(why, "weighted round robin, weight 3, deadline 2/3");
}

TEST(P2c, OfTwoTheOneWithFewerUnderWay) {  // catalogue 4.2
  P2cChooser c(2, RandomStream(1));
  std::string why;
  c.began(0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*c.choose({}, {}, &why), 1u);
  EXPECT_EQ(why, "p2c, 0 under way against 1 of server 1");
  c.began(1);
  c.began(1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*c.choose({}, {}, nullptr), 0u);
  c.ended(1);
  c.ended(1);
  EXPECT_EQ(*c.choose({}, {}, nullptr), 1u);
}

TEST(P2c, NoneOneAndOnlyTheUsable) {
  P2cChooser none(0, RandomStream(1)), three(3, RandomStream(1));
  EXPECT_FALSE(none.choose({}, {}, nullptr));
  EXPECT_FALSE(three.choose([](size_t) { return false; }, {}, nullptr));
  std::string why;
  EXPECT_EQ(*three.choose([](size_t i) { return i == 2; }, {}, &why), 2u);
  EXPECT_EQ(why, "p2c, the only one");
}

// Without requests under way every server is as likely as another.
TEST(P2c, IsFairWhenNothingIsUnderWay) {
  constexpr int picks = 30'000;
  P2cChooser c(3, RandomStream(7));
  std::vector<int> got(3);
  for (int i = 0; i < picks; ++i) ++got[*c.choose({}, {}, nullptr)];
  for (int n : got) EXPECT_NEAR(n, picks / 3, picks / 30);
}

// The busiest of all is never picked while every pair has another.
TEST(P2c, NeverTheBusiest) {
  EXPECT_TRUE(rc::check([] {
    const auto loads = *rc::gen::container<std::vector<int>>(4, rc::gen::inRange(0, 6));
    const int most = *std::max_element(loads.begin(), loads.end());
    RC_PRE(std::count(loads.begin(), loads.end(), most) == 1);
    P2cChooser c(loads.size(), RandomStream(*rc::gen::arbitrary<uint64_t>()));
    for (size_t i = 0; i < loads.size(); ++i) {
      for (int n = 0; n < loads[i]; ++n) c.began(i);
    }
    for (int i = 0; i < 20; ++i) RC_ASSERT(loads[*c.choose({}, {}, nullptr)] < most);
  }));
}

TEST(Hrw, ScoreIsTheFormula) {  // catalogue 4.2: weight / -ln(h / 2^64)
  const double one = HrwChooser::score("127.0.0.1", "http://a", 1);
  EXPECT_GT(one, 0);
  EXPECT_DOUBLE_EQ(HrwChooser::score("127.0.0.1", "http://a", 3), 3 * one);
  EXPECT_NE(HrwChooser::score("127.0.0.2", "http://a", 1), one);
}

TEST(Hrw, SharesFollowWeights) {
  HrwChooser c(names(3), {1, 2, 0});
  std::vector<int> got(3);
  for (uint32_t i = 0; i < 30'000; ++i) ++got[*c.choose({}, client(i), nullptr)];
  // Hashes of texts so alike are not independent: shares are rough, as Traefik's are.
  EXPECT_NEAR(got[0], 10'000, 3'000);
  EXPECT_NEAR(got[1], 20'000, 3'000);
  EXPECT_EQ(got[2], 0);
}

// A server that goes moves its own clients only; one that comes takes clients and moves none between the others.
TEST(Hrw, MovesAsFewClientsAsPossible) {
  EXPECT_TRUE(rc::check([] {
    const size_t n = *rc::gen::inRange<size_t>(2, 7);
    const auto weights =
        *rc::gen::container<std::vector<int64_t>>(n, rc::gen::inRange<int64_t>(1, 5));
    const size_t gone = *rc::gen::inRange<size_t>(0, n);
    HrwChooser c(names(n), weights);
    for (uint32_t i = 0; i < 200; ++i) {
      const size_t before = *c.choose({}, client(i), nullptr);
      const size_t after = *c.choose([&](size_t e) { return e != gone; }, client(i), nullptr);
      const bool held = before == gone ? after != gone : after == before;
      RC_ASSERT(held);
    }
  }));
}

TEST(Hrw, NothingUsable) {
  HrwChooser none({}, {}), one(names(1), {1});
  EXPECT_FALSE(none.choose({}, {}, nullptr));
  EXPECT_FALSE(one.choose([](size_t) { return false; }, {}, nullptr));
}

TEST(LeastTime, UnsampledFirstThenTheFastest) {  // catalogue 4.2
  LeastTimeChooser c({1, 1}, RandomStream(1));
  c.answered(0, milliseconds(5));
  EXPECT_EQ(*c.choose({}, {}, nullptr), 1u);
  c.answered(1, milliseconds(50));
  std::string why;
  EXPECT_EQ(*c.choose({}, {}, &why), 0u);
  EXPECT_EQ(why, "least time, mean 5 ms of 1, 0 under way, score 5");
  for (int i = 0; i < 10; ++i) c.began(0);
  EXPECT_EQ(*c.choose({}, {}, nullptr), 1u) << "5 * 11 > 50";
}

TEST(LeastTime, WeightDividesTheScore) {
  LeastTimeChooser c({1, 10}, RandomStream(1));
  c.answered(0, milliseconds(10));
  c.answered(1, milliseconds(90));
  EXPECT_EQ(*c.choose({}, {}, nullptr), 1u);
}

TEST(LeastTime, EqualScoresByEarliestDeadline) {
  LeastTimeChooser c({3, 1, 0}, RandomStream(1));
  std::vector<int> got(3);
  for (int i = 0; i < 400; ++i) ++got[*c.choose({}, {}, nullptr)];
  EXPECT_NEAR(got[0], 300, 1);
  EXPECT_NEAR(got[1], 100, 1);
  EXPECT_EQ(got[2], 0);
}

TEST(LeastTime, RemembersTheLastHundred) {  // response_times_kept_max: at the limit and one over
  LeastTimeChooser c({1}, RandomStream(1));
  std::string why;
  for (size_t i = 0; i < response_times_kept_max; ++i)
    c.answered(0, milliseconds(i == 0 ? 1000 : 0));
  c.choose({}, {}, &why);
  EXPECT_EQ(why, "least time, mean 10 ms of 100, 0 under way, score 10");
  c.answered(0, milliseconds(0));
  c.choose({}, {}, &why);
  EXPECT_EQ(why, "least time, mean 0 ms of 100, 0 under way, score 0");
}

TEST(LeastTime, NothingUsable) {
  LeastTimeChooser none({0}, RandomStream(1));
  EXPECT_FALSE(none.choose({}, {}, nullptr));
}

}  // namespace
}  // namespace gateproof::upstream
