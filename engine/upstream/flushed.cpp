#include "engine/upstream/flushed.h"

namespace gateproof::upstream {
namespace {

// A body whose trailers are lost.
class WithoutTrailers final : public http::BodySource {
 public:
  explicit WithoutTrailers(http::Body body) : body_(std::move(body)) {}
  std::optional<Result<http::Chunk>> try_read() override { return body_.try_read(); }
  Task<Result<http::Chunk>> read() override { return body_.read(); }

 private:
  http::Body body_;
};

}  // namespace

bool streams_events(const http::Exchange& x) {
  if (x.server.empty() || x.failure || x.response.body.empty()) return false;
  const std::string_view type = x.response.headers.get("Content-Type");
  return text::iequals(text::trim(type.substr(0, type.find(';'))), "text/event-stream");
}

bool is_flushed(const http::Exchange& x) {
  const http::Response& r = x.response;
  if (x.answer_held || x.flush_held || x.server.empty() || x.failure) return false;
  if (r.headers.has("Trailer")) return true;  // what is announced goes out at once
  if (r.body.empty()) return false;
  return !r.body.length() || streams_events(x);
}

int written_status(const http::Exchange& x) {
  return x.late_status ? x.late_status : x.response.status;
}

void drop_trailers(http::Response& r) {
  r.trailers.reset();
  if (!r.body.streaming() || r.body.length()) return;
  auto source = std::make_unique<WithoutTrailers>(std::move(r.body));
  r.body = http::Body::stream(std::move(source), std::nullopt);
}

void keep_body_only(http::Exchange& x) {
  http::Response& r = x.response;
  x.late_status = written_status(x);
  r.status = 200;
  r.reason.clear();
  r.headers.clear();
  r.body = r.body.streaming() ? http::Body::stream(r.body.take_source(), std::nullopt)
                              : http::Body::untold(std::string(r.body.bytes()));
  drop_trailers(r);
}

}  // namespace gateproof::upstream
