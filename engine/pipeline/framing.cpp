#include "engine/pipeline/framing.h"

namespace gateproof::pipeline {

void drop_body_fields(http::Response& response, bool http2) {
  if (http::body_allowed(response.status) || (http2 && response.status == 304)) return;
  response.headers.remove("Content-Length");
}

AnswerFraming framing_of(const http::Request& request, const http::Response& response) {
  AnswerFraming f;
  if (!http::body_allowed(response.status)) return f;
  const std::optional<uint64_t> length = response.body.length();
  if (request.method == "HEAD") {
    // A small answer made here tells the size that GET would have had, as Go's server does.
    if (!response.body.streaming() && length && *length > 0 &&
        !response.headers.has("Content-Length")) {
      f.framing = http::Framing::length;
      f.length = *length;
    }
    return f;
  }
  f.with_body = true;
  if (length) {
    f.framing = http::Framing::length;
    f.length = *length;
    return f;
  }
  f.ends_connection = request.version == http::Version::http10;
  f.framing = f.ends_connection ? http::Framing::close : http::Framing::chunked;
  return f;
}

}  // namespace gateproof::pipeline
