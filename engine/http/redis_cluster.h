// A client of a Redis Cluster: finds the node that has a key, follows it when it moves, and learns the map of slots anew. It
// behaves as Traefik's client (go-redis' ClusterClient) does: the map comes from any node that answers, a command is tried four
// times in all, a redirection costs a try but no pause. Process-wide, as the clients of the nodes in it.
// Redis Cluster Specification: slots, MOVED, ASK.
#pragma once
#include <map>
#include <mutex>

#include "engine/http/redis_client.h"

namespace gateproof::http {

inline constexpr uint32_t redis_slots = 16384;
// Known at a time, beside those of the map (one list of a reply: redis_reply_items_max) and the seeds.
inline constexpr size_t redis_cluster_nodes_max = 1024;
inline constexpr int redis_cluster_tries_max = 4;  // of a command, redirections among them
// How old the map of slots may be before it is asked for again, beside the commands.
inline constexpr Duration redis_slots_age_max = std::chrono::seconds(10);

// CRC-16/XMODEM of the key, or of what stands in its first `{...}` when that is not empty, modulo redis_slots.
uint32_t redis_slot_of(std::string_view key);

struct RedisAddress {
  std::string host;
  uint16_t port = 0;
  bool operator==(const RedisAddress&) const = default;
};

// "MOVED 3999 127.0.0.1:6381" and "ASK ...": where to go; nullopt for any other error.
struct RedisRedirection {
  bool ask = false;
  RedisAddress to;
};
std::optional<RedisRedirection> redis_redirection(std::string_view error);

class RedisCluster final : public Redis, public std::enable_shared_from_this<RedisCluster> {
 public:
  // `seeds`: nodes to ask for the map, one at least. The rest of the options (but host, port, db and tries) is for every node.
  RedisCluster(std::vector<RedisAddress> seeds, RedisOptions options);

  // Code::unavailable: no node has told its map, or none has the slot.
  Task<Result<RedisValue>> call(Env& env, std::string key, std::vector<std::string> words) override;
  std::string where() const override;
  size_t nodes();  // that it has a client of

 private:
  using Node = std::shared_ptr<RedisClient>;
  struct Backoff;  // of one loop
  struct Range {
    uint32_t first = 0, last = 0;
    RedisAddress at;
  };

  Node node(const RedisAddress& at);
  void forget_strangers();  // under the mutex
  Task<Result<void>> load(Env& env);
  Result<std::vector<Range>> read_slots(const RedisValue& reply, const RedisAddress& origin) const;
  static Task<void> reload(std::shared_ptr<RedisCluster> self, Env& env);
  void reload_soon(Env& env);
  Task<Result<Node>> node_of(Env& env, uint32_t slot);

  const std::vector<RedisAddress> seeds_;
  const RedisOptions options_;
  std::mutex mutex_;  // all below
  std::map<std::string, Node> nodes_;
  std::vector<Range> ranges_;  // by slot; empty: not learnt yet
  Instant learnt_{};           // when it was last asked for
  bool reloading_ = false;
};

}  // namespace gateproof::http
