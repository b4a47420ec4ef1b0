#include "engine/http/body_start.h"

namespace gateproof::http {
namespace {

class WithStart final : public BodySource {
 public:
  WithStart(BodyStart start, Body rest) : start_(std::move(start)), rest_(std::move(rest)) {}
  std::optional<Result<Chunk>> try_read() override {
    if (!given_) {
      given_ = true;
      if (!start_.bytes.empty() || start_.last)
        return Result<Chunk>(Chunk{start_.bytes, start_.last});
    }
    if (start_.last) return Result<Chunk>(Chunk{{}, true});
    if (start_.error) return Result<Chunk>(*start_.error);
    return rest_.try_read();
  }
  Task<Result<Chunk>> read() override {
    auto now = try_read();
    if (now) co_return std::move(*now);
    Result<Chunk> later = co_await rest_.read();
    co_return later;
  }
  const Headers* trailers() const override { return rest_.trailers(); }

 private:
  BodyStart start_;
  bool given_ = false;
  Body rest_;
};

void take(const Result<Chunk>& chunk, BodyStart& into) {
  if (!chunk) {
    into.error = chunk.error();
    return;
  }
  into.bytes += chunk->data;
  into.last = chunk->last;
}

bool wants_more(const BodyStart& s, size_t bytes) {
  return !s.last && !s.error && s.bytes.size() <= bytes;
}

}  // namespace

Task<bool> read_start(Body& body, size_t bytes, BodyStart& into) {
  while (wants_more(into, bytes)) {
    Result<Chunk> chunk = co_await body.read();
    take(chunk, into);
  }
  co_return true;
}

bool try_read_start(Body& body, size_t bytes, BodyStart& into) {
  while (wants_more(into, bytes)) {
    const auto chunk = body.try_read();
    if (!chunk) return false;
    take(*chunk, into);
  }
  return true;
}

Body with_start(BodyStart start, Body rest, std::optional<uint64_t> length) {
  if (start.bytes.empty() && !start.error && !start.last) return rest;
  return Body::stream(std::make_unique<WithStart>(std::move(start), std::move(rest)), length);
}

}  // namespace gateproof::http
