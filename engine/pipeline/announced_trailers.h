// What Go's server does with fields of an answer's head that its `Trailer` names: they are trailers too (catalogue 2.2).
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::pipeline {

// Puts the head's fields that `Trailer` names in front of the body's trailers, for which HTTP/1.1 has a place only if no length is
// told. They stay in the head.
void repeat_announced(http::Response& r, bool http2);

}  // namespace gateproof::pipeline
