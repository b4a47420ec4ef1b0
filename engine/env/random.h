// Random numbers: named streams, so that a draw added in one place does not shift another; our own distributions, so that
// they do not vary by library.
#pragma once
#include <cstdint>
#include <string_view>

namespace gateproof {

// SplitMix64: small, good enough for balancing and jitter, the same everywhere. Not for secrets.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed = 0) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

class Random {
 public:
  virtual ~Random() = default;
  // The same name gives the same sequence in a world with the same seed.
  virtual RandomStream stream(std::string_view name) = 0;
};

}  // namespace gateproof
