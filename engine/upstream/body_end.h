// Tells when an answer's body has been read to its end, or dropped before.
#pragma once
#include <functional>

#include "engine/http/body.h"

namespace gateproof::upstream {

// `on_end` is called once: with true when the last piece was read, with false on an error or when the body goes away unread.
// A body in memory is complete at once.
http::Body watch_end(http::Body body, std::function<void(bool complete)> on_end);

}  // namespace gateproof::upstream
