#include "engine/pipeline/announced_trailers.h"

namespace gateproof::pipeline {
namespace {

class Announced final : public http::BodySource {
 public:
  Announced(http::Body body, http::Headers front)
      : body_(std::move(body)), trailers_(std::move(front)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    auto chunk = body_.try_read();
    if (chunk) look(*chunk);
    return chunk;
  }
  Task<Result<http::Chunk>> read() override {
    Result<http::Chunk> chunk = co_await body_.read();
    look(chunk);
    co_return chunk;
  }
  const http::Headers* trailers() const override { return ended_ ? &trailers_ : nullptr; }

 private:
  void look(const Result<http::Chunk>& chunk) {
    if (!chunk || !chunk->last || ended_) return;
    ended_ = true;
    if (const http::Headers* own = body_.trailers()) {
      for (const auto& f : *own) trailers_.add(f.name, f.value);
    }
  }

  http::Body body_;
  http::Headers trailers_;
  bool ended_ = false;
};

}  // namespace

void repeat_announced(http::Response& r, bool http2) {
  const std::optional<uint64_t> length = r.body.length();
  if (r.body.empty() || (length && !http2)) return;
  http::Headers front;
  for (const auto& f : r.headers) {
    if (http::list_has_token(r.headers, "Trailer", f.name)) front.add(f.name, f.value);
  }
  if (front.empty()) return;
  if (r.trailers) {
    for (const auto& f : *r.trailers) front.add(f.name, f.value);
    *r.trailers = std::move(front);
    return;
  }
  auto source = std::make_unique<Announced>(std::move(r.body), std::move(front));
  r.body = http::Body::stream(std::move(source), length);
}

}  // namespace gateproof::pipeline
