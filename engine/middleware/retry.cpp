// retry: asks again when no server could be reached, or when the answer's status is one of a list (catalogue 3.2).
#include <mutex>

#include "engine/middleware/answers.h"
#include "engine/middleware/backoff.h"
#include "engine/middleware/middleware.h"
#include "engine/middleware/replay.h"
#include "engine/upstream/flushed.h"

namespace gateproof::middleware {
namespace {

struct Options {
  int64_t attempts = 0, max_request_body_bytes = 2097152;
  Duration initial_interval{0}, timeout{0};
  std::vector<std::string> status;
  bool disable_on_network_error = false, non_idempotent = false;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>()
          .field("attempts", &Options::attempts, "int", "0")
          .field("initialInterval", &Options::initial_interval, "duration", "0s")
          .at_least(0)
          .field("timeout", &Options::timeout, "duration", "0s")
          .at_least(0)
          .field("status", &Options::status, "list of strings")
          .field("maxRequestBodyBytes", &Options::max_request_body_bytes, "int", "2097152")
          .field("disableRetryOnNetworkError", &Options::disable_on_network_error, "bool", "false")
          .field("retryNonIdempotentMethod", &Options::non_idempotent, "bool", "false");
  return s;
}

using StatusRange = std::pair<int64_t, int64_t>;

// "503", or "500-599"; what follows a second hyphen is not looked at (Traefik).
Result<StatusRange> status_range(const std::string& text) {
  const size_t hyphen = text.find('-');
  std::string low = text.substr(0, hyphen), high = low;
  if (hyphen != std::string::npos) {
    high = text.substr(hyphen + 1);
    high = high.substr(0, high.find('-'));
  }
  StatusRange range;
  for (const auto& [part, out] : {std::pair(&low, &range.first), std::pair(&high, &range.second)}) {
    const std::string_view digits =
        part->starts_with('+') ? std::string_view(*part).substr(1) : std::string_view(*part);
    const auto n = config::parse_decimal(digits);
    if (!n) {
      return Error(Code::invalid,
                   "creating HTTP code ranges: strconv.Atoi: parsing " + text::quote(*part) +
                       ": invalid syntax",
                   SourceSpan(), "in `status`, write codes as \"503\" or \"500-599\"");
    }
    *out = *n;
  }
  return range;
}

bool idempotent(std::string_view method) {
  return method != "POST" && method != "PATCH" && method != "LOCK";
}

// How one exchange is retried, and its request as the first try got it.
struct Plan {
  Plan(Exchange& x, const Next& next) : begun(x.env->clock.now()) {
    if (!next.leaves_request()) saved.emplace(x);
  }
  std::optional<SavedRequest> saved;  // absent: nothing inside changes it
  Instant begun;
  bool by_status = false;
  bool flushed = false;          // an answer that does not count was streamed
  std::optional<KeptBody> kept;  // tries by status get the whole body each
  std::optional<SharedBody>
      shared;  // else what is left of it; it is untouched unless a try got as far as a server

  void give_body(http::Exchange& x) {
    if (kept) {
      x.request.body = kept->whole();
    } else if (shared) {
      x.request.body = shared->share();
    }
  }
};

class RetryMiddleware final : public WaitingMiddleware {
 public:
  RetryMiddleware(const Options& o, std::vector<StatusRange> ranges, RandomStream random,
                  bool strict)
      : o_(o), ranges_(std::move(ranges)), random_(random), strict_(strict) {}

  Task<void> handle(Exchange& x, Next next) override {
    if (o_.attempts == 1) {
      co_await next(x);
      co_return;
    }
    Plan plan(x, next);
    decide(x, plan);
    if (!x.request.body.empty()) {
      Result<void> ready = co_await prepare(x, plan);
      if (!ready) co_return;
    }
    Backoff backoff(o_.initial_interval, o_.attempts, plan.begun);
    for (int64_t attempt = 1;; ++attempt) {
      // The last try writes straight to the answer; the others are looked at first.
      std::optional<FieldsApart> apart;
      if (attempt < o_.attempts) apart.emplace(x, FieldsApart::Fields::replacing);
      plan.give_body(x);
      // Interim answers of a try that may not count are not shown, either (observed).
      http::InterimSink* const sink = std::exchange(x.interim, apart ? nullptr : x.interim);
      co_await next(x);
      x.interim = sink;
      if (x.tunnel || attempt == o_.attempts) break;
      const std::string why = why_again(x, plan);
      if (why.empty()) break;
      RandomStream draw = draw_stream();
      const std::optional<Duration> wait = backoff.next(x.env->clock.now(), draw);
      if (!wait) {
        give_up(x);
        co_return;
      }
      if (x.trace) {
        x.note(stage, "retry",
               why + "; try " + std::to_string(attempt + 1) + " of " + std::to_string(o_.attempts) +
                   (*wait > Duration::zero() ? " after " + config::format_duration(*wait) : ""));
      }
      plan.flushed = plan.flushed || upstream::is_flushed(x) || x.late_status;
      x.late_status = 0;
      co_await drain(x.response.body, replaced_body_bytes_max);
      clear_answer(x);
      if (plan.saved) plan.saved->restore(x);
      if (*wait > Duration::zero()) co_await sleep_for(x.env->scheduler, *wait);
    }
    if (plan.flushed) upstream::keep_body_only(x);
    if (x.trace) x.note(stage, "answer", std::to_string(x.response.status));
  }

