// Looking at the beginning of a body before it goes on: bytes read ahead, and a body that gives them again.
#pragma once
#include "engine/http/body.h"

namespace gateproof::http {

// The beginning of a body, read ahead.
struct BodyStart {
  std::string bytes;
  bool last = false;
  std::optional<Error> error;
};

// Reads until the end, an error, or until more than `bytes` have come. Always true: it came to an end by itself. Destroyed
// while it waits, it has lost nothing: what came is in `into`.
Task<bool> read_start(Body& body, size_t bytes, BodyStart& into);

// As far as it can be had without waiting. False when the reader would have had to wait.
bool try_read_start(Body& body, size_t bytes, BodyStart& into);

// What was read ahead, and the rest behind it, as one body of `length` bytes (nullopt: not known).
Body with_start(BodyStart start, Body rest, std::optional<uint64_t> length = std::nullopt);

}  // namespace gateproof::http
