// The client of Redis in virtual time: its turns, its tries, and every way in which a server may fail it.
#include "engine/http/redis_client.h"

#include <gtest/gtest.h>

#include "engine/sim/clock.h"
#include "engine/sim/net.h"
#include "engine/sim/random.h"
#include "engine/sim/redis_host.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using http::RedisClient;
using http::RedisOptions;
using http::RedisValue;

const SocketAddress here{IpAddress::v4(127, 0, 0, 1), 6379};

class Client : public ::testing::Test {
 protected:
  // What the server says to a piece of bytes: "" is nothing, nullopt hangs up.
  std::function<std::optional<std::string>(int connection, const std::string& bytes)> script =
      [](int, const std::string&) { return "+OK\r\n"; };
  int connections = 0;
  std::vector<std::string> heard;

  VirtualClock clock;
  SeededRandom random{1};
  Scheduler scheduler{clock};
  SimTransport transport{scheduler};
  struct OneName final : Resolver {
    Task<Result<std::vector<IpAddress>>> resolve(std::string host) override {
      if (host != "localhost") co_return Error(Code::not_found, "no such host: " + host);
      co_return std::vector<IpAddress>{IpAddress::v4(127, 0, 0, 1)};
    }
    Task<Result<std::optional<CanonicalName>>> canonical_name(std::string, std::string) override {
      co_return std::optional<CanonicalName>();
    }
  } resolver;
  Env env{scheduler, clock, random, transport, resolver, "h"};
  RedisOptions options;
  std::shared_ptr<RedisClient> client;

  void SetUp() override {
    options.min_idle = 0;
    up();
  }
  ~Client() override { scheduler.cancel_all(); }
  void up() {
    transport.serve(here, [this](std::unique_ptr<Stream> stream) {
      scheduler.spawn("server", serve(std::move(stream), ++connections));
    });
  }
  Task<void> serve(std::unique_ptr<Stream> stream, int number) {
    char piece[4096];
    for (;;) {
      const Result<size_t> n = co_await read_some(*stream, piece, instant_max);
      if (!n || *n == 0) co_return;
      heard.emplace_back(piece, *n);
      const std::optional<std::string> reply = script(number, heard.back());
      if (!reply) co_return;
      std::vector<std::string_view> pieces = {*reply};
      co_await write_all(*stream, std::move(pieces), instant_max);
    }
  }
  // The answers of `n` calls made at once, in their order, each with the milliseconds that it took.
  std::vector<std::string> calls(int n = 1) {
    if (!client) client = std::make_shared<RedisClient>(options);
    std::vector<std::string> out(static_cast<size_t>(n));
    for (std::string& one : out) scheduler.spawn("call", call(one));
    const Instant end = clock.now() + 1h;
    for (;;) {
      if (scheduler.run_ready() > 0) continue;
      if (scheduler.next_timer() > end) break;
      clock.advance_to(scheduler.next_timer());
      scheduler.fire_timers(clock.now());
    }
    return out;
  }
  Task<void> call(std::string& out) { return call_from(env, out); }
  Task<void> call_from(Env& loop, std::string& out) {
    const Instant begin = clock.now();
    std::vector<std::string> words = {"PING"};
    const Result<RedisValue> got = co_await client->call(loop, std::move(words));
    took = clock.now() - begin;
    out = got ? got->text : "! " + got.error().message;
  }
  std::string ask() { return calls().front(); }
  Duration took{0};  // the last call
};

TEST_F(Client, AConnectionServesManyCalls) {
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(connections, 1);
  EXPECT_EQ(heard.front(), "*1\r\n$4\r\nPING\r\n") << "without a password nothing comes before";
  EXPECT_EQ(client->idle(env), 1u);
  EXPECT_EQ(client->running(), 0);
}

TEST_F(Client, SaysWhoItIsAndChoosesItsDatabase) {
  struct Row {
    const char *user, *password;
    int64_t db;
    std::string said;
  };
  const Row rows[] = {
      {"", "p", 0, "*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n"},
      {"u", "p", 2, "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"},
      {"u", "", 0, ""},
      {"", "", -1, ""},
  };
  for (const Row& row : rows) {
    heard.clear();
    options.username = row.user;
    options.password = row.password;
    options.db = row.db;
    client = nullptr;
    EXPECT_EQ(ask(), "OK");
    std::string all;
    for (const std::string& bytes : heard) all += bytes;
    EXPECT_EQ(all, row.said + "*1\r\n$4\r\nPING\r\n");
  }
}

TEST_F(Client, AWrongPasswordIsNotTriedAgain) {
  options.password = "p";
  script = [](int, const std::string&) { return "-WRONGPASS invalid\r\n"; };
  EXPECT_EQ(ask(), "! WRONGPASS invalid");
  EXPECT_EQ(connections, 1);
  EXPECT_EQ(took, Duration(0));
}

