// rateLimit: a token bucket for each source (catalogue 3.2). A short wait is waited, a longer one is 429.
#include "engine/middleware/answers.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/rate_limiter.h"
#include "engine/middleware/source_criterion.h"

namespace gateproof::middleware {
namespace {

struct RedisTls {
  std::string ca, cert, key;
  bool insecure_skip_verify = false;
};

struct Redis {
  std::vector<std::string> endpoints{"localhost:6379"};
  std::optional<RedisTls> tls;
  std::string username, password;
  int64_t db = 0, pool_size = 0, min_idle_conns = 0, max_active_conns = 0;
  Duration read_timeout = std::chrono::seconds(3);
  Duration write_timeout = std::chrono::seconds(3);
  Duration dial_timeout = std::chrono::seconds(5);
};

struct Options {
  int64_t average = 0;
  Duration period = std::chrono::seconds(1);
  int64_t burst = 1;
  std::optional<SourceCriterionOptions> source_criterion;
  std::optional<Redis> redis;
};

const config::Schema<RedisTls>& tls_schema() {
  static const auto s =
      config::Schema<RedisTls>()
          .field("ca", &RedisTls::ca, "string")
          .field("cert", &RedisTls::cert, "string")
          .field("key", &RedisTls::key, "string")
          .field("insecureSkipVerify", &RedisTls::insecure_skip_verify, "bool", "false");
  return s;
}

const config::Schema<Redis>& redis_schema() {
  static const auto s =
      config::Schema<Redis>()
          .field("endpoints", &Redis::endpoints, "list of strings", "localhost:6379")
          .object("tls", &Redis::tls, tls_schema())
          .field("username", &Redis::username, "string")
          .field("password", &Redis::password, "string")
          .field("db", &Redis::db, "int", "0")
          .at_least(0)
          .field("poolSize", &Redis::pool_size, "int", "0")
          .at_least(0)
          .field("minIdleConns", &Redis::min_idle_conns, "int", "0")
          .at_least(0)
          .field("maxActiveConns", &Redis::max_active_conns, "int", "0")
          .at_least(0)
          .field("readTimeout", &Redis::read_timeout, "duration", "3s")
          .at_least(0)
          .field("writeTimeout", &Redis::write_timeout, "duration", "3s")
          .at_least(0)
          .field("dialTimeout", &Redis::dial_timeout, "duration", "5s")
          .at_least(0);
  return s;
}

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>()
          .field("average", &Options::average, "int", "0")
          .at_least(0)
          .field("period", &Options::period, "duration", "1s")
          .at_least(0)
          .field("burst", &Options::burst, "int", "1")
          .at_least(0)
          .object("sourceCriterion", &Options::source_criterion, source_criterion_schema())
          .object("redis", &Options::redis, redis_schema());
  return s;
}

void refuse(Exchange& x, Duration wait) {
  answer_phrase(x, 429);
  const int64_t seconds = (wait.count() + 999'999'999) / 1'000'000'000;
  x.response.headers.add("Retry-After", std::to_string(seconds));
  x.response.headers.add("X-Retry-In", config::format_duration(wait));
}

class RateLimit final : public WaitingMiddleware {
 public:
  RateLimit(int64_t average, Duration period, int64_t burst, SourceCriterion source, bool strict)
      : limiter_(average, period, burst), source_(std::move(source)) {
    if (strict) limiter_.keep_until_full();
  }

  Task<void> handle(Exchange& x, Next next) override {
    const Clock& clock = x.env->clock;
    const std::string key = source_.key(x);
    const RateLimiter::Verdict v = limiter_.take(key, clock.now(), clock.wall_ns(), !x.look_beyond);
    if (x.trace) x.note(stage, "count", told(key, v));
    if (!v.served) {
      refuse(x, v.wait);
      if (x.trace) x.note(stage, "answer", "429");
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
    } else if (v.wait > Duration(0)) {
      if (x.trace) x.note(stage, "wait", config::format_duration(v.wait));
      co_await sleep_for(x.env->scheduler, v.wait);
    }
    co_await next(x);
  }

 private:
  static std::string told(const std::string& key, const RateLimiter::Verdict& v) {
    const std::string source = key.empty() ? "sources without a key" : key;
    if (!v.served) return source + ": no token for another " + config::format_duration(v.wait);
    return source + (v.wait > Duration(0) ? ": a token after a wait" : ": a token is there");
  }

  RateLimiter limiter_;
  SourceCriterion source_;
};

// average: 0 limits nothing, whatever the burst.
class NoLimit final : public SyncFilter {
 public:
  Flow on_request(Exchange& x) override {
    if (x.trace) x.note(stage, "pass", "average is 0: no limit");
    return Flow::next;
  }
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  auto source = SourceCriterion::compile(o.source_criterion, SourceCriterion::By::ip);
  if (!source) {
    return Error(Code::invalid, "getting source extractor: " + source.error().message, SourceSpan(),
                 source.error().remedy);
  }
  if (o.period < Duration(0)) {
    return Error(Code::invalid,
                 "negative value not valid for period: " + config::format_duration(o.period));
  }
  if (o.redis) return Error(Code::unsupported, "rateLimit.redis is not acted on yet");
  if (o.average <= 0) return std::unique_ptr<Middleware>(std::make_unique<NoLimit>());
  const Duration period = o.period > Duration(0) ? o.period : Duration(std::chrono::seconds(1));
  return std::unique_ptr<Middleware>(std::make_unique<RateLimit>(
      o.average, period, std::max<int64_t>(o.burst, 1), std::move(*source), context.strict));
}

}  // namespace

MiddlewareSpec rate_limit() {
  return {{"rateLimit", &schema(), make_options<Options>},
          build,
          "a client's bucket is not forgotten before it is full by itself: idling refills it no "
          "sooner"};
}

}  // namespace gateproof::middleware
