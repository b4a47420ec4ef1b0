#include "engine/net/clock.h"

#include <ctime>

namespace gateproof::net {

namespace {
int64_t read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}
}  // namespace

Instant RealClock::now() const { return Instant(Duration(read_clock(CLOCK_MONOTONIC))); }
int64_t RealClock::wall_ns() const { return read_clock(CLOCK_REALTIME); }

void LoopClock::refresh() {
  now_ = real_.now();
  wall_ns_ = real_.wall_ns();
}

}  // namespace gateproof::net
