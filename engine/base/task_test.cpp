// The safety conditions of Task, one test each (task.h lists them). Those that need timers and streams are in env.
#include "engine/base/task.h"

#include <filesystem>
#include <fstream>
#include <regex>

#include <gtest/gtest.h>

namespace gateproof {
namespace {

Task<int> finished(int v) { co_return v; }

Task<long> sum_of_finished(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await finished(i & 1);
  co_return sum;
}

// Condition 1: with symmetric transfer this overflows the stack in unoptimised and sanitized builds.
TEST(Task, AMillionFinishedAwaitsUseNoStack) {
  Executor e;
  Task<long> t = sum_of_finished(1'000'000);
  ASSERT_TRUE(t.start_root(e, "sum"));
  EXPECT_EQ(t.take(), 500'000);
  EXPECT_FALSE(e.ready());
}

Task<int> yields(Waiter** slot) {
  co_await Suspend{"gate", slot};
  co_return 1;
}

Task<int> nested(int depth, Waiter** slot) {
  if (depth == 0) co_return co_await yields(slot);
  const int below = co_await nested(depth - 1, slot);
  co_return below + 1;
}

// Condition 1: a late completion queues the parent, so that a deep chain unwinds through the queue, not the stack.
TEST(Task, CompletionsOfADeepChainAreQueued) {
  constexpr int depth = 2000;
  Executor e;
  Waiter* gate = nullptr;
  Task<int> t = nested(depth, &gate);
  ASSERT_FALSE(t.start_root(e, "deep"));
  ASSERT_NE(gate, nullptr);
  e.post(*gate);
  int resumptions = 0;
  while (e.run_one()) ++resumptions;
  ASSERT_TRUE(t.done());
  EXPECT_EQ(t.take(), depth + 1);
  EXPECT_EQ(resumptions, depth + 2);  // one frame at a time
}

Task<void> append(std::vector<int>* log, int id, Waiter** slot) {
  co_await Suspend{"turn", slot};
  log->push_back(id);
}

TEST(Task, ReadyQueueIsFifoAndPostingTwiceIsOnce) {
  Executor e;
  std::vector<int> log;
  std::array<Waiter*, 3> slots{};
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(append(&log, i, &slots[i]));
    ASSERT_FALSE(tasks.back().start_root(e, "append"));
  }
  e.post(*slots[2]);
  e.post(*slots[0]);
  e.post(*slots[2]);
  e.post(*slots[1]);
  while (e.run_one()) {
  }
  EXPECT_EQ(log, (std::vector<int>{2, 0, 1}));
}

// Nobody waits for what it was queued by any more.
Task<void> queues_itself(Executor* e, int* ended) {
  Waiter& me = co_await ThisWaiter{};
  e->post(me);
  ++*ended;
}

// Condition 3.
TEST(Task, WhoEndsWhileQueuedIsNotResumed) {
  Executor e;
  int ended = 0;
  Task<void> task = queues_itself(&e, &ended);
  EXPECT_TRUE(task.start_root(e, "queues itself"));
  EXPECT_FALSE(e.ready());
  EXPECT_FALSE(e.run_one());
  EXPECT_EQ(ended, 1);
}

Task<void> touch(bool* ran) {
  *ran = true;
  co_return;
}

// Condition 2.
TEST(Task, IsLazyAndMoveOnly) {
  static_assert(!std::is_copy_constructible_v<Task<int>> && !std::is_copy_assignable_v<Task<int>>);
  static_assert(std::is_nothrow_move_constructible_v<Task<int>>);
  bool ran = false;
  {
    Task<void> dropped = touch(&ran);
    Task<void> moved = std::move(dropped);
    EXPECT_FALSE(static_cast<bool>(dropped));
  }
  EXPECT_FALSE(ran);
  Executor e;
  Task<void> t = touch(&ran);
  EXPECT_TRUE(t.start_root(e, "touch"));
  EXPECT_TRUE(ran);
}

// Condition 2: a capturing lambda's captures die with the lambda, not with the frame. Named functions only.
TEST(Task, NoCapturingLambdaIsACoroutine) {
  const std::regex capturing(
      R"(\[[^\]\[]+\]\s*\([^()]*\)\s*(mutable\s*)?(noexcept\s*)?->\s*(gateproof::)?Task<)");
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(GP_SOURCE_DIR) + "/engine")) {
    const auto ext = entry.path().extension();
    if (ext != ".h" && ext != ".cpp") continue;
    std::ifstream in(entry.path());
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    ++files;
    EXPECT_FALSE(std::regex_search(text, capturing)) << entry.path();
  }
  EXPECT_GT(files, 20u);
  const std::string planted =
      "auto f = [&x]"
      "(int a) -> Task"
      "<int> { co_return x; };";
  EXPECT_TRUE(std::regex_search(planted, capturing));
}

