#include "engine/middleware/breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::middleware {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

Breaker made(std::string_view text, BreakerOptions o = {}) {
  auto p = Predicate::compile(text, Breaker::language());
  EXPECT_TRUE(p) << p.error().message;
  return Breaker(std::move(*p), o);
}

struct Line {
  Breaker& b;
  Instant now = Instant(seconds(100));
  void wait(Duration d) { now += d; }
  bool enter() { return b.enter(now, false).allowed; }
  bool answer(int status, Duration latency = {}) {
    return b.record(now, status, latency, false).tripped;
  }
};

TEST(RollingCounter, TenSecondsByBuckets) {
  RollingCounter c;
  const Instant start = Instant(seconds(5));
  EXPECT_EQ(c.count(start), 0);
  c.add(start);
  c.add(start + milliseconds(999));
  c.add(start + seconds(1));
  EXPECT_EQ(c.count(start + seconds(1)), 3);
  EXPECT_EQ(c.count(start + seconds(10) - nanoseconds(1)), 3) << "at the limit";
  EXPECT_EQ(c.count(start + seconds(10)), 1) << "the first bucket is used anew";
  EXPECT_EQ(c.count(start + seconds(11)), 0);
  c.add(start + seconds(1000));
  EXPECT_EQ(c.count(start + seconds(1000)), 1) << "after a long time nothing old is left";
}

TEST(RollingCounter, IsTheSumOfTheLastTenSeconds) {
  EXPECT_TRUE(rc::check("against a list of all events", [] {
    const auto gaps = *rc::gen::container<std::vector<uint16_t>>(rc::gen::arbitrary<uint16_t>());
    RollingCounter c;
    std::vector<int64_t> events;
    int64_t ms = 0;
    for (uint16_t gap : gaps) {
      ms += gap % 4000;
      const Instant now{milliseconds(ms)};
      c.add(now);
      events.push_back(ms / 1000);
      const auto live = std::count_if(events.begin(), events.end(), [&](int64_t s) {
        return s > ms / 1000 - static_cast<int64_t>(rolling_buckets);
      });
      RC_ASSERT(c.count(now) == live);
    }
  }));
}

TEST(LatencyHistogram, StepsAndBounds) {
  struct Row {
    const char* clause;
    Duration latency;
    int64_t highest;  // microseconds
  };
  const Row rows[] = {
      {"zero", Duration(0), 0},
      {"below a microsecond", nanoseconds(999), 0},
      {"one by one to 255", microseconds(255), 255},
      {"from 256 in steps of two", microseconds(256), 257},
      {"a millisecond", microseconds(1000), 1003},
      {"ten milliseconds", milliseconds(10), 10047},
      {"a second", seconds(1), 1003519},
      {"an hour", std::chrono::hours(1), 3607101439},
      {"the last step", microseconds((int64_t{1} << 32) - 1), (int64_t{1} << 32) - 1},
  };
  for (const Row& row : rows) {
    LatencyHistogram h;
    h.record(row.latency);
    EXPECT_EQ(h.total(), 1) << row.clause;
    EXPECT_EQ(h.microseconds_at(100), row.highest) << row.clause;
    EXPECT_EQ(h.microseconds_at(50), row.highest) << row.clause << ": rounded up to one";
    EXPECT_EQ(h.microseconds_at(49), 0) << row.clause << ": rounded down to none";
    EXPECT_EQ(h.microseconds_at(1000), row.highest) << row.clause << ": above 100";
  }
  LatencyHistogram h;
  h.record(microseconds(int64_t{1} << 32));
  h.record(-microseconds(1));
  EXPECT_EQ(h.total(), 0) << "one over the last step, and below zero: not recorded";
  EXPECT_EQ(h.microseconds_at(99), 0);
}

