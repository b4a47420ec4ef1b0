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
  std::string expires;    // an HTTP date; empty: attribute omitted
  bool quoted = false;    // the value was, and is, written in quotes
  bool partitioned = false;
};
// What Go's client makes of a Set-Cookie line: attributes that it does not know or cannot read are lost; nullopt for a line
// without '=', with a name that is no token or with a value that holds bytes not allowed there.
std::optional<SetCookie> parse_set_cookie(std::string_view line);
// The value of a Set-Cookie line, attributes in Go's order.
std::string format_set_cookie(const SetCookie& c);

}  // namespace gateproof::http
