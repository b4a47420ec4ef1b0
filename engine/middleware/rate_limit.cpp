// rateLimit: a token bucket for each source (catalogue 3.2). A short wait is waited, a longer one is 429.
// With `redis` the buckets are in a Redis that several proxies share.
#include "engine/middleware/answers.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/client_tls.h"
#include "engine/middleware/rate_limiter.h"
#include "engine/middleware/redis_limiter.h"
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

class RateLimit final : public SyncFilter {
 public:
  RateLimit(int64_t average, Duration period, int64_t burst, SourceCriterion source, bool strict)
      : limiter_(average, period, burst), source_(std::move(source)) {
    if (strict) limiter_.keep_until_full();
  }

  Flow on_request(Exchange& x) override {
    const Clock& clock = x.env->clock;
    std::string room;
    const std::string& source = source_.token(x, room);
    const RateLimiter::Verdict v =
        limiter_.take(source, clock.now(), clock.wall_ns(), !x.look_beyond);
    if (x.trace) x.note(stage, "count", told(source_.key(x), v));
    if (!v.served) {
      refuse(x, v.wait);
      return Flow::answer;
    }
    if (v.wait == Duration(0)) return Flow::next;
    if (x.trace) x.note(stage, "wait", config::format_duration(v.wait));
    x.pause = v.wait;
    return Flow::pause;
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

class RedisRateLimit final : public WaitingMiddleware {
 public:
  RedisRateLimit(RedisLimiter limiter, SourceCriterion source)
      : limiter_(std::move(limiter)), source_(std::move(source)) {}

  Task<void> handle(Exchange& x, Next next) override {
    std::string key = source_.key(x);
    if (x.trace) x.note(stage, "redis", limiter_.bucket(key) + " at " + limiter_.where());
    if (x.look_beyond) {  // only asked: nobody is connected to, no token is taken
      co_await next(x);
      co_return;
    }
    const Result<RedisLimiter::Verdict> v = co_await limiter_.take(*x.env, std::move(key));
    if (!v) {
      if (x.trace) x.note(stage, "failure", v.error().message);
      // A reply of another shape makes Traefik's handler panic, which is answered for it.
      answer_error(x, 500,
                   v.error().message == odd_limiter_reply ? "Internal Server Error"
                                                          : "Could not insert/update bucket");
      co_return;
    }
    if (!v->allowed) {
      answer_error(x, 429, "No bursty traffic allowed");
      co_return;
    }
    if (v->wait > limiter_.max_delay()) {
      refuse(x, v->wait);
      co_return;
    }
    if (v->wait > Duration(0)) {
      if (x.trace) x.note(stage, "wait", config::format_duration(v->wait));
      co_await sleep_for(x.env->scheduler, v->wait);
    }
    co_await next(x);
  }

 private:
  RedisLimiter limiter_;
  SourceCriterion source_;
};

// average: 0 with Redis: Traefik's limiter then tells no delay, which its middleware takes for a refusal.
class NothingAllowed final : public SyncFilter {
 public:
  Flow on_request(Exchange& x) override {
    answer_error(x, 429, "No bursty traffic allowed");
    return Flow::answer;
  }
};

// average: 0 limits nothing, whatever the burst.
class NoLimit final : public SyncFilter {
 public:
  Flow on_request(Exchange& x) override {
    if (x.trace) x.note(stage, "pass", "average is 0: no limit");
    return Flow::next;
  }
};

Result<void> check_tls(const RedisTls& tls, const BuildContext& context) {
  const ClientTls same{tls.ca, tls.cert, tls.key, tls.insecure_skip_verify, {}};
  const Result<void> checked = check_client_tls(same, context);
  if (checked) return {};
  const std::string& text = checked.error().message;
  return Error(Code::invalid,
               "creating redis limiter: creating TLS config" + text.substr(text.find(':')));
}

Result<std::shared_ptr<TlsConnector>> connector_of(const RedisTls& tls,
                                                   const BuildContext& context) {
  const ClientTls same{tls.ca, tls.cert, tls.key, tls.insecure_skip_verify, {}};
  return make_connector(&same, context);
}

http::RedisAddress address_of(std::string_view endpoint) {
  const HostPort at = split_host_port(endpoint);
  return {std::string(at.host), static_cast<uint16_t>(text::parse_int(at.port).value_or(0))};
}

http::RedisOptions connection_options(const Redis& r) {
  http::RedisOptions o;
  o.username = r.username;
  o.password = r.password;
  o.db = r.db;
  o.pool_size = r.pool_size;
  o.min_idle = r.min_idle_conns;
  o.max_active = r.max_active_conns;
  o.read_timeout = r.read_timeout;
  o.write_timeout = r.write_timeout;
  o.dial_timeout = r.dial_timeout;
  return o;
}

// One endpoint is a server, several are nodes of a cluster, as Traefik's client reads them; without any it is the usual port
// of this machine.
std::shared_ptr<http::Redis> connect_to(const Redis& r, std::shared_ptr<TlsConnector> tls) {
  http::RedisOptions o = connection_options(r);
  o.tls = std::move(tls);
  std::vector<http::RedisAddress> all;
  for (const std::string& endpoint : r.endpoints) all.push_back(address_of(endpoint));
  if (all.size() > 1) return std::make_shared<http::RedisCluster>(std::move(all), std::move(o));
  const http::RedisAddress one = all.empty() ? http::RedisAddress{"127.0.0.1", 6379} : all.front();
  o.host = one.host;
  o.port = one.port;
  return std::make_shared<http::RedisClient>(std::move(o));
}

Result<std::unique_ptr<Middleware>> build_shared(const Options& o, Duration period,
                                                 SourceCriterion source,
                                                 const BuildContext& context) {
  if (o.redis->tls) {
    const Result<void> checked = check_tls(*o.redis->tls, context);
    if (!checked) return checked.error();
  }
  if (o.average <= 0) return std::unique_ptr<Middleware>(std::make_unique<NothingAllowed>());
  std::shared_ptr<TlsConnector> tls;
  if (o.redis->tls) {
    Result<std::shared_ptr<TlsConnector>> connector = connector_of(*o.redis->tls, context);
    if (!connector) return connector.error();
    tls = std::move(*connector);
  }
  RedisLimiter limiter(std::string(context.name), o.average, period, std::max<int64_t>(o.burst, 1),
                       connect_to(*o.redis, std::move(tls)));
  return std::unique_ptr<Middleware>(
      std::make_unique<RedisRateLimit>(std::move(limiter), std::move(source)));
}

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
  const Duration period = o.period > Duration(0) ? o.period : Duration(std::chrono::seconds(1));
  if (o.redis) return build_shared(o, period, std::move(*source), context);
  if (o.average <= 0) return std::unique_ptr<Middleware>(std::make_unique<NoLimit>());
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
