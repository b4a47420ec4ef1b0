#include "engine/env/seldom_told.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof {
namespace {

TEST(SeldomTold, AtOnceThenTogetherAtMostOnceAnInterval) {
  testing::FakeClock clock;
  SeldomTold seldom;
  EXPECT_EQ(seldom.count(clock.now()), 1u);
  EXPECT_EQ(seldom.count(clock.now()), std::nullopt);
  clock.advance(SeldomTold::interval - Duration(1));
  EXPECT_EQ(seldom.count(clock.now()), std::nullopt) << "one before";
  clock.advance(Duration(1));
  EXPECT_EQ(seldom.count(clock.now()), 3u) << "at the limit, with all that came meanwhile";
  EXPECT_EQ(seldom.count(clock.now()), std::nullopt);
  clock.advance(SeldomTold::interval * 5);
  EXPECT_EQ(seldom.count(clock.now()), 2u);
}

}  // namespace
}  // namespace gateproof
