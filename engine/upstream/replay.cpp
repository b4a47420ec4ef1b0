#include "engine/upstream/replay.h"

namespace gateproof::upstream {
namespace {

// What was read already, then the rest.
class ContinuedBody final : public http::BodySource {
 public:
  ContinuedBody(std::string read, http::Body rest)
      : read_(std::move(read)), rest_(std::move(rest)) {}
  std::optional<Result<http::Chunk>> try_read() override {
    if (std::exchange(first_, false)) return Result<http::Chunk>(http::Chunk{read_, false});
    return rest_.try_read();
  }
  Task<Result<http::Chunk>> read() override {
    if (std::exchange(first_, false)) co_return http::Chunk{read_, false};
    co_return co_await rest_.read();
  }
  const http::Headers* trailers() const override { return rest_.trailers(); }

 private:
  std::string read_;
  http::Body rest_;
  bool first_ = true;
};

http::Body text_body(std::string text, bool length_told) {
  return length_told ? http::Body::text(std::move(text)) : http::Body::untold(std::move(text));
}

}  // namespace

void RecordedRequest::take_head(const http::Exchange& x) {
  const http::Request& r = x.request;
  method_ = r.method;
  url_ = r.url;
  query_ = r.query;
  has_query_ = r.has_query;
  asterisk_ = r.asterisk;
  host_ = r.host;
  version_ = r.version;
  headers_ = r.headers;
  routing_path_ = x.routing_path;
  canonical_host_ = x.canonical_host;
  client_host_ = x.client_host;
  peer_ = x.peer;
  local_ = x.local;
  tls_ = x.tls;
  append_forwarded_for_ = x.append_forwarded_for;
  suppress_forwarded_for_ = x.suppress_forwarded_for;
  raw_target_ = x.raw_target;
}

Task<Result<RecordedRequest::Body>> RecordedRequest::take(http::Exchange& x, int64_t bytes_max) {
  take_head(x);
  http::Body& body = x.request.body;
  if (body.empty()) co_return Body::none;
  const std::optional<uint64_t> length = body.length();
  length_told_ = length.has_value();
  const auto limit = bytes_max < 0 ? SIZE_MAX : static_cast<size_t>(bytes_max);
  // A length that is told and too large need not be read to be known.
  if (length && *length > limit) co_return Body::too_large;
  for (bool last = false; !last;) {
    Result<http::Chunk> chunk = co_await body.read();
    if (!chunk) co_return chunk.error();
    last = chunk->last;
    body_ += chunk->data;
    if (body_.size() > limit) {
      if (last) {
        body = text_body(std::move(body_), length_told_);
      } else {
        http::Body rest = std::move(body);
        body = http::Body::stream(
            std::make_unique<ContinuedBody>(std::move(body_), std::move(rest)), length);
      }
      co_return Body::too_large;
    }
  }
  body = text_body(body_, length_told_);
  co_return Body::whole;
}

void RecordedRequest::restore(http::Exchange& x) const {
  http::Request& r = x.request;
  r.method = method_;
  r.url = url_;
  r.query = query_;
  r.has_query = has_query_;
  r.asterisk = asterisk_;
  r.host = host_;
  r.version = version_;
  r.headers = headers_;
  r.body = body_.empty() && length_told_ ? http::Body() : text_body(body_, length_told_);
  x.routing_path = routing_path_;
  x.canonical_host = canonical_host_;
  x.client_host = client_host_;
  x.peer = peer_;
  x.local = local_;
  x.tls = tls_;
  x.append_forwarded_for = append_forwarded_for_;
  x.suppress_forwarded_for = suppress_forwarded_for_;
  x.raw_target = raw_target_;
}

}  // namespace gateproof::upstream
