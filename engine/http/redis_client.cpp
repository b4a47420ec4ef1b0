#include "engine/http/redis_client.h"

#include <list>

#include "engine/env/dial.h"
#include "engine/http/redis_connection.h"

namespace gateproof::http {

// A command that waits for its turn: on its coroutine's frame, in its loop's queue.
struct RedisClient::Waiting {
  Waiter* waiter = nullptr;
  bool granted = false;  // somebody who finished gave it his turn
};

struct RedisClient::Pool {
  explicit Pool(Random& random) : backoff(random.stream("redis/backoff")) {}
  std::list<std::unique_ptr<Connection>> idle;  // the most recently used first
  std::list<Waiting*> waiting;
  int64_t filling = 0;  // connections that are being made to rest
  RandomStream backoff;
};

// The right to run a command, given on when it ends.
class RedisClient::Turn {
 public:
  Turn(RedisClient& client, std::shared_ptr<Pool> pool) : client_(client), pool_(std::move(pool)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (active_) --client_.active_;
    if (taken) give_on(client_, *pool_);
  }
  bool taken = false;
  // Whether a connection may be used: max_active counts them over all loops.
  bool activate() {
    const int64_t most = client_.options_.max_active;
    int64_t now = client_.active_.load();
    do {
      if (most > 0 && now >= most) return false;
    } while (!client_.active_.compare_exchange_weak(now, now + 1));
    return active_ = true;
  }
  static void give_on(RedisClient& client, Pool& pool) {
    if (pool.waiting.empty()) {
      --client.running_;
      return;
    }
    Waiting& first = *pool.waiting.front();
    pool.waiting.pop_front();
    first.granted = true;
    first.waiter->executor->post(*first.waiter);
  }

