// Reaching a server of a load balancer: a connection, and TLS on it where the server's scheme says so.
#pragma once
#include "engine/http/origin.h"

namespace gateproof::upstream {

// Where TLS is spoken to the server; null: it is not.
inline TlsConnector* tls_of(const http::OriginServer& server) {
  return server.scheme == "https" ? server.tls.get() : nullptr;
}

// Dials within the server's dialTimeout, and offers `alpn` over TLS. Errors: refused, timeout, io; of TLS those of TlsConnector.
// All are Retry::yes: nothing was asked of any server.
Task<Result<TlsConnection>> dial_server(Env& env, const http::OriginServer& server,
                                        std::vector<std::string> alpn);

}  // namespace gateproof::upstream
