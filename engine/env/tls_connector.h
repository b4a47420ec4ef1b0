// How a plain stream to a server becomes a TLS one. The interface is here so that whoever dials (upstream, middlewares, Redis)
// needs no TLS library; engine/tls implements it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/env/transport.h"

namespace gateproof {

struct TlsConnection {
  std::unique_ptr<Stream> stream;
  std::string alpn;  // what the server chose; empty: none
};

class TlsConnector {
 public:
  virtual ~TlsConnector() = default;
  // Shakes hands as the client until `deadline`. `server_name` is sent (unless it is an address) and checked against the
  // certificate. Errors: timeout, reset (also: the server refused with an alert), and what is wrong with the handshake or the
  // certificate, as protocol or as invalid, which Traefik answers with 500. The text is for logs, not for clients.
  virtual Task<Result<TlsConnection>> connect(std::unique_ptr<Stream> plain,
                                              std::string server_name,
                                              std::vector<std::string> alpn, Instant deadline) = 0;
};

}  // namespace gateproof
