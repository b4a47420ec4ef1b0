// Any bytes of a Redis: they give the same replies however they arrive in pieces, a stream that has failed stays failed, no reply is
// larger than its limits, and what is read as the limiter's reply is a wait that can be waited.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/http/redis_codec.h"
#include "engine/middleware/redis_limiter.h"

using namespace gateproof;

namespace {

constexpr size_t bytes_max = 4096;  // of one reply: small, so that the limit is met

void require(bool ok) {
  if (!ok) std::abort();
}

std::string show(const http::RedisValue& v, int depth) {
  require(depth <= http::redis_reply_depth_max + 1);
  require(v.items.size() <= http::redis_reply_items_max && v.text.size() <= bytes_max);
  require(v.items.empty() || v.kind == http::RedisValue::Kind::list);
  std::string out = std::to_string(static_cast<int>(v.kind)) + v.text + std::to_string(v.integer);
  for (const http::RedisValue& item : v.items) out += "(" + show(item, depth + 1) + ")";
  return out;
}

std::string read(std::string_view bytes, size_t piece) {
  http::RedisReader reader(bytes_max);
  std::string out;
  for (;;) {
    while (auto value = reader.next()) {
      if (!*value) {
        reader.feed("+OK\r\n");
        const auto again = reader.next();
        require(again && !*again);
        return out + "failed";
      }
      out += show(**value, 0) + "\n";
      const auto verdict = middleware::read_limiter_reply(**value);
      if (verdict) require(verdict->wait < std::chrono::hours(24 * 365 * 100));
    }
    if (bytes.empty()) break;
    const std::string copy(bytes.substr(0, piece));  // its own allocation
    reader.feed(copy);
    bytes.remove_prefix(copy.size());
  }
  return out + (reader.clean() ? "" : "more");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Whole replies that come at once may be larger together than one may be.
  const std::string one_by_one = read(bytes, 1);
  require(read(bytes, 7) == one_by_one);
  if (size <= bytes_max) require(read(bytes, size ? size : 1) == one_by_one);
  return 0;
}