TEST(LatencyHistogram, OnePercentOfTheTruth) {
  EXPECT_TRUE(rc::check("against the sorted list", [] {
    auto values = *rc::gen::nonEmpty<std::vector<uint32_t>>();
    const double q = *rc::gen::inRange(1, 1001) / 10.0;
    LatencyHistogram h;
    for (uint32_t& v : values) {
      v %= 3'600'000'00;
      h.record(microseconds(v));
    }
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<size_t>(q / 100 * static_cast<double>(values.size()) + 0.5);
    const int64_t got = h.microseconds_at(q);
    if (rank == 0) {
      RC_ASSERT(got == 0);
      return;
    }
    const int64_t truth = values[rank - 1];
    RC_ASSERT(got >= truth);
    RC_ASSERT(got <= truth + truth / 128 + 1);
  }));
}

TEST(RollingLatencies, TurnsOnlyWhenOneIsRecorded) {
  RollingLatencies r;
  Instant now = Instant(seconds(1));
  r.record(now, milliseconds(500));
  EXPECT_EQ(r.milliseconds_at(99.0), 501);
  now += std::chrono::hours(1);
  EXPECT_EQ(r.milliseconds_at(99.0), 501) << "as in the library: nothing is forgotten by itself";
  for (int i = 0; i < 5; ++i) {
    r.record(now, milliseconds(1));
    now += RollingLatencies::period;
  }
  EXPECT_EQ(r.milliseconds_at(100.0), 501);
  r.record(now, milliseconds(1));
  EXPECT_EQ(r.milliseconds_at(100.0), 1) << "the sixth turn uses its histogram anew";
  r.clear(now);
  EXPECT_EQ(r.milliseconds_at(100.0), 0);
}

TEST(Breaker, TheFirstAnswerMayTrip) {  // 9.34
  Breaker b = made("NetworkErrorRatio() > 0.3");
  Line l{b};
  EXPECT_TRUE(l.enter());
  EXPECT_TRUE(l.answer(502));
  EXPECT_EQ(b.state(), Breaker::State::tripped);
  EXPECT_FALSE(l.enter());
}

TEST(Breaker, Times) {
  BreakerOptions o;
  o.fallback = seconds(2);
  o.recovery = seconds(4);
  Breaker b = made("NetworkErrorRatio() > 0.3", o);
  Line l{b};
  l.answer(504);
  l.wait(seconds(2) - nanoseconds(1));
  EXPECT_FALSE(l.enter());
  EXPECT_EQ(b.state(), Breaker::State::tripped) << "one nanosecond short of fallbackDuration";
  l.wait(nanoseconds(1));
  EXPECT_FALSE(l.enter()) << "the ramp begins at nothing";
  EXPECT_EQ(b.state(), Breaker::State::recovering);
  l.wait(seconds(4));
  EXPECT_FALSE(l.enter()) << "one of two is not below a half";
  EXPECT_EQ(b.state(), Breaker::State::recovering) << "at the end of recoveryDuration";
  l.wait(nanoseconds(1));
  EXPECT_TRUE(l.enter());
  EXPECT_EQ(b.state(), Breaker::State::standby);
}

TEST(Breaker, RampIsLinearToAHalf) {
  BreakerOptions o;
  o.fallback = seconds(1);
  o.recovery = seconds(100);
  Breaker b = made("NetworkErrorRatio() > 0.3", o);
  Line l{b};
  l.answer(502);
  l.wait(seconds(1));
  int allowed = 0, asked = 0;
  for (int i = 0; i < 1000; ++i) {
    const double ramp = 0.5 * static_cast<double>(i) / 1000;
    const bool yes = l.enter();
    ++asked;
    allowed += yes;
    EXPECT_EQ(yes, static_cast<double>(allowed - yes + 1) / asked < ramp) << i;
    l.wait(milliseconds(100));
  }
  EXPECT_NEAR(allowed, 499, 2);
}

