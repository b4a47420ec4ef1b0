// The machine's clocks.
#pragma once
#include "engine/env/clock.h"

namespace gateproof::net {

// Asks the system at every call; usable from every thread.
class RealClock final : public Clock {
 public:
  Instant now() const override;
  int64_t wall_ns() const override;
};

// An event loop's view of the time: read once per batch of events. Deadlines are moved at every request, and a request asks
// for the time half a dozen times; the same answer within a batch is both cheaper and good enough for deadlines.
class LoopClock final : public Clock {
 public:
  LoopClock() { refresh(); }
  Instant now() const override { return now_; }
  int64_t wall_ns() const override { return wall_ns_; }
  void refresh();

 private:
  RealClock real_;
  Instant now_{};
  int64_t wall_ns_ = 0;
};

}  // namespace gateproof::net
