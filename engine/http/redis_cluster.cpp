#include "engine/http/redis_cluster.h"

#include <algorithm>

#include "engine/base/text.h"

namespace gateproof::http {
namespace {

std::string name_of(const RedisAddress& at) { return at.host + ":" + std::to_string(at.port); }

Error no_cluster(std::string message) {
  return Error(Code::unavailable, Source::upstream, std::move(message));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// A node that does not know its own address says nothing, and one that knows itself as the loopback is where it was found.
std::string host_of(const RedisValue& told, const RedisAddress& origin) {
  if (told.text.empty()) return origin.host;
  return is_loopback(told.text) && !is_loopback(origin.host) ? origin.host : told.text;
}

}  // namespace

uint32_t redis_slot_of(std::string_view key) {
  const size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1)
      key = key.substr(open + 1, close - open - 1);
  }
  uint32_t crc = 0;
  for (const char c : key) {
    crc ^= static_cast<uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit)
      crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % redis_slots;
}

std::optional<RedisRedirection> redis_redirection(std::string_view error) {
  RedisRedirection r;
  r.ask = error.starts_with("ASK ");
  if (!r.ask && !error.starts_with("MOVED ")) return std::nullopt;
  const size_t space = error.rfind(' ');
  const HostPort to = split_host_port(error.substr(space + 1));
  const std::optional<int64_t> port = text::parse_int(to.port);
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  r.to = {std::string(to.host), static_cast<uint16_t>(*port)};
  return r;
}

struct RedisCluster::Backoff {
  explicit Backoff(Random& made_of) : random(made_of.stream("redis/backoff")) {}
  RandomStream random;
};

RedisCluster::RedisCluster(std::vector<RedisAddress> seeds, RedisOptions options)
    : seeds_(std::move(seeds)), options_(std::move(options)) {}

std::string RedisCluster::where() const {
  std::vector<std::string> names;
  for (const RedisAddress& s : seeds_) names.push_back(name_of(s));
  return "the cluster of " + text::join(names, ", ");
}

RedisCluster::Node RedisCluster::node(const RedisAddress& at) {
  const std::lock_guard lock(mutex_);
  if (nodes_.size() >= redis_cluster_nodes_max) forget_strangers();
  Node& kept = nodes_[name_of(at)];
  if (!kept) {
    RedisOptions o = options_;
    o.host = at.host;
    o.port = at.port;
    o.db = 0;  // a cluster has no other
    o.tries_max = 1;
    kept = std::make_shared<RedisClient>(std::move(o));
  }
  return kept;
}

// Nodes that have left, and those that only a redirection named.
void RedisCluster::forget_strangers() {
  std::erase_if(nodes_, [&](const auto& n) {
    return std::none_of(ranges_.begin(), ranges_.end(),
                        [&](const Range& r) { return name_of(r.at) == n.first; }) &&
           std::none_of(seeds_.begin(), seeds_.end(),
                        [&](const RedisAddress& s) { return name_of(s) == n.first; });
  });
}

size_t RedisCluster::nodes() {
  const std::lock_guard lock(mutex_);
  return nodes_.size();
}

// CLUSTER SLOTS: a list of [first, last, [host, port, ...] of the master, replicas ...].
Result<std::vector<RedisCluster::Range>> RedisCluster::read_slots(
    const RedisValue& reply, const RedisAddress& origin) const {
  std::vector<Range> ranges;
  const Error odd(Code::protocol, Source::upstream, "redis: CLUSTER SLOTS gave no map of slots");
  for (const RedisValue& item : reply.items) {
    if (item.items.size() < 3 || item.items[2].items.size() < 2) return odd;
    const RedisValue &first = item.items[0], &last = item.items[1];
    const RedisValue &host = item.items[2].items[0], &port = item.items[2].items[1];
    const bool sound = first.integer >= 0 && first.integer <= last.integer &&
                       last.integer < redis_slots && port.integer > 0 && port.integer <= 65535;
    if (!sound) return odd;
    ranges.push_back({static_cast<uint32_t>(first.integer),
                      static_cast<uint32_t>(last.integer),
                      {host_of(host, origin), static_cast<uint16_t>(port.integer)}});
  }
  if (ranges.empty()) return no_cluster("redis: the cluster has no slots");
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  return ranges;
}