struct Guard {
  int* destroyed;
  explicit Guard(int* d) : destroyed(d) {}
  Guard(const Guard&) = delete;
  ~Guard() { ++*destroyed; }
};

Task<void> hold(int* destroyed, Waiter** slot) {
  Guard guard(destroyed);
  co_await Suspend{"forever", slot};
  *destroyed = -100;  // never reached when cancelled
}

Task<void> hold_nested(int* destroyed, Waiter** slot) {
  Guard guard(destroyed);
  co_await hold(destroyed, slot);
}

// Condition 3: destroying a suspended task destroys the frames below it, and takes a queued one out of the queue.
TEST(Task, DestructionCancelsAtTheSuspensionPoint) {
  Executor e;
  int destroyed = 0;
  {
    Waiter* slot = nullptr;
    Task<void> t = hold_nested(&destroyed, &slot);
    ASSERT_FALSE(t.start_root(e, "hold"));
    e.post(*slot);
    EXPECT_TRUE(e.ready());
  }
  EXPECT_EQ(destroyed, 2);
  EXPECT_FALSE(e.ready());
  EXPECT_FALSE(e.run_one());
}

TEST(Task, DestructionInTheMiddleOfTheQueueKeepsTheOthers) {
  Executor e;
  std::vector<int> log;
  std::array<Waiter*, 3> slots{};
  std::vector<Task<void>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(append(&log, i, &slots[i]));
    ASSERT_FALSE(tasks.back().start_root(e, "append"));
    e.post(*slots[i]);
  }
  tasks[1] = Task<void>();
  while (e.run_one()) {
  }
  EXPECT_EQ(log, (std::vector<int>{0, 2}));
}

// Condition 4: after a warm-up, frames come from free lists only.
TEST(Task, FramesAllocateNothingInSteadyState) {
  Executor e;
  const auto run = [&e](int n) {
    Task<long> t = sum_of_finished(n);
    t.start_root(e, "sum");
    return t.take();
  };
  run(10);
  const frame_pool::Stats warm = frame_pool::stats();
  run(10);
  if (frame_pool::stats().heap_allocations != warm.heap_allocations)
    GTEST_SKIP() << "frames come from the heap in this build";
  run(1000);
  EXPECT_EQ(frame_pool::stats().heap_allocations, warm.heap_allocations);
  EXPECT_EQ(frame_pool::stats().live, warm.live);
}

// Condition 5: the root tells what is waited for, however deep.
TEST(Task, RootKnowsWhatItAwaits) {
  Executor e;
  int destroyed = 0;
  Waiter* slot = nullptr;
  Task<void> t = hold_nested(&destroyed, &slot);
  ASSERT_FALSE(t.start_root(e, "holder"));
  EXPECT_STREQ(t.waiter().awaiting, "forever");
  EXPECT_STREQ(slot->root->name, "holder");
}

Task<std::unique_ptr<int>> make_unique_int() { co_return std::make_unique<int>(7); }

TEST(Task, MoveOnlyResults) {
  Executor e;
  Task<std::unique_ptr<int>> t = make_unique_int();
  ASSERT_TRUE(t.start_root(e, "unique"));
  EXPECT_EQ(*t.take(), 7);
}

}  // namespace
}  // namespace gateproof
