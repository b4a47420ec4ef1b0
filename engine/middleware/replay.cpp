#include "engine/middleware/replay.h"

namespace gateproof::middleware {
namespace {

class Shared final : public http::BodySource {
 public:
  explicit Shared(std::shared_ptr<http::Body> body) : body_(std::move(body)) {}
  std::optional<Result<http::Chunk>> try_read() override { return body_->try_read(); }
  Task<Result<http::Chunk>> read() override { co_return co_await body_->read(); }
  const http::Headers* trailers() const override { return body_->trailers(); }

 private:
  std::shared_ptr<http::Body> body_;
};

class Fronted final : public http::BodySource {
 public:
  Fronted(std::string front, http::Body rest) : front_(std::move(front)), rest_(std::move(rest)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    if (!front_read_) return front();
    return rest_.try_read();
  }
  Task<Result<http::Chunk>> read() override {
    if (!front_read_) co_return front();
    co_return co_await rest_.read();
  }
  const http::Headers* trailers() const override { return rest_.trailers(); }

 private:
  Result<http::Chunk> front() {
    front_read_ = true;
    return http::Chunk{front_, false};
  }
  std::string front_;
  bool front_read_ = false;
  http::Body rest_;
};

}  // namespace

SavedRequest::SavedRequest(const http::Exchange& x)
    : method_(x.request.method),
      query_(x.request.query),
      host_(x.request.host),
      url_(x.request.url),
      has_query_(x.request.has_query),
      asterisk_(x.request.asterisk),
      headers_(x.request.headers),
      target_received_(x.target_received),
      target_rewritten_(x.target_rewritten),
      user_(x.user),
      append_forwarded_for_(x.append_forwarded_for),
      suppress_forwarded_for_(x.suppress_forwarded_for) {}

void SavedRequest::restore(http::Exchange& x) const {
  x.request.method = method_;
  x.request.query = query_;
  x.request.host = host_;
  x.request.url = url_;
  x.request.has_query = has_query_;
  x.request.asterisk = asterisk_;
  x.request.headers = headers_;
  x.target_received = target_received_;
  x.target_rewritten = target_rewritten_;
  x.user = user_;
  x.append_forwarded_for = append_forwarded_for_;
  x.suppress_forwarded_for = suppress_forwarded_for_;
}

void clear_answer(http::Exchange& x) {
  x.response.reset();
  x.failure.reset();
  x.server = {};
}

Task<Drained> drain(http::Body& body, size_t bytes_max) {
  size_t read = 0;
  while (body.streaming()) {
    Result<http::Chunk> chunk = co_await body.read();
    if (!chunk) co_return Drained::cut;
    if (chunk->last) break;
    read += chunk->data.size();
    if (read > bytes_max) co_return Drained::left;
  }
  co_return Drained::whole;
}

http::Body SharedBody::share() const {
  return http::Body::stream(std::make_unique<Shared>(body_), body_->length());
}

http::Body with_front(std::string front, http::Body rest) {
  const std::optional<uint64_t> length = rest.length();
  return http::Body::stream(std::make_unique<Fronted>(std::move(front), std::move(rest)), length);
}

class KeptBody::Source final : public http::BodySource {
 public:
  explicit Source(std::shared_ptr<const Kept> kept) : kept_(std::move(kept)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    const std::string_view bytes = read_ ? std::string_view() : std::string_view(kept_->bytes);
    read_ = true;
    return Result<http::Chunk>(http::Chunk{bytes, true});
  }
  Task<Result<http::Chunk>> read() override { co_return *try_read(); }
  const http::Headers* trailers() const override {
    return kept_->trailers ? &*kept_->trailers : nullptr;
  }

 private:
  std::shared_ptr<const Kept> kept_;
  bool read_ = false;
};

KeptBody::KeptBody(std::string bytes, std::optional<uint64_t> length, const http::Headers* trailers)
    : length_(length) {
  Kept kept{std::move(bytes), std::nullopt};
  if (trailers) kept.trailers = *trailers;
  kept_ = std::make_shared<const Kept>(std::move(kept));
}

http::Body KeptBody::whole() const {
  if (length_ && *length_ == 0) return http::Body();
  return http::Body::stream(std::make_unique<Source>(kept_), length_);
}

Task<Result<void>> read_up_to(http::Body& body, size_t bytes_max, std::string& out) {
  for (;;) {
    Result<http::Chunk> chunk = co_await body.read();
    if (!chunk) co_return chunk.error();
    out += chunk->data;
    if (out.size() > bytes_max) {
      co_return Error(Code::limit, "body larger than " + std::to_string(bytes_max) + " bytes");
    }
    if (chunk->last) co_return Result<void>();
  }
}

}  // namespace gateproof::middleware
