// Target 6: targets, paths, queries and hosts. Properties: canonical forms are fixed points; match(raw) = match(canonical); no
// dot segment, double slash, control character or raw '#' survives; what was escaped comes back.
#include "engine/base/assert.h"
#include "engine/http/url.h"

using namespace gateproof::http;

namespace {

void check_path(std::string_view text) {
  const auto path = canonical_path(text);
  if (!path) return;
  const std::string canonical = path->escaped();
  const auto again = canonical_path(canonical);
  GP_ASSERT(again && again->escaped() == canonical);
  GP_ASSERT(routing_path(routing_path(canonical)) == routing_path(canonical));
  GP_ASSERT(canonical.find('#') == std::string::npos && canonical.find('?') == std::string::npos);
  for (char c : canonical) GP_ASSERT(c > 0x20 && c < 0x7f);
  if (text.starts_with('/')) {
    GP_ASSERT(canonical.starts_with('/') && canonical.find("//") == std::string::npos);
    GP_ASSERT((canonical + "/").find("/../") == std::string::npos &&
              (canonical + "/").find("/./") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_path(text);
  for (const char* method : {"GET", "OPTIONS", "CONNECT"}) {
    const auto target = parse_target(method, text);
    if (target) check_path(target->path);
  }
  GP_ASSERT(unescape_path(escape_path(text)) == text);
  GP_ASSERT(unescape_query(escape_query(text)) == text);
  const std::string host = canonical_host(text);
  if (host.find_first_of(":[] \t\r\n") == std::string::npos)
    GP_ASSERT(canonical_host(host) == host);
  parse_query(text);
  split_url(text);
  clean_path(text);
  return 0;
}
