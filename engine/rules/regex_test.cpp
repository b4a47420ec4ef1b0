#include "engine/rules/regex.h"

#include <gtest/gtest.h>

#include "engine/base/text.h"

namespace gateproof::rules {
namespace {

TEST(Regex, ReplacesAsGo) {  // each row from Go's regexp documentation and package tests
  struct Row {
    std::string_view pattern, replacement, text, result;
  };
  const Row rows[] = {
      {"a(x*)b", "T", "-ab-axxb-", "-T-T-"},
      {"a(x*)b", "$1", "-ab-axxb-", "--xx-"},
      {"a(x*)b", "$1W", "-ab-axxb-", "---"},
      {"a(x*)b", "${1}W", "-ab-axxb-", "-W-xxW-"},
      {"a(?P<1W>x*)b", "$1W", "-ab-axxb-", "--xx-"},
      {"x*", "-", "abc", "-a-b-c-"},
      {"a*", "x", "baaac", "xbxcx"},
      {"^/(.*)", "/v1/$1", "/users", "/v1/users"},
      {"(?<first>[a-z])(?<second>[a-z])", "${second}${first}", "ab", "ba"},
      {"(a)|(b)", "$$1${2}$", "ab", "$1$$1b$"},
      {"a", "${", "a", "${"},
      {"a+", "(${0})", "banana", "b(a)n(a)n(a)"},
  };
  for (const Row& row : rows) {
    const auto re = Regex::compile(row.pattern);
    ASSERT_TRUE(re) << row.pattern << re.error().message;
    EXPECT_EQ(re->replaced(row.text, row.replacement).has_value(), re->search(row.text));
    EXPECT_EQ(re->replace_all(row.text, row.replacement), row.result)
        << row.pattern << " " << row.replacement;
  }
}

TEST(Regex, StrayBytesAreReplacementCharacters) {
  EXPECT_TRUE(
      Regex::compile("^a.b$")->search("a\xff"
                                      "b"));
  EXPECT_TRUE(Regex::compile("^a\\x{FFFD}b$")
                  ->search("a\xff"
                           "b"));
  EXPECT_FALSE(
      Regex::compile("^a.b$")->search("a\xc3\xc3"
                                      "b"));
  EXPECT_EQ(Regex::compile("b")->replace_all("\xff"
                                             "b\xfe",
                                             "x"),
            "\xffx\xfe");
}

TEST(Regex, Limits) {
  EXPECT_TRUE(Regex::compile(""));
  const auto deep = [](size_t n) { return std::string(n, '(') + "a" + std::string(n, ')'); };
  EXPECT_TRUE(Regex::compile(deep(regex_depth_max)));
  EXPECT_EQ(Regex::compile(deep(regex_depth_max + 1)).error().code, Code::limit);
  EXPECT_TRUE(Regex::compile(std::string(regex_bytes_max, 'a')));
  EXPECT_EQ(Regex::compile(std::string(regex_bytes_max + 1, 'a')).error().code, Code::limit);
  EXPECT_EQ(
      Regex::compile("((\\pL{100}){10}|(\\pN{100}){10}|(\\pS{100}){10})(\\pL{1000})").error().code,
      Code::limit);
}

// What takes a backtracking engine longer than the world lasts is read once here, for every pair of nested repetitions.
TEST(Regex, R7_NestedRepetitionsAreLinear) {
  const std::string text = std::string(100'000, 'a') + "!";
  for (const char* pattern : {"(a+)+$", "^(a|a)*$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"}) {
    const auto regex = Regex::compile(pattern);
    ASSERT_TRUE(regex) << pattern;
    EXPECT_FALSE(regex->search(text)) << pattern;
  }
}

TEST(Regex, QuotesLiterals) { EXPECT_EQ(text::quote_regex("a.b*c"), "a\\.b\\*c"); }

}  // namespace
}  // namespace gateproof::rules
