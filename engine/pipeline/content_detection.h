// The Content-Type of an answer that has none, where it may be guessed (Exchange::detect_content_type): Go's server does so
// when the answer leaves, after every middleware has seen it.
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::pipeline {

// How long an answer of known length is held back for its first bytes: Traefik flushes what it has after that.
inline constexpr Duration detection_wait = std::chrono::milliseconds(100);

// What Traefik reads of an answer at once: one of unknown length that ends within has been sent without a type by then.
inline constexpr size_t first_read_bytes_max = 32u << 10;

// Adds the field, or leaves the answer as it is: no body, a Content-Type (also an empty one) or a Content-Encoding is there,
// no byte in time; or the body's length is not told and either nothing of it or all of it is there with the head (Traefik
// sends the head of such an answer at once, before it looks at the body).
Task<void> detect_content_type(http::Exchange& x);

}  // namespace gateproof::pipeline