Task<Result<void>> RedisCluster::load(Env& env) {
  std::vector<RedisAddress> ask = seeds_;
  {
    const std::lock_guard lock(mutex_);
    for (const Range& r : ranges_) ask.push_back(r.at);
  }
  Error last = no_cluster("redis: no node to ask");
  for (const RedisAddress& at : ask) {
    std::vector<std::string> words = {"CLUSTER", "SLOTS"};
    Result<RedisValue> reply = co_await node(at)->call(env, std::move(words));
    if (!reply) {
      last = reply.error();
      continue;
    }
    Result<std::vector<Range>> ranges = read_slots(*reply, at);
    if (!ranges) {
      last = ranges.error();
      continue;
    }
    const std::lock_guard lock(mutex_);
    ranges_ = std::move(*ranges);
    learnt_ = env.scheduler.now();
    forget_strangers();
    co_return Result<void>();
  }
  co_return last;
}

Task<void> RedisCluster::reload(std::shared_ptr<RedisCluster> self, Env& env) {
  co_await self->load(env);
  const std::lock_guard lock(self->mutex_);
  self->learnt_ = env.scheduler.now();  // also when nobody answered: not asked again at once
  self->reloading_ = false;
}

void RedisCluster::reload_soon(Env& env) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(reloading_, true)) return;
  }
  env.scheduler.spawn("redis slots", reload(shared_from_this(), env));
}

Task<Result<RedisCluster::Node>> RedisCluster::node_of(Env& env, uint32_t slot) {
  bool known = false, old = false;
  {
    const std::lock_guard lock(mutex_);
    known = !ranges_.empty();
    old = env.scheduler.now() - learnt_ > redis_slots_age_max;
  }
  if (!known) {
    const Result<void> loaded = co_await load(env);
    if (!loaded) co_return loaded.error();
  } else if (old) {
    reload_soon(env);
  }
  std::optional<RedisAddress> at;
  {
    const std::lock_guard lock(mutex_);
    for (const Range& r : ranges_) {
      if (slot >= r.first && slot <= r.last) at = r.at;
    }
  }
  if (!at) co_return no_cluster("redis: no node has slot " + std::to_string(slot));
  co_return node(*at);
}

Task<Result<RedisValue>> RedisCluster::call(Env& env, std::string key,
                                            std::vector<std::string> words) {
  const uint32_t slot = redis_slot_of(key);
  const std::shared_ptr<Backoff> mine = env.store.get<Backoff>(
      shared_from_this(), [&] { return std::make_shared<Backoff>(env.random); });
  Node at;
  bool asking = false, redirected = false;
  for (int n = 1;; ++n) {
    if (n > 1 && !redirected) co_await redis_pause(env, mine->random, n - 1);
    if (!at) {
      Result<Node> found = co_await node_of(env, slot);
      if (!found) co_return found.error();
      at = std::move(*found);
    }
    Result<RedisValue> reply = co_await at->call_as(env, words, asking);
    asking = redirected = false;
    if (reply || n == redis_cluster_tries_max) co_return reply;
    if (const auto r = redis_redirection(reply.error().message)) {
      reload_soon(env);
      at = node(r->to);
      asking = r->ask;
      redirected = true;
    } else if (reply.error().message.starts_with("READONLY ")) {
      reload_soon(env);
      at.reset();
    } else if (reply.error().retry != Retry::yes) {
      co_return reply;
    } else if (n > 1) {  // the first time the same node is tried again
      reload_soon(env);
      at.reset();
    }
  }
}

}  // namespace gateproof::http
