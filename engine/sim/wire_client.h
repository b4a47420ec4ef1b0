// The client of the wire arm: bytes out, the answer in, on one stream.
#pragma once
#include "engine/sim/world.h"

namespace gateproof::sim {

struct WireAnswer {
  int status = 0;
  std::string reason;
  FieldList headers;
  std::string body;
  FieldList trailers;
  bool keep_alive = true;
  std::string error;  // the connection ended early, or the answer is malformed
  std::shared_ptr<const http::TlsState> tls;
};

// The request's bytes (or request.raw as it is).
std::string wire_bytes(const Request& request);
Task<WireAnswer> wire_exchange(Stream& stream, std::string bytes, bool head_request);
// The same on a connection of its own, which is closed behind it.
Task<WireAnswer> wire_exchange(std::unique_ptr<Stream> stream, std::string bytes,
                               bool head_request);
// The request inside TLS, as request.tls_client wants it.
Task<WireAnswer> secure_exchange(std::unique_ptr<Stream> stream, Request request,
                                 const Clock& clock);

}  // namespace gateproof::sim
