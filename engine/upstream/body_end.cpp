#include "engine/upstream/body_end.h"

namespace gateproof::upstream {
namespace {

class WatchedBody final : public http::BodySource {
 public:
  WatchedBody(http::Body inner, std::function<void(bool)> on_end)
      : inner_(std::move(inner)), on_end_(std::move(on_end)) {}
  ~WatchedBody() override { end(false); }
  std::optional<Result<http::Chunk>> try_read() override {
    auto chunk = inner_.try_read();
    if (chunk) look(*chunk);
    return chunk;
  }
  Task<Result<http::Chunk>> read() override {
    Result<http::Chunk> chunk = co_await inner_.read();
    look(chunk);
    co_return chunk;
  }
  const http::Headers* trailers() const override { return inner_.trailers(); }

 private:
  void look(const Result<http::Chunk>& chunk) {
    if (!chunk) end(false);
    if (chunk && chunk->last) end(true);
  }
  void end(bool complete) {
    if (!on_end_) return;
    const auto on_end = std::exchange(on_end_, nullptr);
    on_end(complete);
  }
  http::Body inner_;
  std::function<void(bool)> on_end_;
};

}  // namespace

http::Body watch_end(http::Body body, std::function<void(bool complete)> on_end) {
  if (!body.streaming()) {
    on_end(true);
    return body;
  }
  const std::optional<uint64_t> length = body.length();
  return http::Body::stream(std::make_unique<WatchedBody>(std::move(body), std::move(on_end)),
                            length);
}

}  // namespace gateproof::upstream
