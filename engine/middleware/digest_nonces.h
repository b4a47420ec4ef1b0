// The nonces that one digestAuth has given out and still takes, each with the count of its last use.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gateproof::middleware {

// As Traefik's library counts: more than kept + tolerance nonces, and the 2 * tolerance longest unused ones are forgotten.
struct DigestNonceLimits {
  size_t kept = 1000;
  size_t tolerance = 100;
};

class DigestNonces {
 public:
  explicit DigestNonces(DigestNonceLimits limits = {}) : limits_(limits) {}

  enum class Use : uint8_t {
    accepted,
    unknown,   // not given out here, or forgotten
    repeated,  // this count was the last one
    stale,     // a count below the last one
  };
  void add(std::string nonce);
  // Counts grow; 0 is taken any number of times until a greater one was used, as the library does it.
  Use use(std::string_view nonce, uint64_t count);
  size_t size() const { return by_nonce_.size(); }

 private:
  struct Entry {
    std::string nonce;
    uint64_t count = 0;
  };
  const DigestNonceLimits limits_;
  std::list<Entry> order_;  // the longest unused first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_nonce_;
};

}  // namespace gateproof::middleware
