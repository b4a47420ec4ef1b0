#include "engine/http/cookies.h"

#include <gtest/gtest.h>

#include "engine/http/date.h"

namespace gateproof::http {
namespace {

TEST(Cookies, ReadsAsGo) {
  const Headers h{{"Cookie", "a=1; b=\"q\";c = x ;d=bad\\value; d=good; e"},
                  {"cookie", "b=2; f=3"}};
  EXPECT_EQ(cookie_value(h, "a"), "1");
  EXPECT_EQ(cookie_value(h, "b"), "q");
  EXPECT_EQ(cookie_value(h, "d"), "good");
  EXPECT_EQ(cookie_value(h, "e"), "");
  EXPECT_EQ(cookie_value(h, "f"), "3");
  EXPECT_FALSE(cookie_value(h, "A"));  // names are case-sensitive
  EXPECT_FALSE(cookie_value(h, "g"));
  EXPECT_FALSE(cookie_value({}, "a"));
}

TEST(Cookies, WritesAsGo) {  // net/http cookie_test.go
  SetCookie c{"cookie-1", "v$1"};
  EXPECT_EQ(format_set_cookie(c), "cookie-1=v$1");
  c.max_age = 3600;
  EXPECT_EQ(format_set_cookie(c), "cookie-1=v$1; Max-Age=3600");
  c.max_age = -1;
  c.domain = ".example.com";
  EXPECT_EQ(format_set_cookie(c), "cookie-1=v$1; Domain=example.com; Max-Age=0");
  EXPECT_EQ(format_set_cookie({"c", "v", "/re;st ric", "127.0.0.1", 0, true, true, "none"}),
            "c=v; Path=/rest ric; Domain=127.0.0.1; HttpOnly; Secure; SameSite=None");
  EXPECT_EQ(format_set_cookie({"c", "v", "", "wrong;bad.abc", 0, false, false, "lax"}),
            "c=v; SameSite=Lax");
  EXPECT_EQ(format_set_cookie({"c", "v", "", "bad-.abc", 0, false, false, "strict"}),
            "c=v; SameSite=Strict");
  EXPECT_EQ(format_set_cookie({"c", "v", "", "", 0, false, false, "odd"}), "c=v");
  EXPECT_EQ(format_set_cookie({"c", "a z"}), "c=\"a z\"");
  EXPECT_EQ(format_set_cookie({"c", "a;\r\nX: \"y"}), "c=\"aX: y\"");
  EXPECT_EQ(format_set_cookie({"bad name", "v"}), "");
  EXPECT_EQ(format_set_cookie({"", "v"}), "");
}

TEST(Date, FormatsAndParses) {  // RFC 9110 section 5.6.7
  EXPECT_EQ(http_date(784111777'000000000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(784111777'999999999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(http_date(951782400'000000000), "Tue, 29 Feb 2000 00:00:00 GMT");
  for (int64_t s : {int64_t{0}, int64_t{784111777}, int64_t{951782400}, int64_t{4102444799}}) {
    EXPECT_EQ(parse_http_date(http_date(s * 1'000'000'000)), s);
  }
  for (const char* bad : {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                          "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                          "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

}  // namespace
}  // namespace gateproof::http

namespace gateproof::http {
namespace {

// Go's ParseSetCookie and Cookie.String, one behind the other.
TEST(SetCookie, ReadAndWritten) {
  const std::pair<const char*, const char*> rows[] = {
      {"a=1", "a=1"},
      {" a = 1 ; path=/x;; Secure", "a=\" 1\"; Path=/x; Secure"},
      {"a=\"b c\"; HttpOnly", "a=\"b c\"; HttpOnly"},
      {"a=\"\"", "a="},
      {"a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT", "a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT"},
      {"a=1; expires=Wed, 09-Jun-2021 10:18:14 UTC", "a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT"},
      {"a=1; Expires=Wed, 9 Jun 2021 10:18:14 GMT", "a=1"},
      {"a=1; Max-Age=5", "a=1; Max-Age=5"},
      {"a=1; Max-Age=-5", "a=1; Max-Age=0"},
      {"a=1; Max-Age=0", "a=1; Max-Age=0"},
      {"a=1; Max-Age=007", "a=1"},
      {"a=1; Max-Age=x", "a=1"},
      {"a=1; SameSite=LAX", "a=1; SameSite=Lax"},
      {"a=1; SameSite=what", "a=1"},
      {"a=1; Domain=.x.test; Partitioned; foo=bar", "a=1; Domain=x.test; Partitioned"},
      {"a=1; Domain=a_b", "a=1"},
      {"a=1; Path=\"/x\"", "a=1"},
  };
  for (const auto& [line, want] : rows) {
    const auto cookie = parse_set_cookie(line);
    ASSERT_TRUE(cookie) << line;
    EXPECT_EQ(format_set_cookie(*cookie), want) << line;
  }
  for (const char* line : {"", "a", "bad name=1", "=1", "a=b\\c", "a=\x80"})
    EXPECT_FALSE(parse_set_cookie(line)) << line;
}

}  // namespace
}  // namespace gateproof::http
