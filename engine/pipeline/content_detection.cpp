#include "engine/pipeline/content_detection.h"

#include "engine/http/body_start.h"
#include "engine/http/content_sniff.h"

namespace gateproof::pipeline {
namespace {

bool wanted(const http::Response& r) {
  return http::body_allowed(r.status) && r.status >= 200 && !r.body.empty() &&
         !r.headers.has("Content-Type") && r.headers.get("Content-Encoding").empty();
}

void name_type(http::Exchange& x, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string_view type = http::detect_content_type(bytes);
  x.response.headers.add_static("Content-Type", type);
  if (x.trace) {
    x.note("entryPoint " + std::string(x.entry_point), "content type",
           std::string(type) + ", by the answer's first bytes");
  }
}

}  // namespace

Task<void> detect_content_type(http::Exchange& x) {
  http::Response& r = x.response;
  if (!wanted(r)) co_return;
  if (!r.body.streaming()) {
    name_type(x, r.body.bytes());
    co_return;
  }
  http::Body body = std::move(r.body);
  const std::optional<uint64_t> length = body.length();
  http::BodyStart start;
  bool in_time = true;
  if (length) {
    const Instant deadline = x.env->scheduler.now() + detection_wait;
    Task<bool> reading = http::read_start(body, http::sniff_bytes_max - 1, start);
    co_await with_deadline<bool>(x.env->scheduler, deadline, std::move(reading));
  } else {
    http::try_read_start(body, first_read_bytes_max, start);
    in_time = !start.last;
  }
  if (in_time) name_type(x, start.bytes);
  r.body = http::with_start(std::move(start), std::move(body), length);
}

}  // namespace gateproof::pipeline
