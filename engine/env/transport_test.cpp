#include "engine/env/transport.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof {
namespace {

using namespace std::chrono_literals;
using testing::FakeWorld;

// A stream whose both sides the test holds.
class ScriptedStream final : public Stream {
 public:
  using Stream::Stream;
  std::string incoming, outgoing;
  size_t write_room = 0;
  bool at_end = false, broken = false;

  void deliver(std::string_view bytes) {
    incoming += bytes;
    notify_readable();
  }
  void end() {
    at_end = true;
    notify_readable();
  }
  void give_room(size_t n) {
    write_room += n;
    notify_writable();
  }
  void wake_for_nothing() { notify_readable(); }
  bool read_ready() const override { return broken || at_end || !incoming.empty(); }

  IoResult try_read(std::span<char> into) override {
    if (broken) return {IoResult::failed, 0, Code::reset};
    const size_t n = std::min(into.size(), incoming.size());
    if (n == 0) return {at_end ? IoResult::eof : IoResult::would_block, 0};
    std::copy_n(incoming.begin(), n, into.begin());
    incoming.erase(0, n);
    return {IoResult::bytes, n};
  }
  IoResult try_write(std::span<const std::string_view> pieces) override {
    if (broken) return {IoResult::failed, 0, Code::reset};
    size_t n = 0;
    for (std::string_view p : pieces) {
      const size_t k = std::min(p.size(), write_room);
      outgoing += p.substr(0, k);
      write_room -= k;
      n += k;
    }
    return n ? IoResult{IoResult::bytes, n} : IoResult{IoResult::would_block, 0};
  }
  void shutdown_write() override {}
  void close() override {}
  bool ended() const override { return at_end || broken; }
  SocketAddress peer() const override { return {}; }
  SocketAddress local() const override { return {}; }

 protected:
  bool write_ready() const override { return broken || write_room > 0; }
};

Task<std::string> read_text(Stream* s, Instant deadline) {
  std::array<char, 8> buffer;
  Result<size_t> n = co_await read_some(*s, buffer, deadline);
  if (!n) co_return "error " + std::string(to_string(n.error().code));
  co_return std::string(buffer.data(), *n);
}

struct TransportTest : ::testing::Test {
  FakeWorld w;
  ScriptedStream s{w.scheduler};
};

TEST_F(TransportTest, ReadsWhatIsThereWithoutWaiting) {
  s.deliver("0123456789");
  EXPECT_EQ(w.run(read_text(&s, Instant{})), "01234567");  // even past the deadline
  s.end();
  EXPECT_EQ(w.run(read_text(&s, instant_max)), "89");
  EXPECT_EQ(w.run(read_text(&s, instant_max)), "");
}

TEST_F(TransportTest, ReadWakesOnBytesEndAndFailure) {
  for (int kind = 0; kind < 3; ++kind) {
    ScriptedStream t(w.scheduler);
    Task<std::string> task = read_text(&t, instant_max);
    ASSERT_FALSE(task.start_root(w.scheduler, "read"));
    t.wake_for_nothing();  // a spurious wake is no event
    w.scheduler.run_ready();
    ASSERT_FALSE(task.done());
    if (kind == 0) t.deliver("x");
    if (kind == 1) t.end();
    if (kind == 2) {
      t.broken = true;
      t.wake_for_nothing();
    }
    w.scheduler.run_ready();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.take(), kind == 0 ? "x" : kind == 1 ? "" : "error reset");
  }
}

TEST_F(TransportTest, DeadlineAtAndBefore) {
  Task<std::string> task = read_text(&s, Instant(5s));
  ASSERT_FALSE(task.start_root(w.scheduler, "read"));
  w.run(5s - 1ns);
  EXPECT_FALSE(task.done());
  w.clock.advance(5s - w.clock.now().time_since_epoch());
  w.scheduler.fire_timers(w.clock.now());
  w.scheduler.run_ready();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take(), "error timeout");
}

// The lazy timer: a later deadline must not be cut by the timer of an earlier wait, an earlier one must not be late.
TEST_F(TransportTest, DeadlinesMoveBothWays) {
  {
    Task<std::string> first = read_text(&s, Instant(2s));
    ASSERT_FALSE(first.start_root(w.scheduler, "read"));
    s.deliver("a");
    w.scheduler.run_ready();
    ASSERT_TRUE(first.done());
  }
  Task<std::string> later = read_text(&s, Instant(10s));
  ASSERT_FALSE(later.start_root(w.scheduler, "read"));
  w.run(9s);
  EXPECT_FALSE(later.done());
  s.deliver("b");
  w.scheduler.run_ready();
  EXPECT_EQ(later.take(), "b");
  Task<std::string> earlier = read_text(&s, w.clock.now() + 1ns);
  ASSERT_FALSE(earlier.start_root(w.scheduler, "read"));
  w.run(1ns);
  ASSERT_TRUE(earlier.done());
  EXPECT_EQ(earlier.take(), "error timeout");
}

