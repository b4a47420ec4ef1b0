#include "engine/middleware/watch.h"

#include <algorithm>

namespace gateproof::middleware {
namespace {

void note_fields(http::Exchange& x, const std::string& stage, std::string_view what,
                 const http::Headers& before, const http::Headers& after) {
  // Lines may be alike, so they are counted: the third of three is new where there were two.
  const auto count = [](const http::Headers::Field& f, auto from, auto to) {
    return std::count_if(from, to,
                         [&](const auto& o) { return o.name == f.name && o.value == f.value; });
  };
  const auto only_in = [&](auto at, const http::Headers& here, const http::Headers& there) {
    return count(*at, here.begin(), at) >= count(*at, there.begin(), there.end());
  };
  const auto line = [](std::string_view sign, const http::Headers::Field& f) {
    return std::string(sign).append(f.name).append(": ").append(f.value);
  };
  for (auto at = before.begin(); at != before.end(); ++at) {
    if (only_in(at, before, after)) x.note(stage, what, line("- ", *at));
  }
  for (auto at = after.begin(); at != after.end(); ++at) {
    if (only_in(at, after, before)) x.note(stage, what, line("+ ", *at));
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
