// The bodies of gRPC-Web (PROTOCOL-WEB.md): base64 on the way in, the trailers as a last frame on the way out.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "engine/http/body.h"

namespace gateproof::middleware {

// Base64 read piece by piece, as Go's StdEncoding reads a stream: CR and LF are skipped, padding ends it, bits left over in
// the last character are ignored. Memory: three characters.
class TextDecoder {
 public:
  // Appends what the piece gives. Code::invalid for a character that has no place there.
  Result<void> feed(std::string_view piece, std::string& out);
  // Code::invalid when the text stops within a group of four.
  Result<void> finish() const;

 private:
  uint32_t value_ = 0;
  uint8_t digits_ = 0, padding_ = 0;
  bool ended_ = false;
};

// The body decoded as it is read; its length is not known.
http::Body decode_text(http::Body text);

// "\x80", the size in four bytes, and the fields: names in lower case and in order, without those of `head`.
std::string trailers_frame(const http::Headers* trailers, const http::Headers& head);

struct GrpcWebAnswer {
  bool text = false;  // base64
  bool together =
      false;  // data and frame in one base64 part: an answer that was made here, in one write
  http::Headers head;  // the answer's fields, sent already
};
// The answer's body and, behind it, its trailers as a frame; its length is not known. `trailers`: those of a body in memory.
http::Body with_trailers_frame(http::Body body, std::unique_ptr<http::Headers> trailers,
                               GrpcWebAnswer answer);

}  // namespace gateproof::middleware
