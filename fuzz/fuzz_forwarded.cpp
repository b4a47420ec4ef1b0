// Target 13: forwarded headers and Connection against a list-based model. The first byte chooses trust and TLS, the rest is
// "name: value" lines. Properties: nothing managed that an untrusted peer sent survives, in any spelling; nothing that Connection
// nominates survives but managed names; our own fields are there afterwards, once.
#include "engine/base/assert.h"
#include "engine/env/testing/fake.h"
#include "engine/http/connection_headers.h"
#include "engine/http/forwarded.h"

using namespace gateproof;
using namespace gateproof::http;

namespace {

void add_lines(Headers& headers, std::string_view lines) {
  for (std::string_view line : text::split(lines, '\n')) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view value = text::trim(line.substr(colon + 1));
    if (is_token(line.substr(0, colon)) && is_field_value(value))
      headers.add(line.substr(0, colon), value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static testing::FakeWorld world;
  Exchange x(world.env);
  x.peer = {IpAddress::v4(192, 0, 2, 7), 4711};
  x.tls = data[0] & 1;
  x.request.host = data[0] & 2 ? "h.test:81" : "h.test";
  ForwardedPolicy policy;
  policy.trust_all = data[0] & 4;
  policy.every_field = data[0] & 8;
  policy.host_name = "proxy";
  add_lines(x.request.headers, {reinterpret_cast<const char*>(data) + 1, size - 1});
  const Headers before = x.request.headers;
  apply_forwarded(x, policy);
  const Headers& h = x.request.headers;
  GP_ASSERT(x.trusted_peer == policy.trust_all);
  GP_ASSERT(h.values("X-Forwarded-Server").size() == 1 && h.get("X-Forwarded-Server") == "proxy");
  for (const char* own : {"X-Real-Ip", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Host"})
    GP_ASSERT(!h.get(std::string_view(own)).empty());
  if (!policy.trust_all) {
    size_t managed = 0;
    for (const Headers::Field& f : h) {
      const bool forwarding = policy.every_field && is_forwarding_field(f.name);
      managed += forwarding || is_managed_forwarded(f.name) ? 1 : 0;
    }
    GP_ASSERT(managed == 5 && h.get("X-Real-Ip") == "192.0.2.7" && !h.has("X-Forwarded-For"));
  }
  for (const Headers::Field& f : h) {
    const bool nominated =
        list_has_token(before, "Connection", f.name) && !is_managed_forwarded(f.name);
    GP_ASSERT(!nominated || text::iequals(f.name, "Upgrade") ||
              text::iequals(f.name, "Connection"));
  }
  for (const Headers::Field& f : before) {  // nothing else is lost
    if (is_managed_forwarded(f.name) || text::iequals(f.name, "Connection")) continue;
    if (policy.every_field && !policy.trust_all && is_forwarding_field(f.name)) continue;
    GP_ASSERT(list_has_token(before, "Connection", f.name) || h.has(f.name));
  }
  remove_hop_by_hop(x.request.headers);
  GP_ASSERT(!h.has("Connection") && !h.has("Upgrade") && !h.has("Transfer-Encoding"));
  GP_ASSERT(append_forwarded_for(h, x.peer.ip).ends_with("192.0.2.7"));
  return 0;
}