// Observed: 500 after about 1.7 s, four tries of five dials.
TEST_F(Client, NobodyThere) {
  transport.stop(here);
  EXPECT_EQ(ask(), "! connection refused by 127.0.0.1:6379");
  const Duration dials =
      http::redis_tries_max * (http::redis_dials_max - 1) * http::redis_dial_pause;
  EXPECT_GE(took, dials + 3 * http::redis_backoff_min);
  EXPECT_LE(took, dials + 3 * http::redis_backoff_min + 16ms + 32ms + 64ms);
  up();
  EXPECT_EQ(ask(), "OK") << "and back again";
  options.host = "nowhere";
  client = nullptr;
  EXPECT_EQ(ask(), "! no such host: nowhere");
  options.port = 0;
  client = nullptr;
  EXPECT_EQ(ask(), "! dial tcp: address nowhere: missing port in address");
}

TEST_F(Client, ADialThatTakesTooLong) {
  options.dial_timeout = 200ms;
  transport.link.latency = 101ms;
  EXPECT_EQ(ask(), "! dial tcp " + here.to_string() + ": i/o timeout");
  EXPECT_GE(took, 4 * (5 * 200ms + 4 * 100ms));
  EXPECT_LE(took, 4 * (5 * 200ms + 4 * 100ms) + 136ms);
  EXPECT_EQ(connections, 0);
  options.dial_timeout = 0ms;
  client = nullptr;
  EXPECT_EQ(ask(), "OK") << "0 is the usual 5 s";
}

TEST_F(Client, SilenceEndsWithTheReadTimeout) {
  script = [](int, const std::string&) { return ""; };
  options.read_timeout = 300ms;
  EXPECT_EQ(ask(), "! read timed out");
  EXPECT_EQ(connections, 4) << "a fresh connection for each try";
  EXPECT_GE(took, 4 * 300ms);
  EXPECT_LE(took, 4 * 300ms + 136ms);
  EXPECT_EQ(client->idle(env), 0u);
  script = [](int, const std::string&) { return "*2\r\n$4\r\ntr"; };
  EXPECT_EQ(ask(), "! read timed out") << "half a reply";
  options.read_timeout = 0ms;
  client = nullptr;
  EXPECT_EQ(ask(), "") << "0: waits for ever";
  EXPECT_EQ(client->running(), 1);
}

TEST_F(Client, AWriteThatIsNotTaken) {
  options.write_timeout = 200ms;
  transport.link.window_bytes = 8;
  script = [](int, const std::string&) { return "+OK\r\n"; };
  EXPECT_EQ(ask(), "OK") << "in small pieces";
  transport.link.window_bytes = 0;
  client = nullptr;
  EXPECT_EQ(ask(), "! write timed out");
  EXPECT_GE(took, 4 * 200ms);
}

TEST_F(Client, AConnectionThatIsLost) {
  script = [](int number, const std::string&) -> std::optional<std::string> {
    if (number < 3) return std::nullopt;
    return "+OK\r\n";
  };
  EXPECT_EQ(ask(), "OK") << "the third try";
  EXPECT_EQ(connections, 3);
  script = [](int, const std::string&) { return std::nullopt; };
  EXPECT_EQ(ask(), "! EOF");
  EXPECT_EQ(client->running(), 0);
}

TEST_F(Client, ALostConnectionAtRestIsNotUsed) {
  options.pool_size = 4;
  int closed = 0;
  script = [&](int number, const std::string&) -> std::optional<std::string> {
    return number == 1 ? "+OK\r\n+unasked\r\n" : "+OK\r\n";
  };
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(client->idle(env), 0u) << "bytes behind the reply: nobody knows whose";
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(connections, 2);
  EXPECT_EQ(closed, 0);
}

TEST_F(Client, WhatIsTriedAgain) {  // observed with the binary
  struct Row {
    const char* reply;
    int asked, connections;
  };
  const Row rows[] = {
      {"-ERR boom\r\n", 1, 1},
      {"-NOAUTH Authentication required.\r\n", 1, 1},
      {"-LOADING Redis is loading\r\n", 4, 1},
      {"-READONLY You can't write\r\n", 4, 4},
      {"-MASTERDOWN x\r\n", 4, 1},
      {"-CLUSTERDOWN x\r\n", 4, 1},
      {"-TRYAGAIN x\r\n", 4, 1},
      {"-ERR max number of clients reached\r\n", 4, 1},
      {"-LOADINGx\r\n", 1, 1},
      {"!@#\r\n", 1, 1},
      {"*2000\r\n", 1, 1},
  };
  for (const Row& row : rows) {
    script = [&](int, const std::string&) { return row.reply; };
    heard.clear();
    connections = 0;
    client = nullptr;
    EXPECT_EQ(ask().substr(0, 2), "! ") << row.reply;
    EXPECT_EQ(heard.size(), size_t(row.asked)) << row.reply;
    EXPECT_EQ(connections, row.connections) << row.reply;
  }
}

