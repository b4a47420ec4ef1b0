// HTTP/1.1 heads and chunk framing, appended to a buffer. Values that could break the framing (CR, LF, NUL) are dropped here, so
// that no layer above can inject a field.
#pragma once
#include <string>

#include "engine/http/message.h"

namespace gateproof::http {

// Content-Length, Transfer-Encoding and Host fields among `headers` are left out; framing is written from `length`: a number, or chunked when nullopt. `body_expected`: whether the
// method usually has a body, so that a length of 0 is written (POST, PUT, PATCH).
void write_request_head(std::string& out, std::string_view method, std::string_view target,
                        std::string_view host, const Headers& headers,
                        std::optional<uint64_t> length, bool body_expected);

enum class Framing : uint8_t { none, length, chunked, close };
// Framing::none keeps a Content-Length field that is among the headers (answers to HEAD, 304); the others replace it.
struct ResponseHead {
  int status = 200;
  std::string_view reason;
  const Headers* headers = nullptr;
  Framing framing = Framing::none;
  uint64_t length = 0;
  bool close = false;  // writes Connection: close
  bool keep_alive_10 =
      false;  // writes Connection: keep-alive for an HTTP/1.0 client that asked for it
  Version version = Version::http11;
  int64_t wall_ns = 0;  // for Date when the headers hold none; negative: no Date
};
void write_response_head(std::string& out, const ResponseHead& head);

// "1a\r\n"; the data and "\r\n" follow. last_chunk: "0\r\n", trailers, "\r\n".
void write_chunk_size(std::string& out, size_t n);
void write_last_chunk(std::string& out, const Headers* trailers);

}  // namespace gateproof::http
