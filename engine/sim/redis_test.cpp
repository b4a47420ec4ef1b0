// rateLimit with a Redis in virtual time (catalogue 3.2), on both virtual arms.
#include <gtest/gtest.h>

#include "engine/middleware/redis_limiter.h"
#include "engine/sim/world.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;

class RateLimitRedis : public testing::TestWithParam<Arm> {
 protected:
  std::unique_ptr<World> world;

  void start(const std::string& middlewares) {
    config::Findings findings;
    auto statics = std::make_shared<config::StaticConfig>();
    config::EntryPointConfig e;
    e.name = "web";
    e.address.value = ":80";
    statics->entry_points["web"] = e;
    world = std::make_unique<World>(7, statics);
    Host host;
    host.name = "a";
    host.script = [](const HostRequest&) { return HostAnswer(); };
    world->add_host("127.0.0.1:1", std::move(host));
    const auto doc = config::parse_document(
        "http: {routers: {one: {rule: 'Path(`/one`)', service: s, middlewares: [m]}, two: {rule: "
        "'Path(`/two`)', service: s, middlewares: [m]}}, services: {s: {loadBalancer: {servers: "
        "[{url: 'http://127.0.0.1:1'}]}}}, middlewares: {" +
            middlewares + "}}",
        "x.yml", config::Format::yaml);
    ASSERT_TRUE(doc.has_value());
    auto d = config::decode_dynamic(*doc, "file", middleware::middleware_types(), findings);
    ASSERT_TRUE(d.has_value());
    world->engine().update("file", std::move(*d));
  }
  void redis(RedisHost host = {}) { world->add_redis("127.0.0.1:6379", std::move(host)); }
  Outcome get(const std::string& path = "/one") {
    Request r;
    r.host = "x.test";
    r.entry_point = "web";
    r.target = path;
    return world->send(r, GetParam());
  }
  static Duration took(const Outcome& o) { return Duration(o.finished_ns - o.started_ns); }
  static std::string header(const Outcome& o, const std::string& name) {
    for (const auto& [n, v] : o.headers) {
      if (n == name) return v;
    }
    return "-";
  }
};
INSTANTIATE_TEST_SUITE_P(Arms, RateLimitRedis, testing::Values(Arm::direct, Arm::wire),
                         [](const auto& i) { return i.param == Arm::direct ? "direct" : "wire"; });

TEST_P(RateLimitRedis, TheSameLawAsWithout) {
  start("m: {rateLimit: {average: 4, burst: 2, redis: {endpoints: ['127.0.0.1:6379']}}}");
  redis();
  EXPECT_EQ(get().status, 200);
  EXPECT_EQ(get("/two").status, 200) << "a bucket of the middleware, not of the router";
  const Outcome refused = get();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_EQ(header(refused, "X-Retry-In"), "250ms");
  EXPECT_EQ(refused.body, "Too Many Requests");
  world->advance(124ms);
  EXPECT_EQ(get().status, 429) << "one over the longest wait, 125 ms";
  world->advance(1ms);
  const Outcome held = get();
  EXPECT_EQ(held.status, 200) << "at it";
  EXPECT_EQ(took(held), 125ms);
  world->advance(2s);
  EXPECT_EQ(get().status, 200);
  EXPECT_EQ(get().status, 200);
  EXPECT_EQ(get().status, 429) << "the burst is the limit of what is saved";
}

TEST_P(RateLimitRedis, AReloadKeepsTheBuckets) {
  const std::string m = "m: {rateLimit: {average: 1, period: 1h, redis: {db: 1}}}";
  start(m);
  redis();
  EXPECT_EQ(get().status, 500) << "localhost is no name of this world";
  start("m: {rateLimit: {average: 1, period: 1h, redis: {endpoints: ['127.0.0.1:6379']}}}");
  redis();
  EXPECT_EQ(get().status, 200);
  world->engine().update("other", config::DynamicConfig());
  EXPECT_EQ(get().status, 429);
}

