// Redis' protocol (RESP2), sans-IO: commands as bytes, and bytes as replies. hiredis' reader and formatter do the work; the
// limits are ours, because a reply comes from the network. Shared by everybody who speaks with a Redis.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

struct redisReader;

namespace gateproof::http {

inline constexpr size_t redis_reply_bytes_max = 1u << 20;  // of one reply, with all that is in it
inline constexpr size_t redis_reply_items_max = 1024;      // of one list
inline constexpr int redis_reply_depth_max = 8;            // lists in lists; hiredis' own bound

struct RedisValue {
  enum class Kind : uint8_t { text, status, error, integer, nil, list };
  Kind kind = Kind::nil;
  std::string text;  // of a text, a status, an error
  int64_t integer = 0;
  std::vector<RedisValue> items;

  bool is_text() const { return kind == Kind::text || kind == Kind::status; }
};

class RedisReader {
 public:
  explicit RedisReader(size_t bytes_max = redis_reply_bytes_max);
  RedisReader(RedisReader&&) noexcept;
  RedisReader& operator=(RedisReader&&) noexcept;
  ~RedisReader();

  void feed(std::string_view bytes);
  // The next reply; nullopt: it has not come to its end. Code::protocol (no reply of Redis begins like this) and Code::limit
  // end the stream: every later call says the same.
  std::optional<Result<RedisValue>> next();
  // Nothing has come behind the last reply.
  bool clean() const;

 private:
  struct Free {
    void operator()(redisReader* r) const;
  };
  size_t unread() const;
  Error fail(Error e);

  std::unique_ptr<redisReader, Free> reader_;
  size_t bytes_max_;
  size_t fed_ = 0;  // bytes since the last reply's end
  std::optional<Error> failure_;
};

// A command with its arguments, each with its length: no byte in them means anything.
std::string redis_command(std::span<const std::string> words);

}  // namespace gateproof::http
