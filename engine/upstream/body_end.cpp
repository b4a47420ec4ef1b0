#include "engine/upstream/body_end.h"

namespace gateproof::upstream {
namespace {

class WatchedBody final : public ObservedBody {
 public:
  WatchedBody(http::Body inner, std::function<void(bool)> on_end)
      : ObservedBody(std::move(inner)), on_end_(std::move(on_end)) {}
  ~WatchedBody() override { end(false); }

 private:
  void look(const Result<http::Chunk>& chunk) override {
    if (!chunk) end(false);
    if (chunk && chunk->last) end(true);
  }
  void end(bool complete) {
    if (!on_end_) return;
    const auto on_end = std::exchange(on_end_, nullptr);
    on_end(complete);
  }
  std::function<void(bool)> on_end_;
};

}  // namespace

std::optional<Result<http::Chunk>> ObservedBody::try_read() {
  auto chunk = inner_.try_read();
  if (chunk) look(*chunk);
  return chunk;
}

Task<Result<http::Chunk>> ObservedBody::read() {
  Result<http::Chunk> chunk = co_await inner_.read();
  look(chunk);
  co_return chunk;
}

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
