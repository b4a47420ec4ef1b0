#include "engine/middleware/redis_limiter.h"

#include <cmath>

#include "engine/base/crypto.h"
#include "engine/middleware/rate_limiter.h"

namespace gateproof::middleware {
namespace {

// The shortest text that is this number again, without an exponent: as Go's client writes a float.
std::string plain_number(double value) {
  char text[512];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  return std::string(text, end.ptr);
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

// The fields `last` and `tokens` and their order are Traefik's: its script reads them by position.
std::string_view redis_limiter_script() {
  return R"(local per_us, size, idle, now, longest =
  tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local kept = redis.call('HMGET', KEYS[1], 'last', 'tokens')
local since = now - math.min(tonumber(kept[1]) or 0, now)
local left = math.min((tonumber(kept[2]) or 0) + per_us * since, size) - 1
local wait = 0
if left < 0 then
  wait = -left / per_us
  if wait > longest then left = math.min(left + 1, size) end
end
redis.call('HSET', KEYS[1], 'last', now, 'tokens', left)
redis.call('EXPIRE', KEYS[1], idle)
return {'true', tostring(wait), tostring(left)}
)";
}

const std::string& redis_limiter_digest() {
  static const std::string digest = crypto::hex(crypto::sha1(redis_limiter_script()));
  return digest;
}

RedisLimiter::RedisLimiter(std::string name, int64_t average, Duration period, int64_t burst,
                           std::shared_ptr<http::Redis> redis)
    : name_(std::move(name)), burst_(std::to_string(burst)), redis_(std::move(redis)) {
  // Rounded where Go rounds: tokens per second first, then per microsecond.
  const double per_second =
      static_cast<double>(average) * 1e9 / static_cast<double>(period.count());
  rate_ = plain_number(per_second / 1e6);
  const RateLimiter law(average, period, burst, 1);
  max_delay_ = law.max_delay();
  idle_seconds_ = std::to_string(law.idle_seconds_max());
  longest_ =
      std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(max_delay_).count());
}

std::string RedisLimiter::bucket(std::string_view key) const {
  return "rate:" + name_ + ":" + std::string(key);
}

std::vector<std::string> RedisLimiter::command(std::string_view verb, std::string_view script,
                                               const std::string& key,
                                               const std::string& now) const {
  return {
      std::string(verb), std::string(script), "1", bucket(key), rate_, burst_, idle_seconds_, now,
      longest_};
}

// The time is that of the first try, as in Traefik: however long Redis takes, the token is one of then.
Task<Result<RedisLimiter::Verdict>> RedisLimiter::take(Env& env, std::string key) {
  const std::string now = std::to_string(env.clock.wall_ns() / 1000);
  Result<http::RedisValue> reply =
      co_await redis_->call(env, bucket(key), command("EVALSHA", redis_limiter_digest(), key, now));
  if (!reply && reply.error().message.starts_with("NOSCRIPT"))
    reply =
        co_await redis_->call(env, bucket(key), command("EVAL", redis_limiter_script(), key, now));
  if (!reply) co_return reply.error();
  co_return read_limiter_reply(*reply);
}

Result<RedisLimiter::Verdict> read_limiter_reply(const http::RedisValue& reply) {
  using Kind = http::RedisValue::Kind;
  if (reply.kind == Kind::nil) return Error(Code::invalid, Source::upstream, "redis: nil");
  if (reply.kind != Kind::list || reply.items.size() < 2 || !reply.items[0].is_text() ||
      !reply.items[1].is_text())
    return Error(Code::protocol, Source::upstream, std::string(odd_limiter_reply));
  RedisLimiter::Verdict v;
  const std::string& allowed = reply.items[0].text;
  // Go's ParseBool.
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), allowed) != words.end();
  };
  if (is_one_of({"0", "f", "F", "false", "FALSE", "False"})) {
    v.allowed = false;
  } else if (!is_one_of({"1", "t", "T", "true", "TRUE", "True"})) {
    return Error(Code::invalid, Source::upstream, "parsing ok value: " + allowed);
  }
  const std::optional<double> us = number_of(reply.items[1].text);
  constexpr double us_max = 9e15;  // more than a Duration holds
  if (!us || !std::isfinite(*us) || std::abs(*us) > us_max)
    return Error(Code::invalid, Source::upstream, "parsing delay value: " + reply.items[1].text);
  v.wait = Duration(static_cast<int64_t>(*us * 1000));
  return v;
}

}  // namespace gateproof::middleware
