// What an unquoted YAML or JSON scalar means, as Go's yaml.v3 resolves it, in the text that Traefik's decoder works on.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::config {

struct PlainScalar {
  enum Kind : uint8_t { text, null, boolean, integer, real, date };
  Kind kind = text;
  std::string
      spelled;  // of booleans and numbers: "true", "31", "1.500000", "+Inf"; else empty: take the scalar as written
};

PlainScalar resolve_plain(std::string_view s);

}  // namespace gateproof::config
