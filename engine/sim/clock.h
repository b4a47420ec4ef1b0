// Virtual time: moves only when the loop has nothing left to do at this instant.
#pragma once
#include "engine/env/clock.h"

namespace gateproof::sim {

class VirtualClock final : public Clock {
 public:
  // Wall time begins at 2026-01-01T00:00:00Z in every world, so that dates do not vary from run to run.
  static constexpr int64_t wall_start_ns = 1'767'225'600'000'000'000;

  Instant now() const override { return now_; }
  int64_t wall_ns() const override { return wall_start_ns + now_.time_since_epoch().count(); }
  void advance_to(Instant t) {
    if (t > now_) now_ = t;
  }

 private:
  Instant now_{};
};

}  // namespace gateproof::sim
