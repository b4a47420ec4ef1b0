// Variables in compose files: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?message}, ${NAME:+other} and $$.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/environment.h"

namespace gateproof::providers {

// Defaults in defaults; what is nested deeper is taken as text.
inline constexpr size_t interpolation_depth_max = 16;

struct Interpolated {
  std::string text;
  std::vector<std::string> missing;  // names that are not set and have no default
  bool malformed = false;            // a $ before something else; it stays as it is
};
Interpolated interpolate(std::string_view text, const Environment& environment);

}  // namespace gateproof::providers
