// The raw cost of the least that any engine would have to do, measured in the same process right before the loop that it is
// compared with, and the ratio to it as a counter ("x_floor") in the benchmark's own line.
#pragma once
#include <chrono>

#include <benchmark/benchmark.h>

namespace gateproof::bench {

// Nanoseconds for one call: the quickest of several batches.
template <class F>
double floor_ns(F&& once) {
  using Clock = std::chrono::steady_clock;
  constexpr int batches = 9, calls = 2000;
  double least = 1e18;
  for (int b = 0; b < batches; ++b) {
    const auto begin = Clock::now();
    for (int i = 0; i < calls; ++i) once();
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    least = std::min(least, took.count() / calls);
  }
  return least;
}

// Lives around the measured loop.
class AgainstFloor {
 public:
  AgainstFloor(benchmark::State& state, double floor_ns)
      : state_(state), floor_ns_(floor_ns), begin_(std::chrono::steady_clock::now()) {}
  ~AgainstFloor() {
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin_;
    const auto runs = static_cast<double>(state_.iterations());
    state_.counters["floor_ns"] = floor_ns_;
    if (runs > 0 && floor_ns_ > 0) state_.counters["x_floor"] = took.count() / runs / floor_ns_;
  }
  AgainstFloor(const AgainstFloor&) = delete;
  AgainstFloor& operator=(const AgainstFloor&) = delete;

 private:
  benchmark::State& state_;
  double floor_ns_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace gateproof::bench
