#include "engine/net/random.h"

#include <sys/random.h>

#include "engine/net/clock.h"

namespace gateproof::net {

RealRandom::RealRandom(uint64_t seed) : seed_(seed) {
  if (seed_ != 0) return;
  // 8 bytes never come short once the pool is initialised; the clock covers the moment before that.
  if (getrandom(&seed_, sizeof seed_, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof seed_)) {
    seed_ = static_cast<uint64_t>(RealClock().wall_ns());
  }
}

RandomStream RealRandom::stream(std::string_view name) {
  uint64_t hash = 1469598103934665603ull ^ seed_;  // FNV-1a
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return RandomStream(hash);
}

}  // namespace gateproof::net
