#include "engine/sim/redis_host.h"

#include <cmath>
#include <cstdio>

#include "engine/base/text.h"
#include "engine/middleware/redis_limiter.h"

namespace gateproof::sim {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t databases_max = 16;  // as in Redis' own default configuration

std::string error(const std::string& text) { return "-" + text + "\r\n"; }
std::string integer(int64_t n) { return ":" + std::to_string(n) + "\r\n"; }
std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}
std::string list(const std::vector<std::string>& texts) {
  std::string out = "*" + std::to_string(texts.size()) + "\r\n";
  for (const std::string& t : texts) out += bulk(t);
  return out;
}
std::string arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

// Lua's tostring, and the way in which Redis writes a number that a script hands to a command.
std::string lua_text(double v) {
  char text[64];
  std::snprintf(text, sizeof text, "%.14g", v);
  return text;
}
std::string stored_number(double v) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", v);
  return text;
}
double number(const std::string& text) {
  double v = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), v);
  return end.ec == std::errc() ? v : 0;
}

}  // namespace

RedisStore::Hash* RedisStore::find(Session& session, const std::string& key) {
  auto& database = databases_[session.db];
  const auto found = database.find(key);
  if (found == database.end()) return nullptr;
  if (found->second.expires_ns && *found->second.expires_ns <= now_ns_) {
    database.erase(found);
    return nullptr;
  }
  return &found->second;
}

// The limiter's script (middleware/redis_limiter.cpp), step by step: key, rate, burst, idle seconds, now, longest wait.
std::string RedisStore::limit(Session& session, const Words& w) {
  const double per_us = number(w[1]), size = number(w[2]), now = number(w[4]),
               longest = number(w[5]);
  double last = 0, tokens = 0;
  if (const Hash* kept = find(session, w[0])) {
    for (const auto& [name, value] : kept->fields) {
      if (name == "last") last = number(value);
      if (name == "tokens") tokens = number(value);
    }
  }
  const double since = now - std::min(last, now);
  double left = std::min(tokens + per_us * since, size) - 1;
  double wait = 0;
  if (left < 0) {
    wait = -left / per_us;
    if (wait > longest) left = std::min(left + 1, size);
  }
  Hash& hash = databases_[session.db][w[0]];
  hash.fields = {{"last", stored_number(now)}, {"tokens", stored_number(left)}};
  hash.expires_ns = now_ns_ + text::parse_int(w[3]).value_or(0) * second_ns;
  return list({"true", lua_text(wait), lua_text(left)});
}

// EVAL text 1 key arguments, EVALSHA digest 1 key arguments.
std::string RedisStore::run_script(Session& session, const Words& w) {
  const bool by_text = text::iequals(w[0], "eval");
  if (w.size() < 3) return arity(text::to_lower(w[0]));
  if (by_text && w[1] != middleware::redis_limiter_script())
    return error("ERR this Redis of the virtual world runs no other script than rateLimit's");
  if (by_text) script_known_ = true;
  if (!script_known_ || (!by_text && w[1] != middleware::redis_limiter_digest()))
    return error("NOSCRIPT No matching script. Please use EVAL.");
  if (w[2] != "1" || w.size() != 9)
    return error("ERR the limiter's script takes one key and five arguments");
  return limit(session, Words(w.begin() + 3, w.end()));
}

std::string RedisStore::authenticate(Session& session, const Words& w) {
  if (w.size() < 2 || w.size() > 3) return arity("auth");
  if (host_.password.empty())
    return error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  const std::string user = w.size() == 3 ? w[1] : "default";
  const std::string& expected = host_.username.empty() ? "default" : host_.username;
  if (user != expected || w.back() != host_.password)
    return error("WRONGPASS invalid username-password pair or user is disabled.");
  session.known = true;
  return "+OK\r\n";
}

std::string RedisStore::run(Session& session, const Words& w) {
  const std::string name = text::to_lower(w[0]);
  if (name == "auth") return authenticate(session, w);
  if (!session.known && !host_.password.empty()) return error("NOAUTH Authentication required.");
  if (name == "ping") return "+PONG\r\n";
  if (name == "select") {
    const auto db = w.size() == 2 ? text::parse_int(w[1]) : std::nullopt;
    if (!db || *db < 0 || *db >= databases_max) return error("ERR DB index is out of range");
    session.db = *db;
    return "+OK\r\n";
  }
  if (name == "eval" || name == "evalsha") return run_script(session, w);
  if (name == "flushall") {
    databases_.clear();
    return "+OK\r\n";
  }
  if (name == "hgetall" || name == "ttl") {
    if (w.size() != 2) return arity(name);
    const Hash* hash = find(session, w[1]);
    if (name == "ttl") {
      if (!hash) return integer(-2);
      if (!hash->expires_ns) return integer(-1);
      return integer((*hash->expires_ns - now_ns_ + second_ns / 2) / second_ns);
    }
    Words flat;
    for (const auto& [field, value] : hash ? hash->fields : decltype(Hash::fields)()) {
      flat.push_back(field);
      flat.push_back(value);
    }
    return list(flat);
  }
  return error("ERR unknown command '" + w[0] + "'");
}

std::optional<std::string> RedisStore::answer(Session& session, std::string_view bytes,
                                              int64_t wall_ns) {
  now_ns_ = wall_ns;
  session.reader.feed(bytes);
  std::string out;
  while (std::optional<Result<http::RedisValue>> command = session.reader.next()) {
    if (!*command) return std::nullopt;
    Words words;
    for (const http::RedisValue& word : (*command)->items) {
      if (!word.is_text()) return std::nullopt;
      words.push_back(word.text);
    }
    if (words.empty()) return std::nullopt;
    out += run(session, words);
  }
  return out;
}

}  // namespace gateproof::sim