TEST(Breaker, TripsAgainWhileRecovering) {
  BreakerOptions o;
  o.fallback = seconds(1);
  o.recovery = seconds(1);
  Breaker b = made("NetworkErrorRatio() > 0.3", o);
  Line l{b};
  l.answer(502);
  l.wait(seconds(1));
  EXPECT_FALSE(l.enter());
  EXPECT_TRUE(l.answer(502)) << "the metrics began anew when it tripped";
  EXPECT_EQ(b.state(), Breaker::State::tripped);
  l.wait(milliseconds(999));
  EXPECT_FALSE(l.enter());
  EXPECT_EQ(b.state(), Breaker::State::tripped);
}

TEST(Breaker, LooksOncePerCheckPeriod) {
  Breaker b = made("NetworkErrorRatio() > 0.3");
  Line l{b};
  EXPECT_FALSE(l.answer(200));
  EXPECT_FALSE(l.answer(502));
  l.wait(milliseconds(100));
  EXPECT_FALSE(l.answer(502)) << "not at the end of the period, only after it";
  l.wait(nanoseconds(1));
  EXPECT_TRUE(l.answer(200)) << "any answer is the occasion";
}

TEST(Breaker, AnswersUnderWayDoNotProlong) {
  Breaker b = made("NetworkErrorRatio() > 0.3");
  Line l{b};
  EXPECT_TRUE(l.answer(502));
  l.wait(seconds(5));
  EXPECT_FALSE(l.answer(502));
  l.wait(seconds(5));
  EXPECT_FALSE(l.enter());
  EXPECT_EQ(b.state(), Breaker::State::recovering);
}

TEST(Breaker, Functions) {
  struct Row {
    const char* text;
    std::vector<int> statuses;
    bool trips;
  };
  const Row rows[] = {
      {"NetworkErrorRatio() > 0.49", {200, 502}, true},
      {"NetworkErrorRatio() > 0.5", {200, 504}, false},
      {"NetworkErrorRatio() > 0.0", {500, 503}, false},
      {"ResponseCodeRatio(500, 600, 0, 600) > 0.4", {200, 500}, true},
      {"ResponseCodeRatio(500, 501, 500, 501) == 1.0", {500}, true},
      {"ResponseCodeRatio(400, 500, 0, 600) > 0.0", {500}, false},
      {"ResponseCodeRatio(500, 600, 200, 300) > 0.0", {500}, false},
      {"LatencyAtQuantileMS(50.0) >= 0 && NetworkErrorRatio() == 0.0", {200}, true},
  };
  for (const Row& row : rows) {
    BreakerOptions o;
    o.check_period = seconds(1);
    Breaker b = made(row.text, o);
    Line l{b};
    for (size_t i = 0; i + 1 < row.statuses.size(); ++i) {
      // Not an occasion to look: the first look is far away.
      l.answer(row.statuses[i]);
      if (b.state() != Breaker::State::standby) break;
    }
    l.wait(seconds(1) + nanoseconds(1));
    if (b.state() == Breaker::State::standby) l.answer(row.statuses.back());
    EXPECT_EQ(b.state() == Breaker::State::tripped, row.trips) << row.text;
  }
}

TEST(Breaker, Latency) {
  Breaker b = made("LatencyAtQuantileMS(50.0) > 100");
  Line l{b};
  EXPECT_FALSE(l.answer(200, milliseconds(100)));  // up to 100.351 ms: still 100
  l.wait(seconds(1));
  EXPECT_FALSE(l.answer(200, milliseconds(300))) << "half of two is the first";
  l.wait(seconds(1));
  EXPECT_TRUE(l.answer(200, milliseconds(300)));
}

