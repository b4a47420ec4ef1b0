#include "engine/http/body.h"

namespace gateproof::http {
namespace {

class TextSource final : public BodySource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::optional<Result<Chunk>> try_read() override {
    if (std::exchange(done_, true)) return Result<Chunk>(Chunk{{}, true});
    return Result<Chunk>(Chunk{text_, true});
  }
  Task<Result<Chunk>> read() override { co_return *try_read(); }

 private:
  std::string text_;
  bool done_ = false;
};

}  // namespace

Body Body::untold(std::string bytes) {
  return stream(std::make_unique<TextSource>(std::move(bytes)), std::nullopt);
}

std::optional<Result<Chunk>> Body::try_read() {
  if (source_) return source_->try_read();
  if (sent_) return Result<Chunk>(Chunk{{}, true});
  sent_ = true;
  return Result<Chunk>(Chunk{view_, true});
}

Task<Result<Chunk>> Body::read() {
  if (source_) co_return co_await source_->read();
  co_return *try_read();
}

Task<Result<std::string>> read_all(Body& body, size_t bytes_max) {
  std::string out;
  for (;;) {
    Result<Chunk> chunk = co_await body.read();
    if (!chunk) co_return chunk.error();
    if (out.size() + chunk->data.size() > bytes_max) {
      co_return Error(Code::limit, "body larger than " + std::to_string(bytes_max) + " bytes");
    }
    out += chunk->data;
    if (chunk->last) co_return out;
  }
}

}  // namespace gateproof::http
