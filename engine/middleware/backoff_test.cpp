#include "engine/middleware/backoff.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::middleware {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, NoWaitsWithoutAnIntervalOrWithOneTry) {
  RandomStream random(7);
  for (auto [initial, attempts] : {std::pair<Duration, int64_t>{Duration(0), 4},
                                   {seconds(-1), 4},
                                   {milliseconds(100), 1},
                                   {milliseconds(100), 0}}) {
    Backoff b(initial, attempts, Instant{});
    EXPECT_EQ(b.next(Instant{}, random), Duration(0));
    EXPECT_EQ(b.next(Instant{} + backoff_total_max * 2, random), Duration(0));
  }
}

// 3.2 retry, initialInterval: each middle is the multiplier times the one before; a wait lies within half to one and a half of it.
TEST(Backoff, WaitsGrowToTwiceTheFirst) {
  EXPECT_TRUE(rc::check("law of the waits", [] {
    const int64_t attempts = *rc::gen::inRange<int64_t>(2, 12);
    const Duration initial = milliseconds(*rc::gen::inRange(1, 1000));
    RandomStream random(*rc::gen::arbitrary<uint64_t>());
    Backoff b(initial, attempts, Instant{});
    auto middle = static_cast<double>(initial.count());
    for (int64_t i = 1; i < attempts; ++i) {
      const auto wait = b.next(Instant{}, random);
      RC_ASSERT(wait.has_value());
      const auto took = static_cast<double>(wait->count());
      RC_ASSERT(took >= 0.5 * middle - 2 && took <= 1.5 * middle + 2);
      middle *= b.multiplier();
    }
    const double growth = middle / static_cast<double>(initial.count());
    RC_ASSERT(growth > 1.99 && growth < 2.01);
  }));
}

TEST(Backoff, NoWaitEndsBeyondTheTotal) {
  RandomStream random(7);
  Backoff in_time(seconds(2), 2, Instant{});
  EXPECT_TRUE(in_time.next(Instant{} + backoff_total_max - seconds(3), random));
  Backoff late(seconds(2), 2, Instant{});
  EXPECT_FALSE(late.next(Instant{} + backoff_total_max, random));
}

TEST(Backoff, MiddlesStopAtTheMost) {
  RandomStream random(7);
  Backoff b(seconds(59), 2, Instant{});
  EXPECT_TRUE(b.next(Instant{}, random));
  for (int i = 0; i < 5; ++i) {
    const auto wait = b.next(Instant{}, random);
    ASSERT_TRUE(wait);
    EXPECT_LE(*wait, backoff_interval_max + backoff_interval_max / 2 + Duration(1));
  }
}

}  // namespace
}  // namespace gateproof::middleware
