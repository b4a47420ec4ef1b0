#include "engine/middleware/watch.h"

#include <algorithm>

namespace gateproof::middleware {
namespace {

void note_fields(http::Exchange& x, const std::string& stage, std::string_view what,
                 const http::Headers& before, const http::Headers& after) {
  const auto missing = [](const http::Headers::Field& f, const http::Headers& from) {
    return std::none_of(from.begin(), from.end(),
                        [&](const auto& o) { return o.name == f.name && o.value == f.value; });
  };
  const auto line = [](std::string_view sign, const http::Headers::Field& f) {
    return std::string(sign).append(f.name).append(": ").append(f.value);
  };
  for (const auto& f : before) {
    if (missing(f, after)) x.note(stage, what, line("- ", f));
  }
  for (const auto& f : after) {
    if (missing(f, before)) x.note(stage, what, line("+ ", f));
  }
}

bool same_fields(const http::Headers& a, const http::Headers& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& f, const auto& g) {
    return f.name == g.name && f.value == g.value;
  });
}

}  // namespace

Watch::Watch(const http::Exchange& x)
    : method_(x.request.method),
      target_(x.request.target()),
      host_(x.request.host),
      request_(x.request.headers) {}

void Watch::note_request(http::Exchange& x, const std::string& stage) {
  const http::Request& r = x.request;
  if (method_ != r.method) x.note(stage, "method", method_ + " -> " + r.method);
  if (std::string target = r.target(); target != target_) {
    x.note(stage, "path", target_ + " -> " + target);
    target_ = std::move(target);
  }
  if (host_ != r.host) x.note(stage, "host", host_ + " -> " + r.host);
  if (!same_fields(request_, r.headers)) {
    note_fields(x, stage, "request header", request_, r.headers);
    request_ = r.headers;
  }
  method_ = r.method;
  host_ = r.host;
}

void Watch::note_response(http::Exchange& x, const std::string& stage) {
  const http::Response& r = x.response;
  if (status_ != r.status) {
    x.note(stage, "status", std::to_string(status_) + " -> " + std::to_string(r.status));
    status_ = r.status;
  }
  if (same_fields(response_, r.headers)) return;
  note_fields(x, stage, "response header", response_, r.headers);
  response_ = r.headers;
}

void Watch::look_at_answer(const http::Exchange& x) {
  status_ = x.response.status;
  response_ = x.response.headers;
}

}  // namespace gateproof::middleware
