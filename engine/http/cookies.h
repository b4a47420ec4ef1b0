// Cookies as Go's net/http reads and writes them (RFC 6265).
#pragma once
#include <optional>
#include <string>

#include "engine/http/headers.h"

namespace gateproof::http {

// The value of the first cookie of that name in the Cookie lines.
std::optional<std::string> cookie_value(const Headers& headers, std::string_view name);

struct SetCookie {
  std::string name, value, path, domain;
  int64_t max_age = 0;  // seconds; 0: session cookie, negative: Max-Age=0 (delete)
  bool http_only = false;
  bool secure = false;
  std::string same_site;  // none, lax, strict; anything else: attribute omitted
};
// The value of a Set-Cookie line, attributes in Go's order.
std::string format_set_cookie(const SetCookie& c);

}  // namespace gateproof::http
