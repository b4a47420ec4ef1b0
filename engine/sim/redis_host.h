// A Redis of the virtual world: commands as bytes in, replies out. It keeps hashes in memory and knows the commands below. It
// runs no Lua: the one script that it knows is rateLimit's, by its digest, and what that script does is written here again,
// with the same numbers (conformance's tests hold it against a redis-server). Anything else is an error reply, as Redis says it.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/env/transport.h"
#include "engine/http/redis_codec.h"

namespace gateproof::sim {

struct RedisHost {
  std::string name;
  std::string username, password;  // without a password everybody may come in
  Duration delay{0};               // before each reply
};

// The data, shared by all connections.
class RedisStore {
 public:
  explicit RedisStore(RedisHost host) : host_(std::move(host)) {}
  const RedisHost& host() const { return host_; }

  // What one connection has said so far.
  struct Session {
    http::RedisReader reader;
    bool known = false;  // gave the password
    int64_t db = 0;
  };
  // Feeds bytes of a client; the replies to all whole commands in them. nullopt: they are no commands, hang up.
  std::optional<std::string> answer(Session& session, std::string_view bytes, int64_t wall_ns);

 private:
  using Words = std::vector<std::string>;
  struct Hash {
    std::vector<std::pair<std::string, std::string>> fields;  // in the order in which they came
    std::optional<int64_t> expires_ns;
  };
  std::string run(Session& session, const Words& words);
  std::string authenticate(Session& session, const Words& words);
  std::string run_script(Session& session, const Words& words);
  std::string limit(Session& session, const Words& keys_and_args);
  Hash* find(Session& session, const std::string& key);

  RedisHost host_;
  std::map<int64_t, std::map<std::string, Hash>> databases_;
  bool script_known_ = false;
  int64_t now_ns_ = 0;
};

}  // namespace gateproof::sim
