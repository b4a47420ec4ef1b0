#include "engine/http/redis_codec.h"

#include <gtest/gtest.h>

namespace gateproof::http {
namespace {

using Kind = RedisValue::Kind;

std::string show(const RedisValue& v) {
  switch (v.kind) {
    case Kind::text: return "'" + v.text + "'";
    case Kind::status: return "+" + v.text;
    case Kind::error: return "-" + v.text;
    case Kind::integer: return std::to_string(v.integer);
    case Kind::nil: return "nil";
    case Kind::list: break;
  }
  std::string out = "[";
  for (const RedisValue& item : v.items) out += (out.size() > 1 ? " " : "") + show(item);
  return out + "]";
}

// All values of the bytes, one line each, as they come a byte at a time.
std::string read(std::string_view bytes) {
  RedisReader reader;
  std::string out;
  for (char c : bytes) {
    reader.feed({&c, 1});
    while (auto v = reader.next()) {
      if (!*v) return out + "! " + v->error().message;
      out += show(**v) + "\n";
    }
  }
  return out + (reader.clean() ? "" : "...");
}

TEST(RedisReader, Values) {
  struct Row {
    std::string bytes, shown;
  };
  const Row rows[] = {
      {"+OK\r\n", "+OK\n"},
      {"-ERR boom\r\n", "-ERR boom\n"},
      {":-42\r\n", "-42\n"},
      {"$5\r\na\r\nbc\r\n", "'a\r\nbc'\n"},
      {"$0\r\n\r\n", "''\n"},
      {"$-1\r\n*-1\r\n", "nil\nnil\n"},
      {"*0\r\n", "[]\n"},
      {"*3\r\n$4\r\ntrue\r\n:7\r\n*2\r\n+a\r\n$-1\r\n+b\r\n", "['true' 7 [+a nil]]\n+b\n"},
      {"*2\r\n:1\r\n", "..."},
      {"$5\r\nab", "..."},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.bytes), row.shown) << row.bytes;
}

TEST(RedisReader, WhatIsNoReplyEndsTheStream) {
  for (std::string bytes : {"!@#\r\n", "HTTP/1.1 400\r\n", "%1\r\n", "$-2\r\n", "*-2\r\n",
                            "*2\r\n+a\r\n?\r\n", "$99999999999999999999\r\n", ":12x\r\n"}) {
    RedisReader reader;
    reader.feed(bytes);
    const auto got = reader.next();
    ASSERT_TRUE(got && !*got) << bytes;
    EXPECT_EQ(got->error().code, Code::protocol) << bytes;
    reader.feed("+OK\r\n");
    const auto again = reader.next();
    ASSERT_TRUE(again && !*again) << "for good";
    EXPECT_EQ(again->error().message, got->error().message);
  }
}

TEST(RedisReader, BytesOfAReplyAreBounded) {
  EXPECT_EQ(redis_reply_bytes_max, 1u << 20);
  const auto of_size = [](size_t n) {
    return "$" + std::to_string(n) + "\r\n" + std::string(n, 'x');
  };
  const auto code = [](size_t limit, const std::string& bytes) {
    RedisReader reader(limit);
    reader.feed(bytes);
    const auto got = reader.next();
    return !got ? "wait" : *got ? "value" : std::string(to_string(got->error().code));
  };
  EXPECT_EQ(code(25, of_size(18) + "\r\n"), "value") << "at the limit: 5 + 18 + 2 bytes";
  EXPECT_EQ(code(24, of_size(18) + "\r\n"), "limit") << "one over";
  EXPECT_EQ(code(0, "+"), "limit");
  EXPECT_EQ(code(25, "$900000000\r\n" + std::string(12, 'x')), "wait");
  EXPECT_EQ(code(25, "$900000000\r\n" + std::string(14, 'x')), "limit") << "before its end";
  RedisReader reader(8);
  for (int i = 0; i < 100; ++i) {
    reader.feed("+OK\r\n");
    const auto got = reader.next();
    EXPECT_TRUE(got && *got) << "each reply by itself";
  }
}

TEST(RedisReader, ListsAreBounded) {
  const auto list = [](size_t n) {
    std::string out = "*" + std::to_string(n) + "\r\n";
    for (size_t i = 0; i < n; ++i) out += ":1\r\n";
    return out;
  };
  const auto one = [](const std::string& bytes) {
    RedisReader reader;
    reader.feed(bytes);
    return reader.next();
  };
  const auto most = one(list(redis_reply_items_max));
  ASSERT_TRUE(most && *most);
  EXPECT_EQ((*most)->items.size(), redis_reply_items_max);
  const auto over = one("*" + std::to_string(redis_reply_items_max + 1) + "\r\n");
  ASSERT_TRUE(over && !*over) << "no memory is taken for what may never come";
  EXPECT_EQ(over->error().code, Code::limit);
  EXPECT_EQ(one("*1\r\n*2147483647\r\n")->error().code, Code::limit);

  std::string deep;
  for (int i = 0; i < redis_reply_depth_max; ++i) deep += "*1\r\n";
  EXPECT_TRUE(*one(deep + ":1\r\n"));
  EXPECT_EQ(one("*1\r\n" + deep + ":1\r\n")->error().code, Code::protocol);
}

TEST(RedisReader, CleanBetweenReplies) {
  RedisReader reader;
  EXPECT_TRUE(reader.clean());
  reader.feed("+a\r\n+b");
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_FALSE(reader.clean());
  EXPECT_FALSE(reader.next().has_value());
  reader.feed("\r\n");
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_TRUE(reader.clean());
}

TEST(RedisCommand, WordsCarryTheirLength) {
  const std::string words[] = {"SET", std::string("a\0\r\n", 4), ""};
  EXPECT_EQ(redis_command(words),
            std::string("*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n", 29));
}

}  // namespace
}  // namespace gateproof::http
