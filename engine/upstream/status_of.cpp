#include "engine/upstream/status_of.h"

namespace gateproof::upstream {

int status_of(const Error& error) {
  switch (error.code) {
    case Code::refused:
    case Code::reset:
    case Code::io: return 502;
    case Code::timeout: return 504;
    // A server that gives a request up by frames of HTTP/2 is 500, as in Traefik.
    case Code::canceled: return error.source == Source::upstream ? 500 : 499;
    case Code::unavailable: return 503;
    // RFC 9112 section 6.3: a proxy that cannot read an answer says 502; Traefik says 500 (DEVIATIONS).
    case Code::protocol: return error.source == Source::upstream ? 502 : 500;
    default: return 500;
  }
}

}  // namespace gateproof::upstream