Task<void> waits_forever(Stream* s, std::shared_ptr<int> alive) {
  co_await s->readable(instant_max);
  *alive = -1;
}

// Condition 3: a destroyed reader leaves no waiter in the stream.
TEST_F(TransportTest, CancelledReaderIsForgotten) {
  auto alive = std::make_shared<int>(1);
  const uint64_t id = w.scheduler.spawn("reader", waits_forever(&s, alive));
  EXPECT_NE(w.scheduler.dump().find("reader: readable"), std::string::npos);
  w.scheduler.cancel(id);
  EXPECT_EQ(alive.use_count(), 1);
  s.deliver("late");
  EXPECT_FALSE(w.scheduler.ready());
  EXPECT_EQ(w.run(read_text(&s, instant_max)), "late");
}

Task<void> waits_early(Stream* s, std::vector<Wake>* wakes, Instant deadline) {
  for (;;) {
    const Wake wake = co_await s->until_readable(deadline);
    wakes->push_back(wake);
    if (wake == Wake::timeout || s->read_ready()) co_return;
  }
}

TEST_F(TransportTest, UntilReadableMayReturnEarlyAndKeepsItsDeadline) {
  std::vector<Wake> wakes;
  w.scheduler.spawn("early", waits_early(&s, &wakes, Instant(5s)));
  s.wake_for_nothing();
  w.scheduler.run_ready();
  EXPECT_EQ(wakes, std::vector<Wake>{Wake::ready});  // and waits again
  w.run(5s);
  EXPECT_EQ(wakes, (std::vector<Wake>{Wake::ready, Wake::timeout}));
  EXPECT_EQ(w.scheduler.tasks(), 0u);
}

Task<void> watches(Stream* s, int* woken) {
  Waiter& me = co_await ThisWaiter{};
  const Stream::ReadWatch watch(*s, me);
  for (;;) {
    co_await Suspend{"watch"};
    ++*woken;
  }
}

TEST_F(TransportTest, ReadWatchQueuesItsWaiterAndIsForgotten) {
  int woken = 0;
  const uint64_t id = w.scheduler.spawn("watcher", watches(&s, &woken));
  s.deliver("x");
  w.scheduler.run_ready();
  EXPECT_EQ(woken, 1);
  w.run(24h);  // it has no deadline
  EXPECT_EQ(woken, 1);
  w.scheduler.cancel(id);
  s.deliver("y");
  EXPECT_FALSE(w.scheduler.ready());
}

TEST_F(TransportTest, WriteNowTellsWhatIsLeft) {
  std::array<std::string_view, 3> pieces{"", "abc", "de"};
  std::span<std::string_view> left(pieces);
  ASSERT_TRUE(write_now(s, left));
  EXPECT_EQ(left.size(), 2u);
  s.give_room(4);
  ASSERT_TRUE(write_now(s, left));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left.front(), "e");
  s.give_room(1);
  ASSERT_TRUE(write_now(s, left));
  EXPECT_TRUE(left.empty());
  EXPECT_EQ(s.outgoing, "abcde");
  left = pieces;
  left.front() = "f";
  s.broken = true;
  EXPECT_EQ(write_now(s, left).error().code, Code::reset);
}

Task<Result<void>> write_two(Stream* s, Instant deadline) {
  std::vector<std::string_view> pieces{"", "abc", "", "defg"};
  co_return co_await write_all(*s, std::move(pieces), deadline);
}

TEST_F(TransportTest, WriteAllGoesOnWhereItStopped) {
  Task<Result<void>> task = write_two(&s, instant_max);
  ASSERT_FALSE(task.start_root(w.scheduler, "write"));
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(task.done());
    s.give_room(1);
    w.scheduler.run_ready();
  }
  ASSERT_TRUE(task.done());
  EXPECT_TRUE(task.take());
  EXPECT_EQ(s.outgoing, "abcdefg");
}

TEST_F(TransportTest, WriteAllTimesOutAndFails) {
  const auto late = w.run(write_two(&s, w.clock.now() + 1s));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->error().code, Code::timeout);
  s.broken = true;
  const auto failed = w.run(write_two(&s, instant_max));
  EXPECT_EQ(failed->error().code, Code::reset);
}

}  // namespace
}  // namespace gateproof
