// The answer that a failure becomes (catalogue 4.7). The only place where a failure is mapped to a status.
#pragma once
#include "engine/base/error.h"

namespace gateproof::upstream {

// 502 refused, reset, end before an answer; 504 timeout; 499 client gone (canceled; of a server it is 500); 503 nothing to choose from; 500 anything else.
int status_of(const Error& error);

}  // namespace gateproof::upstream
