// The circuit breaker apart from HTTP: rolling metrics, and the states standby, tripped and recovering.
//
// It follows the library that Traefik uses (oxy): no minimum of samples, a window of ten one-second buckets for the counts,
// six histograms of ten seconds for latencies, and a ramp from 0 to a half of the requests while recovering.
#pragma once
#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/env/clock.h"
#include "engine/middleware/predicate.h"

namespace gateproof::middleware {

inline constexpr size_t rolling_buckets = 10;
inline constexpr Duration rolling_bucket_time = std::chrono::seconds(1);

// Events of about the last ten seconds.
class RollingCounter {
 public:
  void add(Instant now);
  int64_t count(Instant now);

 private:
  void forget(int64_t second);
  std::array<int64_t, rolling_buckets> values_{};
  int64_t last_ = INT64_MIN;  // second of the last event
};

// Latencies from a microsecond to an hour and beyond with two significant digits, in memory of fixed size (HDR histogram).
class LatencyHistogram {
 public:
  static constexpr int half_bits = 7;  // 128 steps to each power of two: 1 % or better
  static constexpr size_t slots = 26u << half_bits;

  void record(Duration latency);
  void merge(const LatencyHistogram& o);
  void clear() { *this = LatencyHistogram(); }
  int64_t total() const { return total_; }
  // The highest latency that the nearest step stands for, in microseconds; percentile 0..100 (more counts as 100).
  int64_t microseconds_at(double percentile) const;

 private:
  std::array<uint32_t, slots> counts_{};
  int64_t total_ = 0;
};

// Six histograms, ten seconds each. As in the library they turn only when a latency is recorded, and one step at a time: after
// a quiet hour the old latencies are still there.
class RollingLatencies {
 public:
  static constexpr size_t histograms = 6;
  static constexpr Duration period = std::chrono::seconds(10);
  void record(Instant now, Duration latency);
  int64_t milliseconds_at(double percentile) const;
  void clear(Instant now);

 private:
  std::array<LatencyHistogram, histograms> ring_;
  size_t at_ = 0;
  std::optional<Instant> turned_;
};

struct BreakerOptions {
  Duration check_period = std::chrono::milliseconds(100);
  Duration fallback = std::chrono::seconds(10);
  Duration recovery = std::chrono::seconds(10);
};

// Shared by all event loops; a mutex guards it.
class Breaker {
 public:
  enum class State : uint8_t { standby, tripped, recovering };
  static std::string_view name(State s);
  // The functions of its expressions.
  static const PredicateLanguage& language();

  Breaker(Predicate condition, BreakerOptions options);

  struct Entry {
    bool allowed = true;
    State state = State::standby;
    std::string why;  // for the trace, when asked for
  };
  // Whether a request may go on.
  Entry enter(Instant now, bool explain);
  struct Verdict {
    bool checked = false;
    bool tripped = false;
    State state = State::standby;
    std::string why;
  };
  // A request has been answered.
  Verdict record(Instant now, int status, Duration latency, bool explain);
  State state() const;

 private:
  class Facts;
  double network_error_ratio(Instant now);
  double response_code_ratio(Instant now, int64_t from, int64_t to, int64_t by_from, int64_t by_to);
  void trip(Instant now);

  const Predicate condition_;
  const BreakerOptions options_;
  mutable std::mutex mutex_;
  State state_ = State::standby;
  Instant until_{};
  std::optional<Instant> next_check_;
  // While recovering.
  Instant recovery_begun_{};
  int64_t allowed_ = 0, denied_ = 0;
  // The metrics. There are as many counters as there are different status codes, 900 at most.
  RollingCounter total_, network_errors_;
  std::unordered_map<int, RollingCounter> by_status_;
  std::unique_ptr<RollingLatencies> latencies_;  // only when the expression asks for them
};

}  // namespace gateproof::middleware
