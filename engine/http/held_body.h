// A body with which something is held until it was read to its end, or is dropped: a place among requests under way.
#pragma once
#include "engine/http/body.h"

namespace gateproof::http {

// `Place` gives itself back by leave(), once, and by its end.
template <class Place>
class HeldBody final : public BodySource {
 public:
  HeldBody(Body inner, Place place) : place_(std::move(place)), inner_(std::move(inner)) {}
  std::optional<Result<Chunk>> try_read() override {
    auto chunk = inner_.try_read();
    if (chunk && (!*chunk || (*chunk)->last)) place_.leave();
    return chunk;
  }
  Task<Result<Chunk>> read() override {
    Result<Chunk> chunk = co_await inner_.read();
    if (!chunk || chunk->last) place_.leave();
    co_return chunk;
  }
  const Headers* trailers() const override { return inner_.trailers(); }

 private:
  Place place_;
  Body inner_;
};

// A body that is all there holds nothing.
template <class Place>
void hold(Body& body, Place place) {
  if (!body.streaming()) return;
  const std::optional<uint64_t> length = body.length();
  body = Body::stream(std::make_unique<HeldBody<Place>>(std::move(body), std::move(place)), length);
}

}  // namespace gateproof::http
