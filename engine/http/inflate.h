// Gunzip as a body source, for the transparent decompression of an answer that we asked to be compressed (catalogue 2.2).
#pragma once
#include "engine/http/body.h"

namespace gateproof::http {

inline constexpr size_t inflate_buffer_bytes = 32768;

// Reads gzip from `body` piece by piece; constant memory. A broken stream is Code::protocol, more than bytes_max bytes of output
// Code::limit. An empty body stays empty, as with Go.
Body gunzip(Body body, uint64_t bytes_max = UINT64_MAX);

}  // namespace gateproof::http
