// Any first bytes of a connection: what they are is decided alike however they arrive in pieces, and once decided more bytes
// change nothing. (A PROXY header in front of them: fuzz_proxy_protocol.cpp.)
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/pipeline/client_hello.h"

using namespace gateproof;
using namespace gateproof::pipeline;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

void check_opening(std::string_view bytes) {
  ClientHello whole;
  const Opening all = look_at_opening(bytes, false, whole);
  if (all == Opening::need_more) {
    // A longer wait ends in a decision; whoever says nothing has no name.
    ClientHello hello;
    require(look_at_opening(bytes, true, hello) != Opening::need_more);
    require(hello.server_name.empty());
  }
  const size_t step = bytes.size() > 256 ? bytes.size() / 64 : 1;
  for (size_t n = 0; n < bytes.size(); n += step) {
    ClientHello part;
    const std::string copy(bytes.substr(0, n));  // its own allocation: reading over its end is seen
    const Opening early = look_at_opening(copy, false, part);
    if (early == Opening::need_more) {
      require(part.server_name.empty() && part.alpn.empty());
      continue;
    }
    require(early == all);
    require(part.server_name == whole.server_name && part.alpn == whole.alpn);
  }
  for (char c : whole.server_name) require(c < 'A' || c > 'Z');
  for (const std::string& p : whole.alpn) require(!p.empty() && p.size() <= 255);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_opening(bytes);
  return 0;
}
