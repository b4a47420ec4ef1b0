// Every allocation of this process is counted: operator new is replaced (counting_new.cpp).
#pragma once
#include <cstdint>

namespace gateproof::measure {

struct Allocations {
  uint64_t count = 0;
  uint64_t bytes = 0;  // as asked for
};

// Since the process began, of all threads.
Allocations allocations();

}  // namespace gateproof::measure
