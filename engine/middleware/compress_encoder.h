// Streaming encoders of compress, and the body that they sit in.
#pragma once
#include <memory>
#include <string>

#include "engine/http/body.h"
#include "engine/middleware/compress_encoding.h"

namespace gateproof::middleware {

// Bytes in, compressed bytes out; memory is bounded by the coding's window, not by the body.
class Encoder {
 public:
  enum class Mode : uint8_t {
    go_on,   // more follows; output may stay inside
    flush,   // all input so far shall be decodable from the output so far
    finish,  // nothing follows
  };
  virtual ~Encoder() = default;
  // Appends to `out`. Code::io when the library fails (it does not, short of memory).
  virtual Result<void> write(std::string_view in, Mode mode, std::string& out) = 0;
};

std::unique_ptr<Encoder> make_encoder(Coding coding);

// The whole text at once.
Result<std::string> encode_all(Coding coding, std::string_view text);

// A body that compresses another one as it is read: what has come is passed on as soon as the other body would make the
// reader wait, so a slow stream is not held back, and what came before
// an error is passed on before it.
class CompressedBody final : public http::BodySource {
 public:
  CompressedBody(Coding coding, http::Body inner);
  std::optional<Result<http::Chunk>> try_read() override;
  Task<Result<http::Chunk>> read() override;
  const http::Headers* trailers() const override { return inner_.trailers(); }

 private:
  Result<void> take(const Result<http::Chunk>& chunk);
  Result<void> flush();
  // What is to be handed out, once there is enough of it or the end is reached.
  std::optional<Result<http::Chunk>> ready();
  Result<http::Chunk> hand_out();

  std::unique_ptr<Encoder> encoder_;
  http::Body inner_;
  std::string pending_;  // compressed, not handed out yet
  std::string handed_;   // what the last chunk points to
  bool unflushed_ = false;
  bool ended_ = false;
  std::optional<Error>
      failure_;  // of the other body; told when what came before it has been handed out
};

}  // namespace gateproof::middleware
