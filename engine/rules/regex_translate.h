// Go's regular expression syntax written as RE2's: what Go has and this RE2 has not, and the reverse.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace gateproof::rules {

struct TranslatedRegex {
  std::string pattern;  // for RE2; named groups have become plain ones
  std::vector<std::string>
      names;  // by group number, [0] is the whole match; empty for unnamed ones
};

// Errors carry Go's text without its "error parsing regexp: ".
Result<TranslatedRegex> translate_go_regex(std::string_view pattern);

}  // namespace gateproof::rules
