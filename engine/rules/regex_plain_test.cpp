#include "engine/rules/regex_plain.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/rules/regex.h"

namespace gateproof::rules {
namespace {

TEST(PlainRegex, WhichExpressionsAre) {
  for (const char* plain : {"^", "^$", "^/", "^/a/(.*)", "^/a(.*)$", "^/a.*", "^.*$", "^(.*)",
                            "^/v1\\.2/(.*)", "^http://a\\.test:80/(.*)", "^/a\\$$"}) {
    EXPECT_TRUE(PlainRegex::of(plain)) << plain;
  }
  for (const char* other :
       {"",        "/a",          "/a/(.*)",    "^/a+",       "^/a*",     "^/a?",    "^/(a)",
        "^/a|/b",  "^/[a]",       "^/a.b",      "^/a.+",      "^/(.*)/b", "^/(.*?)", "^/.*?",
        "^/a$b",   "^/a$$",       "^^/a",       "^/a{2}",     "^/\\d",    "^/\\Qa",  "^/a\\",
        "(?i)^/a", "^/(?P<x>.*)", "^/(.*)(.*)", "^/\xc3\xa9", "^/a b",    "^/.**"}) {
    EXPECT_FALSE(PlainRegex::of(other)) << other;
  }
}

TEST(PlainRegex, ADotIsNoLineFeed) {
  const auto rest = PlainRegex::of("^/a(.*)"), whole = PlainRegex::of("^/a(.*)$");
  EXPECT_EQ(rest->match("/a\nb"), 2u);
  EXPECT_EQ(rest->match("/abc\nd"), 4u);
  EXPECT_EQ(rest->match("/a\xff"), 3u);
  EXPECT_EQ(rest->match("x/a"), std::nullopt);
  EXPECT_EQ(rest->match("/"), std::nullopt);
  EXPECT_EQ(whole->match("/abc"), 4u);
  EXPECT_EQ(whole->match("/abc\n"), std::nullopt);
}

// What it decides is what RE2 decides, group and all; the other way of Regex is taken by the same expression with a group around.
TEST(PlainRegex, IsWhatTheAutomatonSays) {
  size_t matches = 0;
  EXPECT_TRUE(rc::check([&] {
    const auto texts =
        rc::gen::container<std::string>(rc::gen::element('/', 'a', '.', '\n', '\xc3'));
    const std::string literal =
        *rc::gen::element<std::string>("", "/", "/a", "/a/", "/\\.", "a\\.a", "\\$");
    const std::string pattern = "^" + literal + *rc::gen::element<std::string>("", ".*", "(.*)") +
                                *rc::gen::element<std::string>("", "$");
    const std::string text =
        *rc::gen::element<std::string>("", "/", "/a", "/a/", "/.", "a.a") + *texts;
    const std::string with = *rc::gen::element<std::string>("", "x", "/$1", "$0-$1", "${1}a", "$2");
    RC_ASSERT(PlainRegex::of(pattern).has_value());
    const Regex plain = *Regex::compile(pattern);
    const Regex other = *Regex::compile("(?:" + pattern + ")");
    RC_ASSERT(!PlainRegex::of("(?:" + pattern + ")"));
    RC_ASSERT(plain.search(text) == other.search(text));
    RC_ASSERT(plain.replaced(text, with) == other.replaced(text, with));
    std::vector<Regex::Group> a, b;
    const size_t from = *rc::gen::element<size_t>(0, 1);
    if (from > text.size()) return;
    const bool found = plain.find(text, from, a);
    RC_ASSERT(found == other.find(text, from, b));
    if (!found) return;
    ++matches;
    RC_ASSERT(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i)
      RC_ASSERT(a[i].begin == b[i].begin && a[i].end == b[i].end && a[i].matched == b[i].matched);
  }));
  EXPECT_GT(matches, 0u);
}

}  // namespace
}  // namespace gateproof::rules
