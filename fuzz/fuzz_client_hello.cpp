// Any first bytes of a connection: what they are is decided alike however they arrive in pieces, once decided more bytes change
// nothing, and a PROXY header never claims more bytes than there are and is written back as it was read.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/pipeline/client_hello.h"
#include "engine/pipeline/proxy_protocol.h"

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

void check_proxy(std::string_view bytes) {
  const ProxyHeader h = read_proxy_header(bytes, false);
  require(read_proxy_header(bytes, true).kind != ProxyHeader::need_more);
  if (h.kind != ProxyHeader::header) return;
  require(h.bytes > 0 && h.bytes <= bytes.size());
  require(h.source.has_value() == h.destination.has_value());
  const ProxyHeader exact = read_proxy_header(bytes.substr(0, h.bytes), false);
  require(exact.kind == ProxyHeader::header && exact.source == h.source);
  if (!h.source) return;
  for (int version : {1, 2}) {
    const std::string again = proxy_header(version, *h.source, *h.destination);
    const ProxyHeader back = read_proxy_header(again, false);
    require(back.kind == ProxyHeader::header && back.bytes == again.size());
    require(back.source == h.source && back.destination == h.destination);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_opening(bytes);
  check_proxy(bytes);
  return 0;
}