TEST(Breaker, ExplainsItself) {
  Breaker b = made("NetworkErrorRatio() > 0.3");
  const Instant now = Instant(seconds(100));
  EXPECT_EQ(b.enter(now, true).why, "standby: let through");
  EXPECT_EQ(b.record(now, 502, {}, true).why,
            "NetworkErrorRatio() is 1.0: NetworkErrorRatio() > 0.3 holds, tripped for 10s");
  EXPECT_EQ(b.enter(now + seconds(4), true).why, "tripped for another 6s");
  EXPECT_EQ(b.enter(now + seconds(10), true).why,
            "recovering for another 10s: 0 let through and 0 refused so far, the ramp is at 0.0");
  EXPECT_EQ(b.record(now + seconds(11), 200, {}, true).why,
            "NetworkErrorRatio() is 0.0: NetworkErrorRatio() > 0.3 does not hold");
  EXPECT_EQ(b.record(now + seconds(11), 200, {}, true).why,
            "not looked at again before 100ms have passed");
}

// The breaker against the three states as the documentation draws them: when it trips is the breaker's word, all else is the
// model's. The ramp is computed in whole nanoseconds.
TEST(Breaker, IsTheMachineOfThreeStates) {
  EXPECT_TRUE(rc::check("enter and record", [] {
    BreakerOptions o;
    o.fallback = milliseconds(*rc::gen::inRange(1, 3000));
    o.recovery = milliseconds(*rc::gen::inRange(1, 3000));
    auto p = Predicate::compile("NetworkErrorRatio() > 0.3", Breaker::language());
    RC_ASSERT(p.has_value());
    Breaker b(std::move(*p), o);
    const auto steps = *rc::gen::resize(
        300, rc::gen::container<std::vector<uint16_t>>(rc::gen::arbitrary<uint16_t>()));
    using State = Breaker::State;
    State state = State::standby;
    Instant now{}, begun{}, until{};
    int64_t allowed = 0, denied = 0;
    for (uint16_t step : steps) {
      now += milliseconds(step % 256);
      if (state == State::tripped && now >= until) {
        state = State::recovering;
        begun = now;
        until = now + o.recovery;
        allowed = denied = 0;
      }
      if (state == State::recovering && now > until) state = State::standby;
      bool expected = state == State::standby;
      bool edge = false;  // the ramp exactly met: rounding decides
      if (state == State::recovering) {
        const auto share = static_cast<__int128>(2) * (allowed + 1) * o.recovery.count();
        const auto ramp = static_cast<__int128>((now - begun).count()) * (allowed + denied + 1);
        expected = share < ramp;
        edge = share == ramp;
      }
      const Breaker::Entry e = b.enter(now, false);
      RC_ASSERT(e.state == state);
      RC_ASSERT(edge || e.allowed == expected);
      if (state == State::recovering) ++(e.allowed ? allowed : denied);
      if (!e.allowed) continue;
      if (b.record(now, step & 0x8000 ? 502 : 200, {}, false).tripped) {
        state = State::tripped;
        until = now + o.fallback;
      }
    }
  }));
}

// Whatever comes: tripped lasts exactly as long as it should, and nothing passes meanwhile.
TEST(Breaker, NothingPassesWhileTripped) {
  EXPECT_TRUE(rc::check("by random walks", [] {
    BreakerOptions o;
    o.fallback = milliseconds(*rc::gen::inRange(1, 3000));
    o.recovery = milliseconds(*rc::gen::inRange(1, 3000));
    auto p = Predicate::compile("NetworkErrorRatio() > 0.3", Breaker::language());
    RC_ASSERT(p.has_value());
    Breaker b(std::move(*p), o);
    const auto steps = *rc::gen::container<std::vector<uint16_t>>(rc::gen::arbitrary<uint16_t>());
    Instant now{};
    std::optional<Instant> until;
    for (uint16_t step : steps) {
      now += milliseconds(step % 512);
      const bool allowed = b.enter(now, false).allowed;
      if (until && now < *until) RC_ASSERT(!allowed);
      if (!until) RC_ASSERT(allowed);
      if (allowed && b.record(now, step & 0x8000 ? 502 : 200, {}, false).tripped)
        until = now + o.fallback;
    }
  }));
}

}  // namespace
}  // namespace gateproof::middleware
