#include "engine/env/scheduler.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/env/testing/fake.h"

namespace gateproof {
namespace {

using namespace std::chrono_literals;
using testing::FakeWorld;

Task<void> log_after(Scheduler* s, Duration d, std::vector<int>* log, int id) {
  co_await sleep_for(*s, d);
  log->push_back(id);
}

TEST(Scheduler, TimersFireByTimeThenSequence) {
  EXPECT_TRUE(rc::check("order is (time, sequence)", [](const std::vector<uint8_t>& delays) {
    FakeWorld w;
    std::vector<int> log, expected(delays.size());
    for (size_t i = 0; i < delays.size(); ++i) {
      expected[i] = static_cast<int>(i);
      w.scheduler.spawn(
          "sleeper", log_after(&w.scheduler, Duration(delays[i] % 8), &log, static_cast<int>(i)));
    }
    std::stable_sort(expected.begin(), expected.end(),
                     [&](int a, int b) { return delays[a] % 8 < delays[b] % 8; });
    w.run();
    RC_ASSERT(log == expected);
    RC_ASSERT(w.scheduler.tasks() == 0u);
  }));
}

struct CountingTimer final : Timer {
  using Timer::Timer;
  int count = 0;
  void fired() override { ++count; }
};

TEST(Scheduler, HeapSurvivesAnyOrderOfArmAndCancel) {
  EXPECT_TRUE(rc::check("each armed timer fires once",
                        [](const std::vector<std::pair<uint8_t, uint8_t>>& steps) {
                          FakeWorld w;
                          std::vector<std::unique_ptr<CountingTimer>> timers;
                          for (int i = 0; i < 16; ++i)
                            timers.push_back(std::make_unique<CountingTimer>(w.scheduler));
                          std::array<bool, 16> armed{};
                          for (const auto& [which, when] : steps) {
                            CountingTimer& t = *timers[which % 16];
                            if (when % 4 == 0) {
                              t.cancel();
                              armed[which % 16] = false;
                            } else {
                              t.arm(Instant(Duration(when)));
                              armed[which % 16] = true;
                            }
                          }
                          w.scheduler.fire_timers(Instant(1s));
                          for (int i = 0; i < 16; ++i)
                            RC_ASSERT(timers[i]->count == (armed[i] ? 1 : 0));
                          RC_ASSERT(w.scheduler.next_timer() == instant_max);
                        }));
}

TEST(Scheduler, ATimerDueNowFiresOneLaterDoesNot) {
  FakeWorld w;
  CountingTimer t(w.scheduler);
  t.arm(Instant(10ns));
  w.scheduler.fire_timers(Instant(9ns));
  EXPECT_EQ(t.count, 0);
  w.scheduler.fire_timers(Instant(10ns));
  EXPECT_EQ(t.count, 1);
}

Task<void> flag_on_destruction(Scheduler* s, std::shared_ptr<int> alive) {
  co_await sleep_for(*s, 1h);
  *alive = -1;
}

// Condition 3: cancelling a sleeper takes its timer out of the heap.
TEST(Scheduler, CancelWhileSleepingLeavesNoTimer) {
  FakeWorld w;
  auto alive = std::make_shared<int>(1);
  const uint64_t id = w.scheduler.spawn("sleeper", flag_on_destruction(&w.scheduler, alive));
  EXPECT_NE(w.scheduler.next_timer(), instant_max);
  w.scheduler.cancel(id);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(w.scheduler.next_timer(), instant_max);
  EXPECT_EQ(w.scheduler.tasks(), 0u);
  w.run();
  EXPECT_EQ(*alive, 1);
}

// Condition 3: cancelled between the timer's firing and its turn in the queue.
TEST(Scheduler, CancelWhileQueuedIsNotResumed) {
  FakeWorld w;
  auto alive = std::make_shared<int>(1);
  const uint64_t id = w.scheduler.spawn("sleeper", flag_on_destruction(&w.scheduler, alive));
  w.scheduler.fire_timers(Instant(2h));
  EXPECT_TRUE(w.scheduler.ready());
  w.scheduler.cancel(id);
  EXPECT_FALSE(w.scheduler.ready());
  EXPECT_EQ(w.scheduler.run_ready(), 0u);
  EXPECT_EQ(*alive, 1);
}

TEST(Scheduler, SchedulerEndsItsTasks) {
  auto alive = std::make_shared<int>(1);
  {
    FakeWorld w;
    w.scheduler.spawn("sleeper", flag_on_destruction(&w.scheduler, alive));
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

Task<int> value_after(Scheduler* s, Duration d, int v) {
  co_await sleep_for(*s, d);
  co_return v;
}
Task<int> value_now(int v) { co_return v; }

TEST(Scheduler, WithDeadline) {
  FakeWorld w;
  const auto deadline = [&](Duration d) { return w.scheduler.now() + d; };
  EXPECT_EQ(w.run(with_deadline(w.scheduler, deadline(2s), value_after(&w.scheduler, 1s, 5))),
            std::optional<int>(5));
  const auto late =
      w.run(with_deadline(w.scheduler, deadline(1s), value_after(&w.scheduler, 2s, 5)));
  ASSERT_TRUE(late);
  EXPECT_FALSE(*late);
  // A deadline that has passed lets a child through that needs no waiting.
  EXPECT_EQ(w.run(with_deadline(w.scheduler, w.scheduler.now(), value_now(3))),
            std::optional<int>(3));
  EXPECT_EQ(w.scheduler.next_timer(), instant_max);  // losers leave no timer behind
}

TEST(Scheduler, RaceDestroysTheLoser) {
  FakeWorld w;
  const auto slow_second =
      w.run(race(value_after(&w.scheduler, 1s, 1), value_after(&w.scheduler, 2s, 2)));
  ASSERT_TRUE(slow_second);
  EXPECT_EQ(slow_second->index(), 0u);
  const auto slow_first =
      w.run(race(value_after(&w.scheduler, 2s, 1), value_after(&w.scheduler, 1s, 2)));
  EXPECT_EQ(slow_first->index(), 1u);
  const auto tie = w.run(race(value_after(&w.scheduler, 1s, 1), value_after(&w.scheduler, 1s, 2)));
  EXPECT_EQ(tie->index(), 0u);
  EXPECT_EQ(w.scheduler.next_timer(), instant_max);
  EXPECT_FALSE(w.scheduler.ready());
}

Task<int> group_of(Scheduler* s, int n, std::vector<int>* log) {
  TaskGroup group(*s);
  for (int i = 0; i < n; ++i) group.add(log_after(s, Duration(n - i), log, i));
  group.add(log_after(s, Duration(0), log, -1));
  co_await group.join();
  co_return static_cast<int>(log->size());
}

TEST(Scheduler, TaskGroupJoinsAll) {
  FakeWorld w;
  std::vector<int> log;
  EXPECT_EQ(w.run(group_of(&w.scheduler, 5, &log)), 6);
  EXPECT_EQ(log, (std::vector<int>{-1, 4, 3, 2, 1, 0}));
}

Task<void> group_holder(Scheduler* s, std::shared_ptr<int> alive) {
  TaskGroup group(*s);
  for (int i = 0; i < 3; ++i) group.add(flag_on_destruction(s, alive));
  co_await group.join();
}

TEST(Scheduler, TaskGroupChildrenNeverOutliveIt) {
  FakeWorld w;
  auto alive = std::make_shared<int>(1);
  const uint64_t id = w.scheduler.spawn("group", group_holder(&w.scheduler, alive));
  EXPECT_EQ(alive.use_count(), 5);  // three children, the holder and we
  w.scheduler.cancel(id);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(w.scheduler.next_timer(), instant_max);
}

// Condition 5.
TEST(Scheduler, DumpNamesTaskWaitAndDeadline) {
  FakeWorld w;
  auto alive = std::make_shared<int>(1);
  w.scheduler.spawn("probe of backend-1", flag_on_destruction(&w.scheduler, alive));
  w.scheduler.spawn("accept loop", group_holder(&w.scheduler, alive));
  const std::string dump = w.scheduler.dump();
  EXPECT_NE(dump.find("probe of backend-1: sleep, until 3600000000000 ns\n"), std::string::npos)
      << dump;
  EXPECT_NE(dump.find("accept loop: join"), std::string::npos) << dump;
}

// Condition 4.
TEST(Scheduler, SleepingAllocatesNoFramesInSteadyState) {
  FakeWorld w;
  std::vector<int> log;
  const auto round = [&] {
    w.scheduler.spawn("sleeper", log_after(&w.scheduler, 1ns, &log, 0));
    w.run();
  };
  round();
  const frame_pool::Stats warm = frame_pool::stats();
  round();
  if (frame_pool::stats().heap_allocations != warm.heap_allocations)
    GTEST_SKIP() << "frames come from the heap in this build";
  for (int i = 0; i < 100; ++i) round();
  EXPECT_EQ(frame_pool::stats().heap_allocations, warm.heap_allocations);
  EXPECT_EQ(frame_pool::stats().live, warm.live);
}

TEST(Scheduler, BudgetBoundsResumptions) {
  FakeWorld w;
  std::vector<int> log;
  for (int i = 0; i < 4; ++i) w.scheduler.spawn("sleeper", log_after(&w.scheduler, 1ns, &log, i));
  w.scheduler.fire_timers(Instant(1s));
  EXPECT_EQ(w.scheduler.run_ready(0), 0u);
  EXPECT_EQ(w.scheduler.run_ready(3), 3u);
  EXPECT_TRUE(w.scheduler.ready());
}

}  // namespace
}  // namespace gateproof
