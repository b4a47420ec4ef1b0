// Bytes in front of a connection as a PROXY header, versions 1 and 2. Whether they are one is decided alike however they arrive
// in pieces; a header never claims more bytes than there are, ends where a second reading ends, and is written back as it was
// read. The first byte chooses: as they are, or behind a good signature.
#include "engine/base/assert.h"
#include "engine/pipeline/proxy_protocol.h"

using namespace gateproof;
using namespace gateproof::pipeline;

namespace {

constexpr std::string_view signature_v2("\r\n\r\n\0\r\nQUIT\n", 12);

bool same(const ProxyHeader& a, const ProxyHeader& b) {
  return a.kind == b.kind && a.bytes == b.bytes && a.source == b.source &&
         a.destination == b.destination;
}

// Once decided, more bytes change nothing; before that, nothing is said.
void check_pieces(std::string_view bytes, const ProxyHeader& all) {
  const size_t step = bytes.size() > 256 ? bytes.size() / 64 : 1;
  for (size_t n = 0; n < bytes.size(); n += step) {
    const std::string copy(bytes.substr(0, n));  // its own allocation: reading over its end is seen
    const ProxyHeader early = read_proxy_header(copy, false);
    if (early.kind == ProxyHeader::need_more) {
      GP_ASSERT(!early.source && !early.destination);
      GP_ASSERT(n < proxy_header_bytes_max);
    } else {
      GP_ASSERT(early.kind == all.kind);
      if (early.kind == ProxyHeader::header) GP_ASSERT(same(early, all));
    }
    // Whoever ends has said all: that is decided, and alike where it had been.
    const ProxyHeader ended = read_proxy_header(copy, true);
    GP_ASSERT(ended.kind != ProxyHeader::need_more);
    if (early.kind != ProxyHeader::need_more) GP_ASSERT(same(ended, early));
  }
}

void check_written(const ProxyHeader& h) {
  GP_ASSERT(h.source.has_value() == h.destination.has_value());
  if (!h.source) return;
  for (int version : {1, 2}) {
    const std::string again = proxy_header(version, *h.source, *h.destination);
    GP_ASSERT(version == 2 || again.size() <= proxy_header_v1_bytes_max);
    const ProxyHeader back = read_proxy_header(again, false);
    GP_ASSERT(back.kind == ProxyHeader::header && back.bytes == again.size());
    GP_ASSERT(back.source == h.source && back.destination == h.destination);
  }
}

void check(std::string_view bytes) {
  const ProxyHeader h = read_proxy_header(bytes, false);
  check_pieces(bytes, h);
  if (h.kind != ProxyHeader::header) return;
  GP_ASSERT(h.bytes > 0 && h.bytes <= bytes.size());
  GP_ASSERT(same(read_proxy_header(bytes.substr(0, h.bytes), false), h));
  GP_ASSERT(same(read_proxy_header(std::string(bytes.substr(0, h.bytes)) + "GET /", false), h));
  check_written(h);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 1) bytes.insert(0, "PROXY ");
  if (data[0] % 3 == 2) bytes.insert(0, signature_v2);
  check(bytes);
  return 0;
}