 private:
  RedisClient& client_;
  std::shared_ptr<Pool> pool_;
  bool active_ = false;
};

RedisClient::RedisClient(RedisOptions options) : options_(std::move(options)) {}

int64_t RedisClient::pool_size() const {
  return options_.pool_size > 0 ? options_.pool_size : redis_pool_size_default * loops_.load();
}

std::shared_ptr<RedisClient::Pool> RedisClient::pool(Env& env) {
  return env.store.get<Pool>(shared_from_this(), [&] {
    ++loops_;
    return std::make_shared<Pool>(env.random);
  });
}

size_t RedisClient::idle(Env& env) { return pool(env)->idle.size(); }

bool RedisClient::take_turn() {
  int64_t now = running_.load();
  do {
    if (now >= pool_size()) return false;
  } while (!running_.compare_exchange_weak(now, now + 1));
  return true;
}

// First come, first served within a loop. Turns that end in this loop go to its first in the queue; those of other loops are
// found by looking.
Task<Result<void>> RedisClient::wait_for_turn(Env& env, Pool& pool, Turn& turn) {
  if (pool.waiting.empty() && take_turn()) {
    turn.taken = true;
    co_return Result<void>();
  }
  Waiting me;
  me.waiter = &co_await ThisWaiter{};
  pool.waiting.push_back(&me);
  struct Leave {
    RedisClient& client;
    Pool& pool;
    Waiting& me;
    Turn& turn;
    ~Leave() {
      pool.waiting.remove(&me);
      // Destroyed between getting the turn and going on.
      if (me.granted && !turn.taken) Turn::give_on(client, pool);
    }
  } leave{*this, pool, me, turn};
  const Duration patience = options_.read_timeout > Duration::zero()
                                ? options_.read_timeout + redis_turn_wait
                                : redis_turn_wait_max;
  const Instant deadline = env.scheduler.now() + patience;
  WakeTimer timer(env.scheduler, me.waiter);
  while (!me.granted) {
    if (env.scheduler.now() >= deadline) {
      Error late(Code::unavailable, Source::upstream, "redis: connection pool timeout");
      late.retry = Retry::yes;
      co_return late;
    }
    timer.expired = false;
    timer.arm(std::min(deadline, env.scheduler.now() + redis_turn_look));
    while (!me.granted && !timer.expired) co_await Suspend{"a turn at Redis"};
    if (!me.granted && pool.waiting.front() == &me) me.granted = take_turn();
  }
  turn.taken = true;
  co_return Result<void>();
}

Task<Result<std::unique_ptr<RedisClient::Connection>>> RedisClient::dial_once(Env& env) {
  const Instant deadline = env.scheduler.now() + (options_.dial_timeout > Duration::zero()
                                                      ? options_.dial_timeout
                                                      : RedisOptions().dial_timeout);
  if (options_.port == 0) {
    co_return Error(Code::invalid, Source::upstream,
                    "dial tcp: address " + options_.host + ": missing port in address");
  }
  Result<std::unique_ptr<Stream>> stream =
      co_await gateproof::dial(env, options_.host, options_.port, deadline);
  if (!stream) co_return stream.error();
  if (!options_.tls) co_return std::make_unique<Connection>(std::move(*stream));
  Result<TlsConnection> secure =
      co_await options_.tls->connect(std::move(*stream), options_.host, {}, deadline);
  if (!secure) co_return secure.error();
  co_return std::make_unique<Connection>(std::move(secure->stream));
}

// Ready to be used: connected, known and in its database.
Task<Result<std::unique_ptr<RedisClient::Connection>>> RedisClient::dial(Env& env) {
  Error last;
  for (int n = 0; n < redis_dials_max; ++n) {
    if (n > 0) co_await sleep_for(env.scheduler, redis_dial_pause);
    Result<std::unique_ptr<Connection>> made = co_await dial_once(env);
    if (made) {
      const Result<void> greeted = co_await (*made)->greet(options_);
      if (!greeted) co_return greeted.error();
      co_return std::move(*made);
    }
    last = made.error();
  }
  last.retry = Retry::yes;
  co_return last;
}

bool RedisClient::may_rest(const Pool& pool) const {
  const auto resting = static_cast<int64_t>(pool.idle.size());
  return resting < pool_size() && (options_.max_active <= 0 || resting < options_.max_active);
}

Task<void> RedisClient::fill(std::shared_ptr<RedisClient> self, Env& env,
                             std::shared_ptr<Pool> pool) {
  Result<std::unique_ptr<Connection>> made = co_await self->dial(env);
  --pool->filling;
  if (made && self->may_rest(*pool)) pool->idle.push_back(std::move(*made));
}

void RedisClient::keep_filled(Env& env, const std::shared_ptr<Pool>& pool) {
  const int64_t wanted = std::min(options_.min_idle, pool_size());
  while (static_cast<int64_t>(pool->idle.size()) + pool->filling < wanted) {
    ++pool->filling;
    env.scheduler.spawn("redis " + options_.host, fill(shared_from_this(), env, pool));
  }
}

Task<Result<RedisValue>> RedisClient::try_once(Env& env, std::shared_ptr<Pool> pool,
                                               std::string bytes, bool asking) {
  Turn mine(*this, pool);
  const Result<void> turn = co_await wait_for_turn(env, *pool, mine);
  if (!turn) co_return turn.error();
  if (!mine.activate())
    co_return Error(Code::limit, Source::upstream, "redis: connection pool exhausted");
  std::unique_ptr<Connection> c;
  while (!c && !pool->idle.empty()) {
    c = std::move(pool->idle.front());
    pool->idle.pop_front();
    if (!c->usable()) c.reset();
  }
  if (!c) {
    Result<std::unique_ptr<Connection>> dialed = co_await dial(env);
    if (!dialed) co_return dialed.error();
    c = std::move(*dialed);
  }
  keep_filled(env, pool);
  if (asking) {
    const std::vector<std::string> words = {"ASKING"};
    const Result<RedisValue> asked = co_await c->call(redis_command(words), options_);
    if (!asked) co_return asked.error();
  }
  Result<RedisValue> reply = co_await c->call(bytes, options_);
  if (!reply) co_return reply;
  const bool refused = reply->kind == RedisValue::Kind::error;
  // Who was told that this server takes no writes dials again, perhaps to another one.
  const bool leave = refused && reply->text.starts_with("READONLY ");
  if (!leave && may_rest(*pool) && c->usable()) pool->idle.push_front(std::move(c));
  if (refused) co_return redis_error(reply->text);
  co_return reply;
}

Task<void> redis_pause(Env& env, RandomStream& random, int n) {
  const auto most = static_cast<uint64_t>((redis_backoff_min * (1 << n)).count());
  const Duration pause = redis_backoff_min + Duration(random.below(most));
  co_await sleep_for(env.scheduler, std::min(pause, redis_backoff_max));
}

Task<Result<RedisValue>> RedisClient::call_as(Env& env, std::vector<std::string> words,
                                              bool asking) {
  const std::string bytes = redis_command(words);
  const std::shared_ptr<Pool> mine = pool(env);
  for (int n = 1;; ++n) {
    Result<RedisValue> reply = co_await try_once(env, mine, bytes, asking);
    if (reply || reply.error().retry != Retry::yes || n == options_.tries_max) co_return reply;
    co_await redis_pause(env, mine->backoff, n);
  }
}

}  // namespace gateproof::http
