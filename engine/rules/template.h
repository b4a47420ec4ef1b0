// Templates of the v2 language, "/users/{id:[0-9]+}": literal text and named expressions (gorilla/mux's, which Traefik uses).
#pragma once
#include <string>
#include <string_view>

#include "engine/rules/regex.h"

namespace gateproof::rules {

struct Template {
  enum Kind : uint8_t { host, path, path_prefix, query, server_name };
  // Errors carry Traefik's text: `mux: unbalanced braces in "/{a"`, `mux: missing name or pattern in "{}"`.
  static Result<Template> compile(std::string_view text, Kind kind);

  bool matches(std::string_view subject) const { return re.search(subject); }

  Regex re;
  std::string literal;  // the text before the first brace
  bool plain = false;   // no braces at all
};

}  // namespace gateproof::rules