TEST_P(RateLimitRedis, Failures) {
  struct Row {
    const char* reply;
    int status;
    const char* body;
  };
  const Row rows[] = {
      // observed with the binary
      {"-ERR boom\r\n", 500, "Could not insert/update bucket\n"},
      {"!@#\r\n", 500, "Could not insert/update bucket\n"},
      {"$-1\r\n", 500, "Could not insert/update bucket\n"},
      {"*3\r\n$4\r\ntrue\r\n$3\r\nabc\r\n$1\r\n1\r\n", 500, "Could not insert/update bucket\n"},
      {"*3\r\n$3\r\nmay\r\n$1\r\n0\r\n$1\r\n1\r\n", 500, "Could not insert/update bucket\n"},
      {":5\r\n", 500, "Internal Server Error\n"},
      {"*1\r\n$4\r\ntrue\r\n", 500, "Internal Server Error\n"},
      {"*3\r\n:1\r\n:2\r\n:3\r\n", 500, "Internal Server Error\n"},
      {"*3\r\n$5\r\nfalse\r\n$1\r\n0\r\n$1\r\n1\r\n", 429, "No bursty traffic allowed\n"},
      {"*3\r\n$4\r\ntrue\r\n$9\r\n123456789\r\n$1\r\n1\r\n", 429, "Too Many Requests"},
      {"*3\r\n$4\r\ntrue\r\n$2\r\n-5\r\n$1\r\n1\r\n", 200, ""},
      {"*3\r\n+true\r\n+0\r\n+1\r\n", 200, ""},
      // Not as the binary, which serves them at once: a number that is none is no permission.
      {"*3\r\n$4\r\ntrue\r\n$3\r\nnan\r\n$1\r\n1\r\n", 500, "Could not insert/update bucket\n"},
      {"*3\r\n$4\r\ntrue\r\n$3\r\ninf\r\n$1\r\n1\r\n", 500, "Could not insert/update bucket\n"},
      {"*3\r\n$4\r\ntrue\r\n$5\r\n1e300\r\n$1\r\n1\r\n", 500, "Could not insert/update bucket\n"},
  };
  for (const Row& row : rows) {
    start("m: {rateLimit: {average: 1, redis: {endpoints: ['127.0.0.1:6379']}}}");
    TcpHost host;
    host.name = "redis";
    host.reply = row.reply;
    world->add_tcp_host("127.0.0.1:6379", host);
    const Outcome o = get();
    EXPECT_EQ(o.status, row.status) << row.reply;
    EXPECT_EQ(o.body, row.body) << row.reply;
  }
}

TEST_P(RateLimitRedis, NobodyThere) {
  start("m: {rateLimit: {average: 1, redis: {endpoints: ['127.0.0.1:6379']}}}");
  const Outcome o = get();
  EXPECT_EQ(o.status, 500);
  EXPECT_EQ(o.body, "Could not insert/update bucket\n");
  EXPECT_GE(took(o), 1624ms) << "observed: about 1.7 s";
  EXPECT_LE(took(o), 1736ms);
  redis();
  EXPECT_EQ(get().status, 200) << "as soon as it is back";
}

TEST_P(RateLimitRedis, ASlowRedisDelays) {
  start("m: {rateLimit: {average: 1, redis: {endpoints: ['127.0.0.1:6379'], readTimeout: 1s}}}");
  RedisHost slow;
  slow.delay = 900ms;
  redis(slow);
  const Outcome o = get();
  EXPECT_EQ(o.status, 200);
  EXPECT_EQ(took(o), 1800ms) << "EVALSHA, then EVAL";
  start("m: {rateLimit: {average: 1, redis: {endpoints: ['127.0.0.1:6379'], readTimeout: 1s}}}");
  slow.delay = 1100ms;
  redis(slow);
  EXPECT_EQ(get().status, 500);
}

TEST_P(RateLimitRedis, Passwords) {
  const auto status = [&](const std::string& given, const char* user, const char* password) {
    start("m: {rateLimit: {average: 1, redis: {endpoints: ['127.0.0.1:6379']" + given + "}}}");
    RedisHost host;
    host.username = user;
    host.password = password;
    redis(host);
    return get().status;
  };
  EXPECT_EQ(status(", password: p, db: 15", "", "p"), 200);
  EXPECT_EQ(status(", username: u, password: p", "u", "p"), 200);
  EXPECT_EQ(status(", username: v, password: p", "u", "p"), 500);
  EXPECT_EQ(status(", password: q", "", "p"), 500);
  EXPECT_EQ(status("", "", "p"), 500) << "NOAUTH";
  EXPECT_EQ(status(", password: p", "", ""), 500) << "none is wanted";
  EXPECT_EQ(status(", db: 16", "", ""), 500) << "no such database";
}

