#include "engine/middleware/answers.h"

namespace gateproof::middleware {

void answer_error(http::Exchange& x, int status, std::string_view text) {
  std::string body(text);
  body += '\n';
  x.response.reset();
  x.response.status = status;
  x.response.headers.add_static("Content-Type", "text/plain; charset=utf-8");
  x.response.headers.add_static("X-Content-Type-Options", "nosniff");
  x.response.body = http::Body::text(std::move(body));
}

void answer_phrase(http::Exchange& x, int status) {
  x.response.reset();
  x.response.status = status;
  if (http::body_allowed(status)) x.response.body = http::Body::view(http::status_text(status));
}

int answer_unread_request(http::Exchange& x, const Error& why) {
  int status = 500;
  if (why.code == Code::limit) status = 413;
  if (why.code == Code::canceled) status = 499;
  if (why.code == Code::timeout) status = 504;
  answer_phrase(x, status);
  return status;
}

std::string body_too_large(size_t bytes_max) {
  return "body larger than " + std::to_string(bytes_max) + " bytes";
}

}  // namespace gateproof::middleware
