// The client of a Redis Cluster in virtual time: nodes that say where a key is, move it, ask for patience, or are gone.
#include "engine/http/redis_cluster.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/sim/clock.h"
#include "engine/sim/net.h"
#include "engine/sim/random.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using http::RedisAddress;
using http::RedisCluster;
using http::RedisValue;

SocketAddress address(uint16_t port) { return {IpAddress::v4(127, 0, 0, 1), port}; }

std::string range(int first, int last, int port, const std::string& host = "127.0.0.1") {
  return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*3\r\n$" +
         std::to_string(host.size()) + "\r\n" + host + "\r\n:" + std::to_string(port) +
         "\r\n$2\r\nid\r\n";
}

class Cluster : public ::testing::Test {
 protected:
  std::string map = "*2\r\n" + range(0, 8191, 7001) + range(8192, 16383, 7002);
  // What a node says to a command that is not about the cluster.
  std::function<std::string(int port, const std::string& command)> script =
      [](int port, const std::string&) { return "+" + std::to_string(port) + "\r\n"; };
  std::vector<std::string> log;  // "7001 CLUSTER", "7002 GET"

  VirtualClock clock;
  SeededRandom random{1};
  Scheduler scheduler{clock};
  SimTransport transport{scheduler};
  testing::NoResolver resolver;
  Env env{scheduler, clock, random, transport, resolver, "h"};
  std::shared_ptr<RedisCluster> cluster = std::make_shared<RedisCluster>(
      std::vector<RedisAddress>{{"127.0.0.1", 7000}, {"127.0.0.1", 7001}}, options());

  void SetUp() override {
    for (uint16_t port = 7001; port <= 7003; ++port) up(port);
  }
  ~Cluster() override { scheduler.cancel_all(); }
  static http::RedisOptions options() {
    http::RedisOptions o;
    o.min_idle = 0;
    return o;
  }
  void up(uint16_t port) {
    transport.serve(address(port), [this, port](std::unique_ptr<Stream> stream) {
      scheduler.spawn("node", serve(std::move(stream), port));
    });
  }
  Task<void> serve(std::unique_ptr<Stream> stream, int port) {
    http::RedisReader commands;
    char piece[4096];
    for (;;) {
      const Result<size_t> n = co_await read_some(*stream, piece, instant_max);
      if (!n || *n == 0) co_return;
      commands.feed({piece, *n});
      while (const auto command = commands.next()) {
        const std::string word = (*command)->items.at(0).text;
        log.push_back(std::to_string(port) + " " + word);
        const std::string reply = word == "CLUSTER" ? map : script(port, word);
        std::vector<std::string_view> pieces = {reply};
        co_await write_all(*stream, std::move(pieces), instant_max);
      }
    }
  }
  std::string get(const std::string& key) {
    std::string out;
    scheduler.spawn("call", call(key, out));
    const Instant end = clock.now() + 1min;
    while (out.empty() && clock.now() < end) {
      if (scheduler.run_ready() > 0) continue;
      clock.advance_to(std::min(scheduler.next_timer(), end));
      scheduler.fire_timers(clock.now());
    }
    return out;
  }
  Task<void> call(std::string key, std::string& out) {
    std::vector<std::string> words = {"GET", key};
    const Result<RedisValue> got = co_await cluster->call(env, key, std::move(words));
    out = got ? got->text : "! " + got.error().message;
  }
};

constexpr const char* low = "bar";   // slot 5061
constexpr const char* high = "foo";  // slot 12182

TEST(RedisSlots, AreThoseOfTheSpecification) {
  EXPECT_EQ(http::redis_slot_of("123456789"), 0x31c3u % 16384);
  EXPECT_EQ(http::redis_slot_of("foo"), 12182u);
  EXPECT_EQ(http::redis_slot_of("bar"), 5061u);
  EXPECT_EQ(http::redis_slot_of("{foo}.x"), http::redis_slot_of("y{foo}"));
  EXPECT_EQ(http::redis_slot_of("{}foo"), http::redis_slot_of("{}foo"));
  EXPECT_NE(http::redis_slot_of("{}foo"), http::redis_slot_of("foo")) << "an empty tag is none";
  EXPECT_EQ(http::redis_slot_of("a{{b}}c"), http::redis_slot_of("{b"));
  EXPECT_EQ(http::redis_slot_of(""), 0u);
}

TEST(RedisSlots, Redirections) {
  const auto moved = http::redis_redirection("MOVED 3999 127.0.0.1:6381");
  ASSERT_TRUE(moved);
  EXPECT_FALSE(moved->ask);
  EXPECT_EQ(moved->to, (RedisAddress{"127.0.0.1", 6381}));
  EXPECT_TRUE(http::redis_redirection("ASK 1 h:1")->ask);
  for (const char* none : {"ERR x", "MOVED", "MOVED ", "MOVED 1 h", "MOVED 1 h:0",
                           "MOVED 1 h:70000", "MOVED 1 h:x", "MOVEDX 1 h:1"})
    EXPECT_FALSE(http::redis_redirection(none)) << none;
}

