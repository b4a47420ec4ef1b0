// Timeouts and retries of a Gateway API rule. A try that takes longer than `backendRequest` is given up and counts as 504; the
// whole, waits included, ends with 504 when `request` has passed.
#include "engine/middleware/replay.h"
#include "engine/middleware/route_filters.h"

namespace gateproof::middleware {
namespace {

// Of a body that is kept so that it can be sent again; a request with more is tried again only while nothing of it was sent.
constexpr size_t retried_body_bytes_max = 2u << 20;

Task<bool> whole(Next next, Exchange& x) {
  co_await next(x);
  co_return true;
}

void answer_late(Exchange& x, std::string_view stage, const std::string& why) {
  clear_answer(x);
  x.failure = Error(Code::timeout, Source::upstream, why);
  x.response = http::Response::make(504, http::status_text(504));
  if (x.trace) x.note(stage, "answer", "504: " + why);
}

class Timeout final : public WaitingMiddleware {
 public:
  explicit Timeout(Duration limit) : limit_(limit) {}
  Task<void> handle(Exchange& x, Next next) override {
    Scheduler& s = x.env->scheduler;
    const std::optional<bool> done = co_await with_deadline(s, s.now() + limit_, whole(next, x));
    if (!done) answer_late(x, stage, "the request timeout has passed");
  }

 private:
  Duration limit_;
};

bool idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE" ||
         method == "PUT" || method == "DELETE";
}

class Tries final : public WaitingMiddleware {
 public:
  Tries(const std::optional<config::RouteRetry>& retry, Duration limit) : limit_(limit) {
    if (!retry) return;
    attempts_ = std::clamp<int64_t>(retry->attempts, 0, tries_max);
    codes_ = retry->codes;
    wait_ = retry->backoff > Duration::zero() ? retry->backoff : tries_wait_usual;
  }

  Task<void> handle(Exchange& x, Next next) override {
    if (attempts_ == 0) {
      co_await once(x, next);
      co_return;
    }
    const SavedRequest saved(x);
    Request request;
    const bool ready = co_await keep(x, request);
    if (!ready) co_return;
    Duration wait = wait_;
    for (int64_t left = attempts_;; --left) {
      request.give(x);
      // Interim answers of a try that may not count are not shown.
      http::InterimSink* const sink = std::exchange(x.interim, left > 0 ? nullptr : x.interim);
      const bool in_time = co_await once(x, next);
      x.interim = sink;
      if (x.tunnel || left == 0) co_return;
      const std::string why = why_again(x, request, in_time);
      if (why.empty()) co_return;
      if (x.trace) {
        x.note(stage, "retry",
               why + "; " + std::to_string(left) + " of " + std::to_string(attempts_) + " left");
      }
      co_await drain(x.response.body, replaced_body_bytes_max);
      clear_answer(x);
      saved.restore(x);
      co_await sleep_for(x.env->scheduler, wait);
      wait = std::min(wait * 2, wait_ * tries_wait_factor_max);
    }
  }

 private:
  // The request's body, as far as it can be had again.
  struct Request {
    std::optional<KeptBody> kept;
    std::optional<SharedBody> shared;  // of what is too long to be kept
    bool again() const { return !shared; }
    void give(Exchange& x) const {
      if (kept) x.request.body = kept->whole();
      if (shared) x.request.body = shared->share();
    }
  };

  // False: the body could not be read, and that is answered.
  static Task<bool> keep(Exchange& x, Request& request) {
    http::Body& body = x.request.body;
    if (body.empty()) co_return true;
    const std::optional<uint64_t> length = body.length();
    if (length && *length > retried_body_bytes_max) {
      request.shared.emplace(std::move(body));
      co_return true;
    }
    std::string bytes;
    const Result<void> read = co_await read_up_to(body, retried_body_bytes_max, bytes);
    if (read) {
      request.kept.emplace(std::move(bytes), length, body.trailers());
      co_return true;
    }
    if (read.error().code == Code::limit) {
      request.shared.emplace(with_front(std::move(bytes), std::move(body)));
      co_return true;
    }
    x.failure = read.error();
    x.response = http::Response::make(read.error().code == Code::canceled ? 499 : 400);
    co_return false;
  }

  // False: it took too long.
  Task<bool> once(Exchange& x, Next next) {
    if (limit_ == Duration::zero()) {
      co_await next(x);
      co_return true;
    }
    Scheduler& s = x.env->scheduler;
    const std::optional<bool> done = co_await with_deadline(s, s.now() + limit_, whole(next, x));
    if (done) co_return true;
    answer_late(x, stage, "the backend request timeout has passed");
    co_return false;
  }

  // Empty: the answer is the last one.
  std::string why_again(const Exchange& x, const Request& request, bool in_time) const {
    if (x.failure && x.failure->source == Source::downstream) return "";
    if (x.failure && x.failure->retry == gateproof::Retry::yes) return x.failure->message;
    if (!request.again()) return "";
    if (!in_time) return "the try took too long";
    const int status = x.response.status;
    if (std::find(codes_.begin(), codes_.end(), status) != codes_.end())
      return "status " + std::to_string(status);
    const bool broken = x.failure && x.failure->source == Source::upstream &&
                        (x.failure->code == Code::reset || x.failure->code == Code::refused ||
                         x.failure->code == Code::canceled);
    return broken && idempotent(x.request.method) ? x.failure->message : "";
  }

  Duration limit_;
  int64_t attempts_ = 0;
  std::vector<int> codes_;
  Duration wait_ = tries_wait_usual;
};

}  // namespace

std::unique_ptr<Middleware> route_timeout(Duration request) {
  return std::make_unique<Timeout>(request);
}

std::unique_ptr<Middleware> route_tries(const std::optional<config::RouteRetry>& retry,
                                        Duration backend) {
  return std::make_unique<Tries>(retry, backend);
}

}  // namespace gateproof::middleware
