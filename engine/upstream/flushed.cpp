#include "engine/upstream/flushed.h"

namespace gateproof::upstream {

bool is_flushed(const http::Exchange& x) {
  const http::Response& r = x.response;
  if (x.answer_held || x.server.empty() || x.failure || r.body.empty()) return false;
  const std::string_view type = r.headers.get("Content-Type");
  return !r.body.length() ||
         text::iequals(text::trim(type.substr(0, type.find(';'))), "text/event-stream");
}

void keep_body_only(http::Response& r) {
  r.status = 200;
  r.reason.clear();
  r.headers.clear();
  r.body = r.body.streaming() ? http::Body::stream(r.body.take_source(), std::nullopt)
                              : http::Body::untold(std::string(r.body.bytes()));
}

}  // namespace gateproof::upstream
