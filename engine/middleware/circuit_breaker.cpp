// circuitBreaker: stops asking a service that answers badly, and lets it recover (catalogue 3.2).
#include "engine/middleware/answers.h"
#include "engine/middleware/breaker.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/middleware.h"
#include "engine/upstream/body_end.h"
#include "engine/upstream/flushed.h"

namespace gateproof::middleware {
namespace {

struct Options {
  config::Text expression;
  Duration check_period = std::chrono::milliseconds(100);
  Duration fallback = std::chrono::seconds(10), recovery = std::chrono::seconds(10);
  int64_t response_code = 503;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("expression", &Options::expression, "string")
                            .field("checkPeriod", &Options::check_period, "duration", "100ms")
                            .at_least(0)
                            .field("fallbackDuration", &Options::fallback, "duration", "10s")
                            .at_least(0)
                            .field("recoveryDuration", &Options::recovery, "duration", "10s")
                            .at_least(0)
                            .field("responseCode", &Options::response_code, "int", "503")
                            .between(100, 999);
  return s;
}

// A streamed answer counts when its last byte has been read: only then is its latency known. One that breaks off does not
// count (in Traefik the handler is left by a panic).
class TimedBody final : public upstream::ObservedBody {
 public:
  TimedBody(http::Body inner, std::shared_ptr<Breaker> breaker, const Clock& clock, Instant begun,
            int status)
      : ObservedBody(std::move(inner)),
        breaker_(std::move(breaker)),
        clock_(clock),
        begun_(begun),
        status_(status) {}

 private:
  void look(const Result<http::Chunk>& chunk) override {
    if (!breaker_ || (chunk && !chunk->last)) return;
    if (chunk) breaker_->record(clock_.now(), status_, clock_.now() - begun_, false);
    breaker_.reset();
  }
  std::shared_ptr<Breaker> breaker_;
  const Clock& clock_;
  const Instant begun_;
  const int status_;
};

class CircuitBreaker final : public WaitingMiddleware {
 public:
  CircuitBreaker(Predicate condition, BreakerOptions options, int status)
      : breaker_(std::make_shared<Breaker>(std::move(condition), options)), status_(status) {}

  Task<void> handle(Exchange& x, Next next) override {
    const Clock& clock = x.env->clock;
    const bool explain = x.trace != nullptr;
    const Instant begun = clock.now();
    const Breaker::Entry entry = breaker_->enter(begun, explain);
    if (explain) x.note(stage, "state", entry.why);
    if (!entry.allowed) {
      answer_phrase(x, status_);
      if (explain) x.note(stage, "answer", std::to_string(status_));
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
    }
    co_await next(x);
    if (x.look_beyond) co_return;  // nobody was asked: there is nothing to measure
    const int status = upstream::written_status(x);
    if (x.response.body.streaming() && !x.tunnel) {
      const std::optional<uint64_t> length = x.response.body.length();
      auto source =
          std::make_unique<TimedBody>(std::move(x.response.body), breaker_, clock, begun, status);
      x.response.body = http::Body::stream(std::move(source), length);
      if (explain)
        x.note(stage, "measure", std::to_string(status) + " counts when its body has ended");
      co_return;
    }
    const Breaker::Verdict v = breaker_->record(clock.now(), status, clock.now() - begun, explain);
    if (explain && !v.why.empty()) x.note(stage, v.tripped ? "trip" : "measure", v.why);
  }

 private:
  std::shared_ptr<Breaker> breaker_;
  const int status_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  auto condition = Predicate::compile(o.expression.value, Breaker::language());
  if (!condition) return option_error(condition.error(), "expression", o.expression.span);
  BreakerOptions times;  // what is not above 0 keeps its default
  if (o.check_period > Duration::zero()) times.check_period = o.check_period;
  if (o.fallback > Duration::zero()) times.fallback = o.fallback;
  if (o.recovery > Duration::zero()) times.recovery = o.recovery;
  // Traefik closes the connection without an answer when this is no status at all, and hangs on 1xx.
  const bool usable = o.response_code >= 200 && o.response_code <= 999;
  const int status = usable ? static_cast<int>(o.response_code) : 500;
  return std::unique_ptr<Middleware>(
      std::make_unique<CircuitBreaker>(std::move(*condition), times, status));
}

}  // namespace

MiddlewareSpec circuit_breaker() {
  return {{"circuitBreaker", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
