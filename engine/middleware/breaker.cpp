#include "engine/middleware/breaker.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/config/schema.h"

namespace gateproof::middleware {
namespace {

enum Function : size_t { latency_at_quantile, network_error_ratio_of, response_code_ratio_of };

int64_t second_of(Instant t) { return t.time_since_epoch() / rolling_bucket_time; }

std::string left(Instant until, Instant now) { return config::format_duration(until - now); }

}  // namespace

void RollingCounter::forget(int64_t second) {
  constexpr auto n = static_cast<int64_t>(rolling_buckets);
  for (int64_t i = 0; i < n && second - i > last_; ++i) {
    values_[static_cast<size_t>(((second - i) % n + n) % n)] = 0;
  }
}

void RollingCounter::add(Instant now) {
  const int64_t second = second_of(now);
  forget(second);
  ++values_[static_cast<size_t>(second) % rolling_buckets];
  last_ = second;
}

int64_t RollingCounter::count(Instant now) {
  forget(second_of(now));
  int64_t sum = 0;
  for (int64_t v : values_) sum += v;
  return sum;
}

// Slot of a value: the values up to 255 one by one, from there on 128 steps to each power of two.
void LatencyHistogram::record(Duration latency) {
  const int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  if (us < 0) return;
  const auto v = static_cast<uint64_t>(us);
  constexpr uint64_t mask = (2u << half_bits) - 1;
  const int bucket = std::bit_width(v | mask) - (half_bits + 1);
  const size_t slot = (static_cast<size_t>(bucket) << half_bits) + static_cast<size_t>(v >> bucket);
  if (slot >= slots) return;  // longer than it can tell
  ++counts_[slot];
  ++total_;
}

void LatencyHistogram::merge(const LatencyHistogram& o) {
  for (size_t i = 0; i < slots; ++i) counts_[i] += o.counts_[i];
  total_ += o.total_;
}

int64_t LatencyHistogram::microseconds_at(double percentile) const {
  const double share = std::min(percentile, 100.0) / 100;
  const auto wanted = static_cast<int64_t>(share * static_cast<double>(total_) + 0.5);
  if (wanted <= 0) return 0;
  int64_t seen = 0;
  size_t slot = 0;
  for (; slot < slots; ++slot) {
    seen += counts_[slot];
    if (seen >= wanted) break;
  }
  constexpr size_t half = 1u << half_bits;
  const size_t bucket = slot < 2 * half ? 0 : slot / half - 1;
  const auto low = static_cast<int64_t>(slot - bucket * half) << bucket;
  return percentile == 0 ? low : low + (int64_t{1} << bucket) - 1;
}

void RollingLatencies::record(Instant now, Duration latency) {
  if (!turned_ || now - *turned_ >= period) {
    at_ = (at_ + 1) % histograms;
    ring_[at_].clear();
    turned_ = now;
  }
  ring_[at_].record(latency);
}

int64_t RollingLatencies::milliseconds_at(double percentile) const {
  LatencyHistogram all;
  for (const LatencyHistogram& h : ring_) all.merge(h);
  return all.microseconds_at(percentile) / 1000;
}

void RollingLatencies::clear(Instant now) {
  for (LatencyHistogram& h : ring_) h.clear();
  at_ = 0;
  turned_ = now;
}

std::string_view Breaker::name(State s) {
  static constexpr std::string_view names[] = {"standby", "tripped", "recovering"};
  return names[static_cast<size_t>(s)];
}

const PredicateLanguage& Breaker::language() {
  using enum PredicateType;
  static const PredicateLanguage l{
      "cbreaker",
      {{"LatencyAtQuantileMS", {real}, integer},
       {"NetworkErrorRatio", {}, real},
       {"ResponseCodeRatio", {integer, integer, integer, integer}, real}}};
  return l;
}

class Breaker::Facts final : public PredicateFacts {
 public:
  Facts(Breaker& breaker, Instant now) : b_(breaker), now_(now) {}
  PredicateValue value(size_t function, std::span<const PredicateValue> a) const override {
    const auto n = [&](size_t i) { return std::get<int64_t>(a[i]); };
    if (function == latency_at_quantile)
      return b_.latencies_->milliseconds_at(std::get<double>(a[0]));
    if (function == network_error_ratio_of) return b_.network_error_ratio(now_);
    return b_.response_code_ratio(now_, n(0), n(1), n(2), n(3));
  }

