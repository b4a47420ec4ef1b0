#include "engine/net/work_pool.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace gateproof::net {
namespace {

using std::chrono::seconds;

// Work that lasts until it is let go.
struct Gate {
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
};

Task<void> compute(Offload& offload, std::function<int()> work, std::optional<int>& out,
                   bool& finished) {
  out = co_await run_elsewhere<int>(offload, std::move(work));
  finished = true;
}

class Pool : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::make());
  struct Call {
    std::optional<int> value;
    bool finished = false;
  };
  uint64_t call(Offload& offload, std::function<int()> work, Call& c) {
    return loop->scheduler().spawn("call", compute(offload, std::move(work), c.value, c.finished));
  }
};

TEST_F(Pool, TheLoopGoesOnMeanwhile) {
  WorkPool pool;
  PoolOffload offload(pool, *loop);
  Gate gate;
  Call slow, quick;
  call(
      offload, [g = gate.opened] { return g.wait(), 1; }, slow);
  call(
      offload, [] { return 2; }, quick);
  EXPECT_TRUE(loop->run_until([&] { return quick.finished; }, seconds(10)));
  EXPECT_EQ(quick.value, 2) << "another thread's";
  EXPECT_FALSE(slow.finished);
  gate.open.set_value();
  EXPECT_TRUE(loop->run_until([&] { return slow.finished; }, seconds(10)));
  EXPECT_EQ(slow.value, 1);
}

TEST_F(Pool, WhatWaitsIsBounded) {
  EXPECT_EQ(WorkPool::waiting_max, 256u);
  for (const size_t waiting : {size_t{0}, size_t{2}}) {
    WorkPool pool(1, waiting);
    PoolOffload offload(pool, *loop);
    Gate gate;
    std::promise<void> begun;
    Call running, over;
    std::vector<Call> queued(waiting);
    call(
        offload, [&, g = gate.opened] { return begun.set_value(), g.wait(), 1; }, running);
    begun.get_future().wait();
    for (Call& c : queued)
      call(
          offload, [] { return 2; }, c);
    call(
        offload, [] { return 3; }, over);
    EXPECT_TRUE(over.finished) << "one over: told at once";
    EXPECT_EQ(over.value, std::nullopt);
    gate.open.set_value();
    const auto all = [&] {
      return running.finished &&
             std::all_of(queued.begin(), queued.end(), [](const Call& c) { return c.finished; });
    };
    EXPECT_TRUE(loop->run_until(all, seconds(10)));
    for (const Call& c : queued) EXPECT_EQ(c.value, 2) << "at the limit";
    Call later;
    call(
        offload, [] { return 4; }, later);
    EXPECT_TRUE(loop->run_until([&] { return later.finished; }, seconds(10)));
  }
}

TEST_F(Pool, ACallerThatIsGoneIsNotTold) {
  WorkPool pool(1);
  PoolOffload offload(pool, *loop);
  Gate gate;
  Call gone, next;
  const uint64_t id = call(
      offload, [g = gate.opened] { return g.wait(), 1; }, gone);
  loop->scheduler().cancel(id);
  call(
      offload, [] { return 2; }, next);
  gate.open.set_value();
  EXPECT_TRUE(loop->run_until([&] { return next.finished; }, seconds(10)));
  EXPECT_FALSE(gone.finished);
}

TEST_F(Pool, OutlivesItsLoops) {
  std::atomic<int> done{0};
  Gate gate;
  {
    WorkPool pool(1);
    {
      PoolOffload offload(pool, *loop);
      Call c;
      const uint64_t id = call(
          offload, [&, g = gate.opened] { return g.wait(), ++done; }, c);
      Call never;
      const uint64_t second = call(
          offload, [&] { return ++done; }, never);
      loop->scheduler().cancel(id);
      loop->scheduler().cancel(second);
      loop.reset();
    }
    gate.open.set_value();
  }
  EXPECT_LE(done.load(), 2);
  EXPECT_EQ(loop, nullptr);
}

TEST(InlineOffload, IsDoneAtOnce) {
  int done = 0;
  EXPECT_TRUE(inline_offload().start([&] { EXPECT_EQ(done++, 0); }, [&] { EXPECT_EQ(done++, 1); }));
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace gateproof::net
