// Middleware types that come later: their schemas, so that configurations using them are checked.
#pragma once
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

// Their build always fails with Code::unsupported.
std::vector<MiddlewareSpec> later_types();

}  // namespace gateproof::middleware
