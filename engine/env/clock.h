// Time. Monotonic and wall time are separate, and both are asked from the World, never from the machine.
#pragma once
#include <chrono>
#include <cstdint>

namespace gateproof {

using Duration = std::chrono::nanoseconds;
struct MonotonicTime {};
// Nanoseconds since the world began (virtual) or since boot (real).
using Instant = std::chrono::time_point<MonotonicTime, std::chrono::nanoseconds>;
inline constexpr Instant instant_max = Instant::max();

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // Nanoseconds since the Unix epoch.
  virtual int64_t wall_ns() const = 0;
};

}  // namespace gateproof
