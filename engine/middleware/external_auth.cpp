#include "engine/middleware/external_auth.h"

#include <algorithm>

#include "engine/middleware/chain.h"
#include "engine/upstream/replay.h"

namespace gateproof::middleware {

ExternalAuth::ExternalAuth(config::ExternalAuthFilter f, std::shared_ptr<http::Handler> service,
                           size_t answer_bytes_max)
    : f_(std::move(f)), service_(std::move(service)), answer_bytes_max_(answer_bytes_max) {
  f_.body_bytes_max = std::clamp<int64_t>(f_.body_bytes_max, 0, external_auth_body_bytes_max);
}

Task<void> ExternalAuth::handle(Exchange& x, Next next) {
  const Verdict verdict = co_await asks(x);
  if (!verdict.passes) {
    if (!x.look_beyond) co_return;
    look_beyond(x, *this);
  }
  co_await next(x);
  change_headers(x.response.headers, verdict.to_answer);
}

Task<ExternalAuth::Verdict> ExternalAuth::asks(Exchange& x) {
  upstream::RecordedRequest record;
  if (f_.body_bytes_max > 0) {
    const Result<upstream::RecordedRequest::Body> body = co_await record.take(x, f_.body_bytes_max);
    if (!body) co_return refuse(x, 400, body.error().message);
    if (*body == upstream::RecordedRequest::Body::too_large)
      co_return refuse(x, 413, "the body is larger than forwardBody.maxSize");
  } else {
    record.take_head(x);
  }
  Exchange sub(*x.env);
  record.restore(sub);
  sub.origin = x.origin;
  sub.entry_point = x.entry_point;
  sub.pinned = x.pinned;
  fill(x, sub);
  if (x.trace)
    x.note(stage, "ask",
           sub.request.method + " " + sub.request.target() + " of " + f_.service.value);
  std::string body;
  Task<bool> asking = ask(sub, body);
  const Instant deadline = x.env->scheduler.now() + external_auth_time_max;
  const std::optional<bool> answered =
      co_await with_deadline(x.env->scheduler, deadline, std::move(asking));
  if (!answered) co_return refuse(x, 500, "no answer in time");
  if (!*answered) co_return refuse(x, 500, "no answer, or one that is too long");
  co_return judge(x, sub.response, std::move(body));
}

Task<bool> ExternalAuth::ask(Exchange& sub, std::string& body) {
  co_await service_->handle(sub);
  if (sub.tunnel || sub.failure) co_return false;
  Result<std::string> read = co_await http::read_all(sub.response.body, answer_bytes_max_);
  if (!read) co_return false;
  body = std::move(*read);
  co_return true;
}

ExternalAuth::Verdict ExternalAuth::refuse(Exchange& x, int status, std::string_view why) const {
  x.response = http::Response::make(status);
  if (x.trace) x.note(stage, "answer", std::to_string(status) + ": " + std::string(why));
  return {};
}

}  // namespace gateproof::middleware
