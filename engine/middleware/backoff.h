// The waits between the tries of retry, as the library that Traefik uses makes them.
#pragma once
#include <optional>

#include "engine/env/clock.h"
#include "engine/env/random.h"

namespace gateproof::middleware {

// No single wait is longer than this by its middle (jitter comes on top), and no series lasts longer than backoff_total_max.
inline constexpr Duration backoff_interval_max = std::chrono::seconds(60);
inline constexpr Duration backoff_total_max = std::chrono::minutes(15);

// The first wait is `initial`, each next one 2^(1/(attempts-1)) times the one before, so that the last is about twice the
// first; each is spread evenly over half to one and a half of that. `initial` 0: no waits.
class Backoff {
 public:
  Backoff(Duration initial, int64_t attempts, Instant begun);
  // The next wait; nullopt when it would end later than backoff_total_max after the beginning.
  std::optional<Duration> next(Instant now, RandomStream& random);
  double multiplier() const;

 private:
  Duration interval_;
  int64_t attempts_;
  Instant begun_;
};

}  // namespace gateproof::middleware
