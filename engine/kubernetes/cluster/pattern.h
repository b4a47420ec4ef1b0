// Regular expressions that a schema or its rules name. This layer has none of its own: whoever makes the store hands in a compiler
// (the engine's RE2).
#pragma once
#include <functional>

#include "engine/base/error.h"

namespace gateproof::kubernetes::cluster {

// Whether the expression matches anywhere in a text.
using PatternMatch = std::function<bool(std::string_view)>;
using PatternCompiler = std::function<Result<PatternMatch>(std::string_view pattern)>;

}  // namespace gateproof::kubernetes::cluster
