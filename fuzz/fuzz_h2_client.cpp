// Frames of a server into a client's session with a few requests under way. Properties as in fuzz_h2_server.cpp.
#include "fuzz/h2_fuzz.h"

using namespace gateproof::http::h2;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  compare_cuts(Role::client, {reinterpret_cast<const char*>(data), size}, 4);
  return 0;
}
