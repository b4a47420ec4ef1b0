// Cookie and Set-Cookie lines. The first byte chooses: a Set-Cookie line, or Cookie lines. Properties: what was read and is
// written again reads the same, and holds no byte that ends a line; a value found is one that stands in the text.
#include "engine/base/assert.h"
#include "engine/base/text.h"
#include "engine/http/cookies.h"

using namespace gateproof;
using namespace gateproof::http;

namespace {

void read_and_write(std::string_view line) {
  const std::optional<SetCookie> c = parse_set_cookie(line);
  if (!c) return;
  GP_ASSERT(line.find('=') != std::string_view::npos && is_token(c->name));
  const std::string written = format_set_cookie(*c);
  GP_ASSERT(is_field_value(written));
  const std::optional<SetCookie> again = parse_set_cookie(written);
  GP_ASSERT(again && again->name == c->name && again->value == c->value);
  GP_ASSERT(again->http_only == c->http_only && again->secure == c->secure);
  GP_ASSERT(format_set_cookie(*again) == written);
}

void look_up(std::string_view lines) {
  Headers headers;
  for (std::string_view line : text::split(lines, '\n')) {
    if (is_field_value(line)) headers.add("Cookie", line);
  }
  for (std::string_view name : {"a", "_session", "b2"}) {
    const std::optional<std::string> value = cookie_value(headers, name);
    if (!value) continue;
    GP_ASSERT(lines.find(name) != std::string_view::npos);
    GP_ASSERT(lines.find(*value) != std::string_view::npos);
    GP_ASSERT(value->find(';') == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] & 1) {
    read_and_write(text);
  } else {
    look_up(text);
  }
  return 0;
}
