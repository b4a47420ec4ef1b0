// Tells when an answer's body has been read to its end, or dropped before.
#pragma once
#include <functional>

#include "engine/http/body.h"

namespace gateproof::upstream {

// A body on its way to somebody else, each of whose pieces is looked at.
class ObservedBody : public http::BodySource {
 public:
  explicit ObservedBody(http::Body inner) : inner_(std::move(inner)) {}
  std::optional<Result<http::Chunk>> try_read() final;
  Task<Result<http::Chunk>> read() final;
  const http::Headers* trailers() const override { return inner_.trailers(); }

 protected:
  virtual void look(const Result<http::Chunk>& chunk) = 0;

 private:
  http::Body inner_;
};

// `on_end` is called once: with true when the last piece was read, with false on an error or when the body goes away unread.
// A body in memory is complete at once.
http::Body watch_end(http::Body body, std::function<void(bool complete)> on_end);

}  // namespace gateproof::upstream
