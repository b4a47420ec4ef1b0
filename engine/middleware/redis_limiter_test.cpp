// What Redis is told and what its replies mean; with a Redis, see sim/redis_test.cpp.
#include "engine/middleware/redis_limiter.h"

#include <gtest/gtest.h>

#include "engine/base/crypto.h"

namespace gateproof::middleware {
namespace {

using http::RedisValue;
using std::chrono::seconds;

RedisLimiter limiter(int64_t average, Duration period, int64_t burst) {
  return {"m@file", average, period, burst, {}};
}

TEST(RedisLimiter, ItsWordsAreTraefiks) {
  const RedisLimiter one = limiter(10, seconds(1), 5);
  EXPECT_EQ(one.bucket("10.0.0.1"), "rate:m@file:10.0.0.1");
  EXPECT_EQ(one.command("EVALSHA", "digest", "k", "17"),
            (std::vector<std::string>{"EVALSHA", "digest", "1", "rate:m@file:k", "0.00001", "5",
                                      "2", "17", "50000"}));
  EXPECT_EQ(redis_limiter_digest(), crypto::hex(crypto::sha1(redis_limiter_script())));
  EXPECT_EQ(redis_limiter_digest().size(), 40u);
}

// No exponent in the rate, however small or large; buckets live until they are full again.
TEST(RedisLimiter, RatesAtTheirEnds) {
  const auto words = [](int64_t average, Duration period) {
    const auto all = limiter(average, period, 1).command("EVAL", "", "k", "0");
    return all[4] + " " + all[6] + " " + all[8];
  };
  EXPECT_EQ(words(1, std::chrono::hours(24)).find('e'), std::string::npos);
  EXPECT_EQ(words(1, std::chrono::hours(24)).substr(0, 4), "0.00");
  EXPECT_EQ(words(INT64_MAX, std::chrono::nanoseconds(1)).find('e'), std::string::npos);
  // Half of the time that a token takes, at most half a second.
  EXPECT_EQ(limiter(1, seconds(1), 1).max_delay(), std::chrono::milliseconds(500));
  EXPECT_EQ(limiter(10, seconds(1), 1).max_delay(), std::chrono::milliseconds(50));
}

RedisValue text(std::string value, RedisValue::Kind kind = RedisValue::Kind::text) {
  RedisValue v;
  v.kind = kind;
  v.text = std::move(value);
  return v;
}
RedisValue list(std::vector<RedisValue> items) {
  RedisValue v;
  v.kind = RedisValue::Kind::list;
  v.items = std::move(items);
  return v;
}

TEST(RedisLimiter, Replies) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    const auto v = read_limiter_reply(list({text(yes), text("1500.5"), text("0")}));
    ASSERT_TRUE(v) << yes;
    EXPECT_TRUE(v->allowed);
    EXPECT_EQ(v->wait, std::chrono::nanoseconds(1'500'500));
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"})
    EXPECT_FALSE(read_limiter_reply(list({text(no), text("0")}))->allowed) << no;
  EXPECT_TRUE(read_limiter_reply(list({text("1", RedisValue::Kind::status), text("0")})));
}

TEST(RedisLimiter, RepliesThatAreNone) {
  RedisValue number;
  number.kind = RedisValue::Kind::integer;
  const auto code = [](const RedisValue& v) { return read_limiter_reply(v).error().code; };
  EXPECT_EQ(code({}), Code::invalid);
  EXPECT_EQ(code(text("true")), Code::protocol);
  EXPECT_EQ(code(list({})), Code::protocol);
  EXPECT_EQ(code(list({text("true")})), Code::protocol);
  EXPECT_EQ(code(list({text("true"), number})), Code::protocol);
  EXPECT_EQ(code(list({number, text("1")})), Code::protocol);
  EXPECT_EQ(code(list({text("maybe"), text("1")})), Code::invalid);
  for (const char* wait : {"", "x", "1x", "nan", "inf", "-inf", "1e400", "9.1e15", "-9.1e15"})
    EXPECT_EQ(code(list({text("1"), text(wait)})), Code::invalid) << wait;
  // The longest wait that a Duration holds; and one that is over already.
  EXPECT_TRUE(read_limiter_reply(list({text("1"), text("9e15")})));
  EXPECT_LT(read_limiter_reply(list({text("1"), text("-5")}))->wait, Duration::zero());
}

}  // namespace
}  // namespace gateproof::middleware
