// What becomes of an answer that somebody throws away after its server streamed it (failover and retry by status).
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::upstream {

// Whether Go's proxy flushed the answer in `x` on its way out: no length is told, or events are streamed; and nobody outside
// holds answers or flushes back.
bool is_flushed(const http::Exchange& x);

// Whether the answer in `x` is a server's and streams events, which Go's proxy flushes piece by piece.
bool streams_events(const http::Exchange& x);

// The status that whoever looks at the answer from outside is told, be it too late for the client (keep_body_only).
int written_status(const http::Exchange& x);

// Traefik lets that flush through to the client even where the answer itself is caught: it sends a 200 without fields, and of the
// answer that counts only the body can follow.
void keep_body_only(http::Exchange& x);

// The fields behind a body do not pass what looks at status codes; their announcement does (Traefik).
void drop_trailers(http::Response& r);

}  // namespace gateproof::upstream
