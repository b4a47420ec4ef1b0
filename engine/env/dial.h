// Connecting to a name: its addresses in turn, and both families side by side when the first one is slow (RFC 8305, with the
// figures of Go's dialer, which is what Traefik dials with).
#pragma once
#include <string>
#include <vector>

#include "engine/env/env.h"

namespace gateproof {

// How long the family of the first address is alone.
inline constexpr Duration dial_fallback_delay = std::chrono::milliseconds(300);
// What one address of several gets at least, while the deadline leaves it.
inline constexpr Duration dial_address_time_min = std::chrono::seconds(2);

// Looks `host` up (nothing is looked up for an IP address) and connects to the first address that answers. Each address of a
// family gets an equal share of the time that is left. Errors: refused (also: no such name, no address), timeout, io; of several
// addresses the first one's family tells its last.
Task<Result<std::unique_ptr<Stream>>> dial(Env& env, std::string host, uint16_t port,
                                           Instant deadline);
// The same for addresses that are known.
Task<Result<std::unique_ptr<Stream>>> dial_any(Env& env, std::vector<SocketAddress> addresses,
                                               Instant deadline);

}  // namespace gateproof