 private:
  Breaker& b_;
  Instant now_;
};

Breaker::Breaker(Predicate condition, BreakerOptions options)
    : condition_(std::move(condition)), options_(options) {
  if (condition_.uses(latency_at_quantile)) latencies_ = std::make_unique<RollingLatencies>();
}

double Breaker::network_error_ratio(Instant now) {
  const int64_t all = total_.count(now);
  return all == 0 ? 0.0
                  : static_cast<double>(network_errors_.count(now)) / static_cast<double>(all);
}

double Breaker::response_code_ratio(Instant now, int64_t from, int64_t to, int64_t by_from,
                                    int64_t by_to) {
  int64_t a = 0, b = 0;
  for (auto& [status, counter] : by_status_) {
    const int64_t n = counter.count(now);
    if (status >= from && status < to) a += n;
    if (status >= by_from && status < by_to) b += n;
  }
  return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
}

Breaker::Entry Breaker::enter(Instant now, bool explain) {
  const std::lock_guard lock(mutex_);
  Entry e;
  if (state_ == State::tripped && now >= until_) {
    state_ = State::recovering;
    until_ = now + options_.recovery;
    recovery_begun_ = now;
    allowed_ = denied_ = 0;
  }
  if (state_ == State::recovering && now > until_) state_ = State::standby;
  e.state = state_;
  if (state_ == State::standby) {
    if (explain) e.why = "standby: let through";
    return e;
  }
  if (state_ == State::tripped) {
    e.allowed = false;
    if (explain) e.why = "tripped for another " + left(until_, now);
    return e;
  }
  // Let one more through if the share of those let through stays below the ramp.
  const double ramp = 0.5 * static_cast<double>((now - recovery_begun_).count()) /
                      static_cast<double>(options_.recovery.count());
  const double share =
      static_cast<double>(allowed_ + 1) / static_cast<double>(allowed_ + denied_ + 1);
  e.allowed = share < ramp;
  if (explain) {
    e.why = "recovering for another " + left(until_, now) + ": " + std::to_string(allowed_) +
            " let through and " + std::to_string(denied_) + " refused so far, the ramp is at " +
            print_literal(ramp);
  }
  ++(e.allowed ? allowed_ : denied_);
  return e;
}

void Breaker::trip(Instant now) {
  state_ = State::tripped;
  until_ = now + options_.fallback;
  total_ = network_errors_ = RollingCounter();
  by_status_.clear();
  if (latencies_) latencies_->clear(now);
}

Breaker::Verdict Breaker::record(Instant now, int status, Duration latency, bool explain) {
  const std::lock_guard lock(mutex_);
  total_.add(now);
  if (status == 502 || status == 504) network_errors_.add(now);
  by_status_[status].add(now);
  if (latencies_) latencies_->record(now, latency);

  Verdict v;
  v.state = state_;
  if (next_check_ && now <= *next_check_) {
    if (explain) v.why = "not looked at again before " + left(*next_check_, now) + " have passed";
    return v;
  }
  next_check_ = now + options_.check_period;
  if (state_ == State::tripped) return v;
  v.checked = true;
  const Facts facts(*this, now);
  v.tripped = condition_.holds(facts);
  if (explain) {
    v.why = condition_.explain(facts) + ": " + condition_.print() +
            (v.tripped ? " holds, tripped for " + config::format_duration(options_.fallback)
                       : " does not hold");
  }
  if (v.tripped) trip(now);
  v.state = state_;
  return v;
}

Breaker::State Breaker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace gateproof::middleware
