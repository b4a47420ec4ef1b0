// Interim answers of servers on their way to the client.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::upstream {

// RFC 9110 section 15.2: a proxy passes interim answers on, unless it asked for them itself. Fields of this hop go, as ever.
void pass_interim(http::Exchange& x, int status, http::Headers& headers);

}  // namespace gateproof::upstream
