// The token buckets of a rateLimit that several proxies share through a Redis (catalogue 3.2).
#pragma once
#include "engine/http/redis_cluster.h"

namespace gateproof::middleware {

// What runs inside Redis. It keeps what Traefik's own script keeps, in the same fields of the same keys, so both may work on
// one bucket.
std::string_view redis_limiter_script();
const std::string& redis_limiter_digest();  // its SHA-1, in hexadecimal digits

class RedisLimiter {
 public:
  // average > 0, period > 0, burst >= 1. `name`: of the middleware; its buckets are one family, whatever the router.
  RedisLimiter(std::string name, int64_t average, Duration period, int64_t burst,
               std::shared_ptr<http::Redis> redis);

  struct Verdict {
    bool allowed = true;  // what the script says first; Traefik's never says no
    Duration wait{0};     // until the token is there
  };
  // Takes a token, or finds out how long there is none. Code::protocol: the answer is none of the script's.
  Task<Result<Verdict>> take(Env& env, std::string key);

  Duration max_delay() const { return max_delay_; }
  std::string where() const { return redis_->where(); }
  std::string bucket(std::string_view key) const;
  // EVALSHA or EVAL with all its words; `now` in microseconds.
  std::vector<std::string> command(std::string_view verb, std::string_view script,
                                   const std::string& key, const std::string& now) const;

 private:
  std::string name_;
  std::string rate_, burst_, idle_seconds_, longest_;  // arguments as they are sent
  Duration max_delay_;
  std::shared_ptr<http::Redis> redis_;
};

// The script's reply: {"true", microseconds, tokens}. Anything but a list that begins with two texts is this error.
inline constexpr std::string_view odd_limiter_reply = "the limiter's script gave no list of texts";
Result<RedisLimiter::Verdict> read_limiter_reply(const http::RedisValue& reply);

}  // namespace gateproof::middleware
