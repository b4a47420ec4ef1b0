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
};

// The request's bytes (or request.raw as it is).
std::string wire_bytes(const Request& request);
Task<WireAnswer> wire_exchange(Stream& stream, std::string bytes, bool head_request);

}  // namespace gateproof::sim
