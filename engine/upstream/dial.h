// A new connection to a server: addresses in order, then TLS where the scheme is https.
#pragma once
#include "engine/http/origin.h"

namespace gateproof::upstream {

// Go's TLSHandshakeTimeout, which Traefik sets.
inline constexpr Duration tls_handshake_timeout = std::chrono::seconds(10);

// Errors are the server's (Source::upstream): refused, timeout, reset, protocol; nothing of a request was written to it.
// `alpn`: what is offered over TLS, the best first.
Task<Result<TlsConnection>> dial(Env& env, const http::OriginServer& server,
                                 std::vector<std::string> alpn);

}  // namespace gateproof::upstream
