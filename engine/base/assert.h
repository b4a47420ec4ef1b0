// Assertions for broken invariants only. Traffic and configuration can never trip one.
#pragma once

namespace gateproof {
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);
}

#define GP_ASSERT(cond) \
  do { \
    if (!(cond)) ::gateproof::assertion_failed(#cond, __FILE__, __LINE__); \
  } while (0)
