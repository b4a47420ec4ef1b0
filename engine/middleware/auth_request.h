// What forwardAuth's server is told about a request (catalogue 3.2): header fields of the sub-request.
#pragma once
#include <optional>

#include "engine/http/exchange.h"

namespace gateproof::middleware {

struct AuthRequestPolicy {
  // unset: Traefik's old way, in which For, Proto, Method, Host and Uri are made here and other X-Forwarded fields of the
  // client leak through; false: all of them go first; true: what is there stays, and the peer is appended to For.
  std::optional<bool> trust_forward_header;
  std::vector<std::string> allowed;  // empty: all fields
};

// Without framing fields. The caller adds what Go's client would (Accept-Encoding, Authorization from the URL).
http::Headers auth_request_headers(const http::Exchange& x, const AuthRequestPolicy& policy);

}  // namespace gateproof::middleware