TEST_P(RateLimitRedis, AverageZeroRefusesAll) {  // observed: Redis is not even asked
  start("m: {rateLimit: {redis: {endpoints: ['127.0.0.1:6379']}}}");
  const Outcome o = get();
  EXPECT_EQ(o.status, 429);
  EXPECT_EQ(o.body, "No bursty traffic allowed\n");
  EXPECT_EQ(took(o), Duration(0));
}

TEST_P(RateLimitRedis, AskingTakesNoToken) {
  start("m: {rateLimit: {average: 1, period: 1h, redis: {endpoints: ['127.0.0.1:6379']}}}");
  redis();
  Request r;
  r.host = "x.test";
  r.entry_point = "web";
  r.target = "/one";
  for (int i = 0; i < 3; ++i) {
    const Outcome asked = world->ask(r);
    EXPECT_EQ(asked.stopped_by, "");
    EXPECT_EQ(asked.server, "http://127.0.0.1:1");
  }
  EXPECT_EQ(get().status, 200);
  EXPECT_EQ(get().status, 429);
}

// A command line of bytes, and what the store says to it.
std::string say(RedisStore& store, RedisStore::Session& session,
                const std::vector<std::string>& words, int64_t wall_ns = 0) {
  return store.answer(session, http::redis_command(words), wall_ns).value_or("hung up");
}

TEST(RedisStore, Commands) {
  RedisStore store(RedisHost{});
  RedisStore::Session s;
  EXPECT_EQ(say(store, s, {"PING"}), "+PONG\r\n");
  EXPECT_EQ(say(store, s, {"GET", "x"}), "-ERR unknown command 'GET'\r\n") << "honest";
  EXPECT_EQ(say(store, s, {"EVAL", "return 1", "0"}),
            "-ERR this Redis of the virtual world runs no other script than rateLimit's\r\n");
  const std::vector<std::string> args = {"1",     "k", "0.000001", "2", "2", "1700000000000000",
                                         "500000"};
  std::vector<std::string> by_digest = {"EVALSHA", middleware::redis_limiter_digest()};
  by_digest.insert(by_digest.end(), args.begin(), args.end());
  EXPECT_EQ(say(store, s, by_digest), "-NOSCRIPT No matching script. Please use EVAL.\r\n");
  std::vector<std::string> by_text = {"EVAL", std::string(middleware::redis_limiter_script())};
  by_text.insert(by_text.end(), args.begin(), args.end());
  EXPECT_EQ(say(store, s, by_text), "*3\r\n$4\r\ntrue\r\n$1\r\n0\r\n$1\r\n1\r\n");
  EXPECT_EQ(say(store, s, by_digest), "*3\r\n$4\r\ntrue\r\n$1\r\n0\r\n$1\r\n0\r\n");
  EXPECT_EQ(say(store, s, by_digest), "*3\r\n$4\r\ntrue\r\n$7\r\n1000000\r\n$1\r\n0\r\n");
  EXPECT_EQ(say(store, s, {"HGETALL", "k"}),
            "*4\r\n$4\r\nlast\r\n$16\r\n1700000000000000\r\n$6\r\ntokens\r\n$1\r\n0\r\n");
  EXPECT_EQ(say(store, s, {"TTL", "k"}), ":2\r\n");
  EXPECT_EQ(say(store, s, {"TTL", "k"}, 2'000'000'000), ":-2\r\n") << "it has expired";
  EXPECT_EQ(say(store, s, {"SELECT", "16"}), "-ERR DB index is out of range\r\n");
  EXPECT_FALSE(store.answer(s, "GET / HTTP/1.1\r\n", 0)) << "no commands";
}

// What the binary sends to Redis for these options, seen on a redis-server.
TEST(RedisLimiter, Arguments) {
  struct Row {
    int64_t average;
    Duration period;
    const char *rate, *idle, *longest;
  };
  const Row rows[] = {
      {1, 1s, "0.000001", "2", "500000"},
      {1, 1h, "0.00000000027777777777777777", "3601", "500000"},
      {1, 10s, "0.00000010000000000000001", "11", "500000"},
      {100, 1s, "0.0001", "2", "5000"},
      {3, 1s, "0.000003", "2", "166666"},
  };
  for (const Row& row : rows) {
    const middleware::RedisLimiter limiter("m@file", row.average, row.period, 5, {});
    const auto words = limiter.command("EVALSHA", "d", "k", "7");
    EXPECT_EQ(words, (std::vector<std::string>{"EVALSHA", "d", "1", "rate:m@file:k", row.rate, "5",
                                               row.idle, "7", row.longest}));
  }
}

}  // namespace
}  // namespace gateproof::sim
