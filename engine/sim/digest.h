// Digest: 64 bits over everything that a world sent and was answered, in order. No cryptography: it tells two runs apart, and is
// quick, because it reads every byte of every exchange.
#pragma once
#include <cstring>

#include "engine/sim/host.h"

namespace gateproof::sim {

class Digest {
 public:
  explicit Digest(uint64_t value) : h_(value) {}
  static uint64_t of(uint64_t seed) {
    Digest d(0x243f6a8885a308d3ull);
    d.add(seed);
    return d.value();
  }

  void add(uint64_t word) {
    h_ = (h_ ^ word) * 0x9e3779b97f4a7c15ull;
    h_ ^= h_ >> 29;
  }
  // The length goes in too: it keeps neighbours apart. The tail is read as one word that overlaps the one before.
  void add(std::string_view s) {
    add(static_cast<uint64_t>(s.size()));
    const char* p = s.data();
    size_t n = s.size();
    for (; n > 8; p += 8, n -= 8) add(word<uint64_t>(p));
    if (s.size() >= 8) {
      add(word<uint64_t>(s.data() + s.size() - 8));
    } else if (n >= 4) {
      add(uint64_t{word<uint32_t>(p)} << 32 | word<uint32_t>(p + n - 4));
    } else if (n > 0) {
      add(uint64_t{byte(p[0])} << 16 | uint64_t{byte(p[n / 2])} << 8 | byte(p[n - 1]));
    }
  }
  void add(const FieldList& fields) {
    add(static_cast<uint64_t>(fields.size()));
    for (const auto& [name, value] : fields) {
      add(std::string_view(name));
      add(std::string_view(value));
    }
  }
  uint64_t value() const { return h_; }

 private:
  template <class Word>
  static Word word(const char* p) {
    Word w;
    std::memcpy(&w, p, sizeof w);
    return w;
  }
  static uint8_t byte(char c) { return static_cast<uint8_t>(c); }
  uint64_t h_;
};

}  // namespace gateproof::sim
