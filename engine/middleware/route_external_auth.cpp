// ExternalAuth of the Gateway API over HTTP (GEP-1494): a service is asked with the request's method, path and fields; 200 lets the
// request pass with fields of the answer, everything else is what the client hears. Whatever goes wrong, the request does not pass.
#include "engine/http/connection_headers.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/route_filters.h"
#include "engine/upstream/replay.h"

namespace gateproof::middleware {
namespace {

// The service's answer is read whole before it goes to a client.
constexpr size_t answer_bytes_max = 64u << 20;

bool is_listed(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](const std::string& n) { return text::iequals(n, name); });
}

// What says how the service's own message was sent, and to whom: no field of another message, whatever the rule lists.
bool is_framing(std::string_view name) {
  static constexpr std::string_view own[] = {
      "Authority", "Connection", "Content-Length", "Host",    "Keep-Alive", "Proxy-Connection",
      "Te",        "Trailer",    "Trailers",       "Upgrade", ":authority", "Transfer-Encoding"};
  return std::any_of(std::begin(own), std::end(own),
                     [name](std::string_view n) { return text::iequals(n, name); });
}

// What says how to read the answer's body, which the request does not get.
bool describes_body(std::string_view name) { return text::istarts_with(name, "Content-"); }

class ExternalAuth final : public WaitingMiddleware {
 public:
  ExternalAuth(config::ExternalAuthFilter f, std::shared_ptr<http::Handler> service)
      : f_(std::move(f)), service_(std::move(service)) {
    while (f_.prefix.ends_with('/')) f_.prefix.pop_back();
    f_.body_bytes_max = std::clamp<int64_t>(f_.body_bytes_max, 0, external_auth_body_bytes_max);
  }

  Task<void> handle(Exchange& x, Next next) override {
    const bool passes = co_await asks(x);
    if (!passes) {
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
    }
    co_await next(x);
  }

 private:
  // False: x.response says why not.
  Task<bool> asks(Exchange& x) {
    upstream::RecordedRequest record;
    if (f_.body_bytes_max > 0) {
      const Result<upstream::RecordedRequest::Body> body =
          co_await record.take(x, f_.body_bytes_max);
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
    fill(sub);
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

  Task<bool> ask(Exchange& sub, std::string& body) {
    co_await service_->handle(sub);
    if (sub.tunnel || sub.failure) co_return false;
    Result<std::string> read = co_await http::read_all(sub.response.body, answer_bytes_max);
    if (!read) co_return false;
    body = std::move(*read);
    co_return true;
  }

  // Path and fields as the filter has them. Host, method and the length of the body go with every request.
  void fill(Exchange& sub) const {
    http::Request& r = sub.request;
    const bool raw = sub.raw_target && !r.url.raw.empty();
    const std::string path = f_.prefix + (raw ? r.url.raw : r.url.escaped());
    if (auto url = http::UrlPath::parse(path)) r.url = std::move(*url);
    if (raw) r.url.raw = path;
    r.headers.remove_if([this](const http::Headers::Field& f) {
      const bool passes = text::iequals(f.name, "Authorization") || is_listed(f_.headers, f.name);
      return !passes || is_framing(f.name);
    });
    sub.append_forwarded_for = sub.append_forwarded_for && is_listed(f_.headers, "X-Forwarded-For");
  }

  bool refuse(Exchange& x, int status, std::string_view why) const {
    x.response = http::Response::make(status);
    if (x.trace) x.note(stage, "answer", std::to_string(status) + ": " + std::string(why));
    return false;
  }

  bool judge(Exchange& x, const http::Response& r, std::string body) const {
    if (x.trace) x.note(stage, "asked", std::to_string(r.status));
    if (r.status == 200) {
      take_headers(x, r.headers);
      return true;
    }
    // "Any other code is considered an authorization failure", also those that would tell a client of success.
    if (r.status < 300) return refuse(x, 403, "an answer other than 200 lets nothing pass");
    x.response = http::Response::make(r.status);
    x.response.headers = r.headers;
    if (http::body_allowed(r.status)) x.response.body = http::Body::text(std::move(body));
    return false;
  }

  // A listed field that the answer lacks goes from the request: a client cannot make it up.
  void take_headers(Exchange& x, const http::Headers& answer) const {
    http::Headers& h = x.request.headers;
    for (const std::string& name : f_.taken) {
      if (!is_framing(name)) h.remove(name);
    }
    std::vector<std::string_view> done;
    for (const auto& f : answer) {
      const bool listed = is_listed(f_.taken, f.name);
      if (is_framing(f.name) || (f_.taken.empty() ? describes_body(f.name) : !listed)) continue;
      const bool again = std::any_of(done.begin(), done.end(),
                                     [&](std::string_view d) { return text::iequals(d, f.name); });
      if (!again) h.remove(f.name);
      done.push_back(f.name);
      h.add(f.name, f.value);
      if (x.trace) x.note(stage, "request header", "+ " + std::string(f.name));
    }
  }

  config::ExternalAuthFilter f_;
  const std::shared_ptr<http::Handler> service_;
};

}  // namespace

std::unique_ptr<Middleware> route_external_auth(const config::ExternalAuthFilter& filter,
                                                std::shared_ptr<http::Handler> service) {
  return std::make_unique<ExternalAuth>(filter, std::move(service));
}

}  // namespace gateproof::middleware
