#include "engine/base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/html.h"
#include "engine/base/percent.h"

namespace gateproof::text {
namespace {

TEST(Text, CaseIsAsciiOnly) {
  EXPECT_EQ(to_lower("AbZ\xc3\x84"), "abz\xc3\x84");
  EXPECT_EQ(to_upper("abz["), "ABZ[");
  EXPECT_TRUE(iequals("Content-Length", "content-lengtH"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_TRUE(istarts_with("HTTP/1.1", "http/"));
  EXPECT_FALSE(istarts_with("ht", "http"));
  EXPECT_FALSE(is_ascii("\x80"));
}

// Words of eight bytes are compared at once: every pair of bytes, in a word and behind it.
TEST(Text, CaseOfEveryByteAtEveryPlace) {
  for (size_t place : {size_t{0}, size_t{7}, size_t{8}}) {
    for (int a = 0; a < 256; ++a) {
      for (int b = 0; b < 256; ++b) {
        std::string left = "Abcdefghi", right = "aBcdefghI";
        left[place] = static_cast<char>(a);
        right[place] = static_cast<char>(b);
        ASSERT_EQ(iequals(left, right), lower(left[place]) == lower(right[place])) << a << " " << b;
      }
    }
  }
}

TEST(Text, TrimSplitJoin) {
  EXPECT_EQ(trim(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(replace_all("aaa", "a", "aa"), "aaaaaa");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_TRUE(rc::check("join(split(s)) == s", [](const std::string& s) {
    std::vector<std::string> parts;
    for (std::string_view p : split(s, ',')) parts.emplace_back(p);
    RC_ASSERT(join(parts, ",") == s);
  }));
}

TEST(Text, ParseInt) {
  EXPECT_EQ(parse_int("-12"), -12);
  EXPECT_EQ(parse_int("+9223372036854775807"), INT64_MAX);
  for (const char* bad : {"", "+", "-", "1x", " 1", "9223372036854775808", "0x1", "1_0"})
    EXPECT_FALSE(parse_int(bad)) << bad;
}

TEST(Text, NearestFindsSlips) {
  const std::string_view words[] = {"pathPrefix", "path", "host"};
  EXPECT_EQ(nearest("Pathprefix", words), "pathPrefix");
  EXPECT_EQ(nearest("hots", words), "host");
  EXPECT_FALSE(nearest("completely", words));
  EXPECT_FALSE(nearest(std::string(65, 'a'), words));  // too long to be a slip
}

TEST(Text, PercentEscapeLeavesWhatIsUnreserved) {
  EXPECT_EQ(percent_escape("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_escape("a b/c:d+e%\xff"), "a%20b%2Fc%3Ad%2Be%25%FF");
  EXPECT_EQ(percent_escape(""), "");
}

TEST(Text, EscapeHtml) {
  EXPECT_EQ(escape_html("<a href=\"x?a&b\">'c'"), "&lt;a href=&#34;x?a&amp;b&#34;&gt;&#39;c&#39;");
  EXPECT_EQ(escape_html(""), "");
}

TEST(Text, QuoteIsPrintable) {
  EXPECT_EQ(quote("a\"\\\n\x01\x7f"), "\"a\\\"\\\\\\n\\x01\\x7f\"");
  EXPECT_EQ(quote("\u00e9\u20ac\U0001f600"), "\"\u00e9\u20ac\U0001f600\"");  // UTF-8 stays
  EXPECT_EQ(quote("%/\xc3"), "\"%/\\xc3\"");
  EXPECT_EQ(quote("\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80|\xff"),
            "\"\\xc0\\x80|\\xed\\xa0\\x80|\\xf4\\x90\\x80\\x80|\\xff\"");
}

}  // namespace
}  // namespace gateproof::text
