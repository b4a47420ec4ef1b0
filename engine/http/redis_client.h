// A client of one Redis server over the world's Transport, with Traefik's ways of waiting and trying again (those of go-redis).
// It is process-wide: how many commands run at a time is counted over all event loops; connections belong to their loop.
// A connection carries one command at a time.
#pragma once
#include <atomic>

#include "engine/env/env.h"
#include "engine/env/tls_connector.h"
#include "engine/http/redis_codec.h"

namespace gateproof::http {

inline constexpr int64_t redis_pool_size_default =
    10;                                    // for each event loop; go-redis: for each CPU
inline constexpr int redis_tries_max = 4;  // of a command
inline constexpr int redis_dials_max = 5;  // within one try
inline constexpr Duration redis_dial_pause = std::chrono::milliseconds(100);  // between dials
// Between tries: the least, plus a random part that doubles each time.
inline constexpr Duration redis_backoff_min = std::chrono::milliseconds(8);
inline constexpr Duration redis_backoff_max = std::chrono::milliseconds(512);
// How long a command waits for its turn: this and the read timeout, or the other when reading may take for ever.
inline constexpr Duration redis_turn_wait = std::chrono::seconds(1);
inline constexpr Duration redis_turn_wait_max = std::chrono::seconds(30);
// Between looks whether another event loop has given a turn back.
inline constexpr Duration redis_turn_look = std::chrono::milliseconds(5);

struct RedisOptions {
  std::string host = "localhost";
  uint16_t port = 6379;
  std::string username, password;  // without a password nobody is named
  int64_t db = 0;                  // above 0: selected
  int64_t pool_size = 0;           // commands at a time; 0: redis_pool_size_default a loop
  int64_t min_idle = 0;            // connections that each loop keeps beside those in use
  int64_t max_active = 0;          // commands at a time before one more fails; 0: no such limit
  Duration read_timeout = std::chrono::seconds(3);  // 0 and below: none
  Duration write_timeout = std::chrono::seconds(3);
  Duration dial_timeout = std::chrono::seconds(5);  // 0 and below: these 5 s; of TLS too
  std::shared_ptr<TlsConnector> tls;                // null: plain
  int tries_max = redis_tries_max;
};

// Whoever has a key: one server, or the nodes of a cluster.
class Redis {
 public:
  virtual ~Redis() = default;
  // The reply to a command about `key`, its only one.
  virtual Task<Result<RedisValue>> call(Env& env, std::string key,
                                        std::vector<std::string> words) = 0;
  virtual std::string where() const = 0;  // for people
};

// Between two tries of a command, the `n`-th of which has failed.
Task<void> redis_pause(Env& env, RandomStream& random, int n);

class RedisClient final : public Redis, public std::enable_shared_from_this<RedisClient> {
 public:
  explicit RedisClient(RedisOptions options);

  // The reply to a command. What Redis answers with an error is an Error with its text; so are a connection that fails
  // (Code::refused, reset, timeout), a reply that is none (protocol, limit), and no turn in time (Code::unavailable).
  Task<Result<RedisValue>> call(Env& env, std::vector<std::string> words) {
    return call_as(env, std::move(words), false);
  }
  Task<Result<RedisValue>> call(Env& env, std::string, std::vector<std::string> words) override {
    return call_as(env, std::move(words), false);
  }
  // `asking`: with an ASKING before it on the same connection, for a slot that is on its way to this node.
  Task<Result<RedisValue>> call_as(Env& env, std::vector<std::string> words, bool asking);

  std::string where() const override { return options_.host; }
  const RedisOptions& options() const { return options_; }
  int64_t pool_size() const;
  int64_t running() const { return running_.load(); }  // commands, in all loops
  // Connections that rest in this loop.
  size_t idle(Env& env);

 private:
  class Connection;
  class Turn;
  struct Waiting;
  struct Pool;  // of one loop

  std::shared_ptr<Pool> pool(Env& env);
  Task<Result<RedisValue>> try_once(Env& env, std::shared_ptr<Pool> pool, std::string bytes,
                                    bool asking);
  Task<Result<void>> wait_for_turn(Env& env, Pool& pool, Turn& turn);
  Task<Result<std::unique_ptr<Connection>>> dial(Env& env);
  Task<Result<std::unique_ptr<Connection>>> dial_once(Env& env);
  static Task<void> fill(std::shared_ptr<RedisClient> self, Env& env, std::shared_ptr<Pool> pool);
  void keep_filled(Env& env, const std::shared_ptr<Pool>& pool);
  bool take_turn();
  bool may_rest(const Pool& pool) const;

  const RedisOptions options_;
  std::atomic<int64_t> running_{0};  // turns that are taken
  std::atomic<int64_t> active_{0};   // of them, those with a connection or on the way to one
  std::atomic<int64_t> loops_{0};    // that have used it
};

}  // namespace gateproof::http