class Slow : public Client {
 protected:
  void SetUp() override {
    Client::SetUp();
    transport.link.latency = 100ms;  // a dial takes 200 ms, so does a command
  }
};

TEST_F(Slow, PoolSizeBoundsCommandsAtATime) {
  options.pool_size = 2;
  for (const std::string& got : calls(4)) EXPECT_EQ(got, "OK");
  EXPECT_EQ(connections, 2) << "at the limit";
  EXPECT_EQ(took, 600ms) << "one over waits for its turn: dial, command, command";
  EXPECT_EQ(client->idle(env), 2u);
  EXPECT_EQ(client->pool_size(), 2);

  options.pool_size = 0;
  client = nullptr;
  connections = 0;
  for (const std::string& got : calls(11)) EXPECT_EQ(got, "OK");
  EXPECT_EQ(connections, 10) << "0: redis_pool_size_default for this one loop";
  EXPECT_EQ(client->pool_size(), http::redis_pool_size_default);
}

// Waiting in the queue has its own end: the read timeout and a second, then the next try.
TEST_F(Slow, NoTurnInTime) {
  options.pool_size = 1;
  options.read_timeout = 2s;
  script = [this](int, const std::string&) -> std::optional<std::string> {
    return heard.size() < 9 ? "" : "+OK\r\n";
  };
  const auto got = calls(4);
  EXPECT_EQ(std::count(got.begin(), got.end(), "! redis: connection pool timeout"), 2)
      << testing::PrintToString(got);
  EXPECT_EQ(client->running(), 0);
}

TEST_F(Slow, MaxActiveConnsRefusesOneMore) {  // observed: at once, not tried again
  options.max_active = 2;
  const auto got = calls(3);
  EXPECT_EQ(got, (std::vector<std::string>{"OK", "OK", "! redis: connection pool exhausted"}));
  EXPECT_EQ(client->running(), 0);
  options.max_active = 0;
  client = nullptr;
  const auto all = calls(3);
  EXPECT_EQ(std::count(all.begin(), all.end(), "OK"), 3) << "0: no such limit";
}

TEST_F(Slow, MinIdleConnsAreKeptBesideThoseInUse) {
  options.min_idle = 2;
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(connections, 3);
  EXPECT_EQ(client->idle(env), 3u);
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(connections, 3);
}

// Two loops, one process: a turn that ends in one is found by the other, connections stay where they are.
TEST_F(Slow, TurnsAreCountedOverAllLoops) {
  options.pool_size = 1;
  client = std::make_shared<RedisClient>(options);
  Env other{scheduler, clock, random, transport, resolver, "h"};
  std::string here_out, there_out;
  scheduler.spawn("here", call(here_out));
  scheduler.spawn("there", call_from(other, there_out));
  scheduler.run_ready();
  EXPECT_EQ(client->running(), 1);
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(here_out, "OK");
  EXPECT_EQ(there_out, "OK");
  EXPECT_EQ(connections, 2);
  EXPECT_EQ(client->idle(other), 1u);
  EXPECT_EQ(client->running(), 0);
  options.pool_size = 0;
  client = std::make_shared<RedisClient>(options);
  client->idle(env);
  client->idle(other);
  EXPECT_EQ(client->pool_size(), 2 * http::redis_pool_size_default);
}

TEST_F(Slow, ACancelledCallGivesItsTurnOn) {
  options.pool_size = 1;
  client = std::make_shared<RedisClient>(options);
  std::string lost[2], out;
  const uint64_t first = scheduler.spawn("first", call(lost[0]));
  const uint64_t second = scheduler.spawn("second", call(lost[1]));
  scheduler.spawn("third", call(out));
  scheduler.run_ready();
  scheduler.cancel(first);  // the turn is the second's, who does not know it yet
  scheduler.cancel(second);
  EXPECT_EQ(ask(), "OK");
  EXPECT_EQ(out, "OK");
  EXPECT_EQ(client->running(), 0);
}

TEST(LoopStore, KeepsNothingOfTheDead) {
  LoopStore store;
  auto owner = std::make_shared<int>(1);
  const auto get = [&](const std::shared_ptr<int>& who, int value) {
    return *store.get<int>(who, [&] { return std::make_shared<int>(value); });
  };
  EXPECT_EQ(get(owner, 5), 5);
  EXPECT_EQ(get(owner, 6), 5) << "made once";
  owner = std::make_shared<int>(2);
  EXPECT_EQ(get(owner, 7), 7);
  EXPECT_EQ(store.size(), 1u);
}

}  // namespace
}  // namespace gateproof::sim
