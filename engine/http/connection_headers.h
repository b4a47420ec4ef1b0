// Hop-by-hop fields (RFC 9110 section 7.6.1, catalogue 2.2).
#pragma once
#include <span>

#include "engine/http/headers.h"

namespace gateproof::http {

// The field that an upgrade asks for ("websocket"), or "" when Connection does not name Upgrade.
std::string_view upgrade_of(const Headers& headers);

// The entry point's step, before middlewares: every name in Connection is removed but the managed forwarded fields and `keep`;
// Connection goes too, unless it asked for an upgrade (it is then just "Upgrade").
void remove_connection_nominated(Headers& headers, std::span<const std::string> keep);

// The proxy stage's step, in both directions: Connection and what it names, Keep-Alive, Proxy-Connection, Proxy-Authenticate,
// Proxy-Authorization, Te, Trailer, Transfer-Encoding, Upgrade.
void remove_hop_by_hop(Headers& headers);

// The first field whose value no message can carry (a control character in it), which is how Go's client refuses a request;
// empty when there is none. Names are tokens here: whoever adds fields of other names sees to it.
std::string_view unsendable_field(const Headers& headers);

}  // namespace gateproof::http
