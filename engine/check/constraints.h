// Constraint expressions over a container's labels (catalogue 6.4): Label(`key`, `value`) and LabelRegex(`key`, `pattern`) with
// && || ! and parentheses.
#pragma once
#include <map>
#include <string>

#include "engine/base/error.h"

namespace gateproof::check {

// A longer expression is refused.
inline constexpr size_t constraints_bytes_max = 64u << 10;

// Whether the labels satisfy the expression. A label that is missing is an empty text, a pattern that does not compile matches
// nothing, as in Traefik. Errors are of the expression, in the words of Traefik's parser.
Result<bool> constraints_match(std::string_view expression,
                               const std::map<std::string, std::string>& labels);

}  // namespace gateproof::check
