// Random streams that follow from the world's seed and the stream's name alone.
#pragma once
#include "engine/env/random.h"

namespace gateproof::sim {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : seed_(seed) {}
  RandomStream stream(std::string_view name) override {
    uint64_t h = 1469598103934665603ull ^ seed_;
    for (char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return RandomStream(h);
  }

 private:
  uint64_t seed_;
};

}  // namespace gateproof::sim