 private:
  void decide(Exchange& x, Plan& plan) const {
    plan.by_status = !ranges_.empty() && (o_.non_idempotent || idempotent(x.request.method));
    if (!plan.by_status && !ranges_.empty() && x.trace)
      x.note(stage, "decide", x.request.method + " is not idempotent: no retry by status");
  }

  // Reads the body when tries by status may need it again. An error: the answer is made.
  Task<Result<void>> prepare(Exchange& x, Plan& plan) {
    http::Body& body = x.request.body;
    if (!plan.by_status) {
      plan.shared.emplace(std::move(body));
      co_return Result<void>();
    }
    const std::optional<uint64_t> length = body.length();
    const int64_t asked = o_.max_request_body_bytes;
    const size_t most =
        asked < 0 ? kept_body_bytes_max : std::min(static_cast<size_t>(asked), kept_body_bytes_max);
    std::string bytes;
    Result<void> read = co_await read_up_to(body, most, bytes);
    if (read) {
      plan.kept.emplace(std::move(bytes), length, body.trailers());
      co_return Result<void>();
    }
    if (read.error().code == Code::limit) {
      if (x.trace)
        x.note(stage, "decide",
               "the body is larger than " + std::to_string(most) + " bytes: no retry by status");
      plan.by_status = false;
      plan.shared.emplace(with_front(std::move(bytes), std::move(body)));
      co_return Result<void>();
    }
    if (read.error().code == Code::canceled) {
      answer_phrase(x, 499);
    } else {
      answer_error(x, 500, http::status_text(500));
    }
    if (x.trace) x.note(stage, "answer", "the request's body: " + read.error().message);
    co_return read.error();
  }

  // Why this answer is not the last one; empty when it is.
  std::string why_again(const Exchange& x, const Plan& plan) const {
    if (o_.timeout > Duration::zero() && x.env->clock.now() - plan.begun >= o_.timeout) return "";
    // A failure before anything was written to a server. Whatever was answered before the proxy stage goes to the client.
    if (!o_.disable_on_network_error && x.failure && x.failure->retry == gateproof::Retry::yes)
      return x.failure->message;
    if (!plan.by_status) return "";
    const int status = upstream::written_status(x);
    for (const auto& [low, high] : ranges_) {
      if (status >= low && status <= high) return "status " + std::to_string(status);
    }
    return "";
  }

  // The waits would take longer than backoff_total_max: Traefik then answers nothing, which is an empty 200.
  void give_up(Exchange& x) const {
    if (strict_) {
      if (x.trace)
        x.note(stage, "give up", "the next wait is too long; strict: the last answer stays");
      return;
    }
    clear_answer(x);
    x.response.status = 200;
    if (x.trace)
      x.note(stage, "give up", "the next wait is too long: an empty 200, as Traefik does");
  }

  // Each wait draws from its own stream; several event loops share this middleware.
  RandomStream draw_stream() {
    const std::lock_guard lock(mutex_);
    return RandomStream(random_.next());
  }

  const Options o_;
  const std::vector<StatusRange> ranges_;
  std::mutex mutex_;
  RandomStream random_;
  const bool strict_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.status.empty() && o.disable_on_network_error) {
    return Error(Code::invalid,
                 "retry middleware requires at least HTTP status codes or retry on TCP",
                 SourceSpan(), "name status codes, or leave disableRetryOnNetworkError out");
  }
  if (o.attempts <= 0) {
    return Error(Code::invalid,
                 "incorrect (or empty) value for attempt (" + std::to_string(o.attempts) + ")",
                 SourceSpan(),
                 "in `attempts`, write how many tries there may be, the first included");
  }
  std::vector<StatusRange> ranges;
  for (const std::string& text : o.status) {
    Result<StatusRange> range = status_range(text);
    if (!range) return range.error();
    ranges.push_back(*range);
  }
  const std::string stream =
      "retry/" + std::string(context.name) + "/" + std::string(context.router);
  return std::unique_ptr<Middleware>(std::make_unique<RetryMiddleware>(
      o, std::move(ranges), context.random.stream(stream), context.strict));
}

}  // namespace

MiddlewareSpec retry() {
  return {{"retry", &schema(), make_options<Options>},
          build,
          "where the next wait would be too long the last answer stays, not an empty 200"};
}

}  // namespace gateproof::middleware