TEST_F(Cluster, EachKeyGoesToItsNodeAndTheMapIsAskedForOnce) {
  EXPECT_EQ(get(low), "7001");
  EXPECT_EQ(get(high), "7002");
  EXPECT_EQ(get(low), "7001");
  EXPECT_EQ(log, (std::vector<std::string>{"7001 CLUSTER", "7001 GET", "7002 GET", "7001 GET"}))
      << "the first seed is gone, and the second knows";
}

TEST_F(Cluster, AMovedKeyIsFollowedAndTheMapLearntAnew) {
  EXPECT_EQ(get(high), "7002");
  script = [](int port, const std::string&) {
    return port == 7002 ? std::string("-MOVED 12182 127.0.0.1:7003\r\n") : "+7003\r\n";
  };
  map = "*2\r\n" + range(0, 8191, 7001) + range(8192, 16383, 7003);
  const Instant before = clock.now();
  EXPECT_EQ(get(high), "7003");
  EXPECT_EQ(clock.now(), before) << "without a pause";
  log.clear();
  EXPECT_EQ(get(high), "7003");
  EXPECT_EQ(log.back(), "7003 GET");
}

TEST_F(Cluster, AKeyOnItsWayIsAskedForOnOneConnection) {
  script = [](int port, const std::string& word) {
    if (port == 7002) return std::string("-ASK 12182 127.0.0.1:7003\r\n");
    return word == "ASKING" ? std::string("+OK\r\n") : std::string("+asked\r\n");
  };
  EXPECT_EQ(get(high), "asked");
  EXPECT_EQ(std::count(log.begin(), log.end(), "7003 ASKING"), 1);
}

TEST_F(Cluster, RedirectionsEndAfterFourTries) {
  script = [](int port, const std::string&) {
    return "-MOVED 12182 127.0.0.1:" + std::to_string(port == 7002 ? 7003 : 7002) + "\r\n";
  };
  EXPECT_TRUE(get(high).starts_with("! MOVED 12182 "));
  EXPECT_EQ(std::count_if(log.begin(), log.end(),
                          [](const std::string& l) { return l.ends_with("GET"); }),
            http::redis_cluster_tries_max);
}

TEST_F(Cluster, NodesThatOnlyRedirectionsNameAreForgotten) {
  int named = 10'000;
  script = [&](int, const std::string&) {
    return "-MOVED 12182 127.0.0.1:" + std::to_string(++named) + "\r\n";
  };
  map = "*2\r\n" + range(0, 8191, 7001) + range(8192, 16383, 7002);
  EXPECT_NE(get(low), "");  // the map is learnt
  map = "-ERR no map any more\r\n";
  for (int i = 0; i < 2000; ++i) get(high);
  EXPECT_GT(named, 11'500) << "each was another one";
  EXPECT_LE(cluster->nodes(), http::redis_cluster_nodes_max + 1);
  script = [](int port, const std::string&) { return "+" + std::to_string(port) + "\r\n"; };
  EXPECT_EQ(get(high), "7002") << "those of the map are still known";
}

TEST_F(Cluster, ErrorsAndMapsThatAreNone) {
  script = [](int, const std::string&) { return "-ERR no\r\n"; };
  EXPECT_EQ(get(low), "! ERR no");
  struct Row {
    std::string map;
    const char* says;
  };
  const Row rows[] = {
      {"*0\r\n", "! redis: the cluster has no slots"},
      {"*1\r\n" + range(0, 100, 7001), "! redis: no node has slot 5061"},
      {"*1\r\n*1\r\n:1\r\n", "! redis: CLUSTER SLOTS gave no map of slots"},
      {"*1\r\n" + range(5, 4, 7001), "! redis: CLUSTER SLOTS gave no map of slots"},
      {"*1\r\n" + range(0, 16384, 7001), "! redis: CLUSTER SLOTS gave no map of slots"},
      {"*1\r\n" + range(0, 16383, 0), "! redis: CLUSTER SLOTS gave no map of slots"},
      {"-ERR This instance has cluster support disabled\r\n",
       "! ERR This instance has cluster support disabled"},
  };
  for (const Row& row : rows) {
    map = row.map;
    cluster =
        std::make_shared<RedisCluster>(std::vector<RedisAddress>{{"127.0.0.1", 7001}}, options());
    EXPECT_EQ(get(low), row.says) << row.map;
  }
}

TEST_F(Cluster, ANodeWithoutANameOfItsOwnIsWhereItWasFound) {
  map = "*1\r\n" + range(0, 16383, 7001, "");
  EXPECT_EQ(get(high), "7001");
}

}  // namespace
}  // namespace gateproof::sim
