// Random streams of the real world: seeded from the system, or from `gateproof.seed`.
#pragma once
#include "engine/env/random.h"

namespace gateproof::net {

class RealRandom final : public Random {
 public:
  // 0: a seed from the system.
  explicit RealRandom(uint64_t seed = 0);
  RandomStream stream(std::string_view name) override;
  uint64_t seed() const { return seed_; }

 private:
  uint64_t seed_;
};

}  // namespace gateproof::net
