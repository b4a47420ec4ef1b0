#include "engine/middleware/backoff.h"

#include <cmath>

namespace gateproof::middleware {

Backoff::Backoff(Duration initial, int64_t attempts, Instant begun)
    : interval_(attempts < 2 ? Duration::zero() : std::max(initial, Duration::zero())),
      attempts_(attempts),
      begun_(begun) {}

double Backoff::multiplier() const {
  return attempts_ < 2 ? 1.0 : std::pow(2.0, 1.0 / static_cast<double>(attempts_ - 1));
}

std::optional<Duration> Backoff::next(Instant now, RandomStream& random) {
  if (interval_ == Duration::zero()) return Duration::zero();
  const auto middle = static_cast<double>(interval_.count());
  const double part = static_cast<double>(random.next() >> 11) * 0x1.0p-53;  // [0, 1)
  // From a half to one and a half, both ends included.
  const auto wait = Duration(static_cast<int64_t>(0.5 * middle + part * (middle + 1)));
  const auto longest = static_cast<double>(backoff_interval_max.count());
  const double by = multiplier();
  interval_ =
      middle >= longest / by ? backoff_interval_max : Duration(static_cast<int64_t>(middle * by));
  if (now - begun_ + wait > backoff_total_max) return std::nullopt;
  return wait;
}

}  // namespace gateproof::middleware
