// Statuses: who is up, who is told, and servers judged by their answers (catalogue 4.4).
#include <gtest/gtest.h>

#include "engine/upstream/server_health.h"

namespace gateproof::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(StatusBoard, TellsOnlyWhenTheLastGoesOrTheFirstComes) {
  StatusBoard b({"a", "b"}, {true, true});
  std::string told;
  b.on_change([&](bool up) { told += up ? "+" : "-"; });
  EXPECT_TRUE(b.all_up());
  b.set(0, false);
  EXPECT_FALSE(b.all_up());
  EXPECT_EQ(told, "");
  b.set(1, false);
  b.set(1, false);
  EXPECT_EQ(told, "-");
  b.set(0, true);
  b.set(1, true);
  EXPECT_EQ(told, "-+");
  EXPECT_TRUE(b.all_up());
}

TEST(StatusBoard, OneNameOneStatus) {
  StatusBoard b({"a", "a", "b"}, {true, true, true});
  b.set(1, false);
  EXPECT_FALSE(b.up(0));
  EXPECT_FALSE(b.up(1));
  EXPECT_TRUE(b.up(2));
  EXPECT_EQ(b.first_of(1), 0u);
}

TEST(StatusBoard, AnEntryWithoutWeightDoesNotCount) {
  StatusBoard b({"a", "b"}, {true, false});
  int calls = 0;
  b.on_change([&](bool) { ++calls; });
  EXPECT_TRUE(b.all_up());
  b.set(0, false);
  EXPECT_EQ(calls, 1);
}

class Passive : public ::testing::Test {
 protected:
  StatusBoard board{{"a", "b"}, {true, true}};
  PassiveHealth make(Duration window, int64_t attempts, bool active = false) {
    config::PassiveHealthCheckConfig c;
    c.failure_window = window;
    c.max_failed_attempts = attempts;
    return PassiveHealth(c, active, board);
  }
  static Instant at(Duration d) { return Instant(d); }
};

TEST_F(Passive, DownForTheWindowAfterSoManyFailures) {
  PassiveHealth p = make(seconds(10), 2);
  EXPECT_EQ(p.record(0, true, at(seconds(1))), "failure 1 of 2 within 10s");
  EXPECT_FALSE(p.down(0, at(seconds(1))));
  EXPECT_EQ(p.record(0, true, at(seconds(2))), "failure 2 of 2 within 10s: down for 10s");
  EXPECT_TRUE(p.down(0, at(seconds(2))));
  EXPECT_TRUE(p.down(0, at(seconds(12) - milliseconds(1))));
  EXPECT_FALSE(p.down(0, at(seconds(12))));
  EXPECT_FALSE(p.down(1, at(seconds(2))));
}

TEST_F(Passive, ASuccessForgetsFailures) {
  PassiveHealth p = make(seconds(10), 2);
  p.record(0, true, at(seconds(1)));
  p.record(0, false, at(seconds(2)));
  p.record(0, true, at(seconds(3)));
  EXPECT_FALSE(p.down(0, at(seconds(3))));
}

TEST_F(Passive, OldFailuresDoNotCount) {
  PassiveHealth p = make(seconds(10), 2);
  p.record(0, true, at(seconds(1)));
  p.record(0, true, at(seconds(11)));  // the first is as old as the window
  EXPECT_FALSE(p.down(0, at(seconds(11))));
  p.record(0, true, at(seconds(21) - milliseconds(1)));
  EXPECT_TRUE(p.down(0, at(seconds(21))));
}

TEST_F(Passive,
       ZeroAttemptsIsOneAndTheMostIsBounded) {  // passive_failures_kept_max: zero, at, over
  PassiveHealth zero = make(seconds(1), 0);
  zero.record(0, true, at(seconds(1)));
  EXPECT_TRUE(zero.down(0, at(seconds(1))));
  PassiveHealth over = make(seconds(1), static_cast<int64_t>(passive_failures_kept_max) + 1);
  for (size_t i = 0; i + 1 < passive_failures_kept_max; ++i) over.record(0, true, at(seconds(1)));
  EXPECT_FALSE(over.down(0, at(seconds(1))));
  over.record(0, true, at(seconds(1)));
  EXPECT_TRUE(over.down(0, at(seconds(1))));
}

TEST_F(Passive, WithAnActiveCheckOnlyThatBringsItUp) {
  PassiveHealth p = make(seconds(10), 1, true);
  p.record(0, true, at(seconds(1)));
  EXPECT_FALSE(board.up(0));
  EXPECT_FALSE(p.down(0, at(seconds(1))));
  board.set(0, true);
  EXPECT_TRUE(board.up(0));
}

TEST(ServerHealth, TellsWhoIsDownAndWhy) {
  ServerHealth h({"http://a", "http://b", "http://a"}, {true, true, true});
  EXPECT_TRUE(h.all_usable());
  h.probed(0, "received error status code: 503");
  EXPECT_EQ(h.down_list(Instant{}), "http://a (received error status code: 503)");
  ASSERT_EQ(h.statuses().size(), 2u);
  EXPECT_FALSE(h.statuses()[0].up);
  EXPECT_TRUE(h.statuses()[1].up);
  h.probed(0, "");
  EXPECT_EQ(h.down_list(Instant{}), "");
}

}  // namespace
}  // namespace gateproof::upstream
