// One connection to a Redis: says who we are, then carries commands, one at a time.
#pragma once
#include "engine/http/redis_client.h"

namespace gateproof::http {

class RedisClient::Connection {
 public:
  explicit Connection(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  // AUTH and SELECT, as far as the options ask for them.
  Task<Result<void>> greet(const RedisOptions& options);
  // A command, and the reply to it; an error reply is a value here. After an Error the connection is of no use.
  Task<Result<RedisValue>> call(std::string_view bytes, const RedisOptions& options);
  // Asked at rest: still open, and silent.
  bool usable();

 private:
  std::unique_ptr<Stream> stream_;
  RedisReader reader_;
};

// An error reply as an Error; Retry::yes for those that a later try may not get.
Error redis_error(const std::string& text);

}  // namespace gateproof::http
