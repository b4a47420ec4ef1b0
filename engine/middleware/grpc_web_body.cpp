#include "engine/middleware/grpc_web_body.h"

#include <algorithm>

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// A body that is another one changed piece by piece.
class Changed : public http::BodySource {
 public:
  explicit Changed(http::Body inner) : inner_(std::move(inner)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    const auto chunk = inner_.try_read();
    if (!chunk) return std::nullopt;
    return handed(*chunk);
  }
  Task<Result<http::Chunk>> read() override {
    Result<http::Chunk> chunk = co_await inner_.read();
    co_return handed(chunk);
  }

 protected:
  virtual Result<void> change(const http::Chunk& chunk, std::string& out) = 0;
  http::Body inner_;

 private:
  Result<http::Chunk> handed(const Result<http::Chunk>& chunk) {
    if (!chunk) return chunk.error();
    out_.clear();
    auto changed = change(*chunk, out_);
    if (!changed) return changed.error();
    return http::Chunk{out_, chunk->last};
  }
  std::string out_;
};

class Decoded final : public Changed {
 public:
  using Changed::Changed;
  const http::Headers* trailers() const override { return inner_.trailers(); }

 private:
  Result<void> change(const http::Chunk& chunk, std::string& out) override {
    auto fed = decoder_.feed(chunk.data, out);
    if (!fed || !chunk.last) return fed;
    return decoder_.finish();
  }
  TextDecoder decoder_;
};

class Framed final : public Changed {
 public:
  Framed(http::Body inner, std::unique_ptr<http::Headers> trailers, GrpcWebAnswer answer)
      : Changed(std::move(inner)), trailers_(std::move(trailers)), answer_(std::move(answer)) {}

 private:
  Result<void> change(const http::Chunk& chunk, std::string& out) override {
    std::string frame;
    if (chunk.last)
      frame = trailers_frame(trailers_ ? trailers_.get() : inner_.trailers(), answer_.head);
    if (!answer_.text || answer_.together) {
      out.append(chunk.data).append(frame);
      if (answer_.text) out = crypto::base64(out);
    } else {
      // Parts that are padded each follow one another; a reader splits them at the padding.
      out += crypto::base64(chunk.data);
      out += crypto::base64(frame);
    }
    return {};
  }
  std::unique_ptr<http::Headers> trailers_;
  GrpcWebAnswer answer_;
};

}  // namespace

Result<void> TextDecoder::feed(std::string_view piece, std::string& out) {
  const Error illegal(Code::invalid, "illegal base64 data in the body of a gRPC-Web text request");
  for (char c : piece) {
    if (c == '\r' || c == '\n') continue;
    if (ended_) return illegal;
    if (c == '=') {
      if (digits_ < 2) return illegal;
      if (digits_ + ++padding_ < 4) continue;
      value_ <<= 6 * padding_;
      out += static_cast<char>(value_ >> 16);
      if (padding_ == 1) out += static_cast<char>(value_ >> 8 & 255);
      digits_ = padding_ = 0;
      ended_ = true;
      continue;
    }
    const int value = base64_value(c);
    if (value < 0 || padding_ > 0) return illegal;
    value_ = value_ << 6 | static_cast<uint32_t>(value);
    if (++digits_ < 4) continue;
    out += static_cast<char>(value_ >> 16 & 255);
    out += static_cast<char>(value_ >> 8 & 255);
    out += static_cast<char>(value_ & 255);
    value_ = 0;
    digits_ = 0;
  }
  return {};
}

Result<void> TextDecoder::finish() const {
  if (digits_ + padding_ == 0) return {};
  return Error(Code::invalid, "the base64 body of a gRPC-Web text request is cut short");
}

http::Body decode_text(http::Body text) {
  return http::Body::stream(std::make_unique<Decoded>(std::move(text)), std::nullopt);
}

std::string trailers_frame(const http::Headers* trailers, const http::Headers& head) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (trailers) {
    for (const auto& f : *trailers) {
      if (head.has(f.name) || text::iequals(f.name, "Trailer")) continue;
      std::string value =
          text::replace_all(text::replace_all(std::string(f.value), "\r", " "), "\n", " ");
      fields.emplace_back(text::to_lower(f.name), std::string(text::trim(value)));
    }
  }
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [name, value] : fields) text.append(name).append(": ").append(value) += "\r\n";
  std::string frame = "\x80";
  for (int shift = 24; shift >= 0; shift -= 8)
    frame += static_cast<char>(text.size() >> shift & 255);
  return frame + text;
}

http::Body with_trailers_frame(http::Body body, std::unique_ptr<http::Headers> trailers,
                               GrpcWebAnswer answer) {
  return http::Body::stream(
      std::make_unique<Framed>(std::move(body), std::move(trailers), std::move(answer)),
      std::nullopt);
}

}  // namespace gateproof::middleware
