// Target 4: frames of a client into a server's session, HPACK through nghttp2's coder included. Properties: what happens does not
// depend on how bytes are cut; nothing that HTTP/1.1 could not carry comes out; windows are kept.
#include "fuzz/h2_fuzz.h"

using namespace gateproof::http::h2;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  compare_cuts(Role::server, {reinterpret_cast<const char*>(data), size}, 0);
  return 0;
}
