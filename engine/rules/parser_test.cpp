// Limits, remedies and places of errors; what real Traefik says is in traefik_syntax_test.cpp and traefik_matcher_errors_test.cpp.
#include "engine/rules/parser.h"

#include <gtest/gtest.h>

#include "engine/rules/lexer.h"
#include "engine/rules/matcher.h"

namespace gateproof::rules {
namespace {

TEST(RuleErrors, PointIntoTheRule) {
  struct Row {
    std::string_view rule;
    std::string_view place;   // the bytes that the error points at
    std::string_view remedy;  // a part of it
  };
  const Row rows[] = {
      {"Host(`a`) && PathprefiX(`/`)", "PathprefiX", "did you mean `PathPrefix`?"},
      {"Host(`a`) || Pathh(`/`)", "Pathh", "did you mean `Path`?"},
      {"Headers(`a`, `b`)", "Headers", "in v3 write Header(`name`, `value`)"},
      {"HostSNI(`a`)", "HostSNI", "TCP"},
      {"Path(`/a`) && Host(`b`, `c`)", "Host(`b`, `c`)", "write Host(`b`) || Host(`c`)"},
      {"Path(`/a`) && Path(`b`)", "Path(`b`)", "did you mean `/b`?"},
      {"Host('abc')", "'abc'", "back-quotes"},
      {"Host(`a`) and Host(`b`)", "and", "&&"},
      {"Host(`a`) & Host(`b`)", "Host(`a`) & Host(`b`)", "did you mean `&&`?"},
      {"Host(abc)", "abc", "back-quotes"},
      {"Host(`a`) && ClientIP(`x`)", "ClientIP(`x`)", "10.0.0.0/8"},
      {"Host(`\xC3\xA9`)", "Host(`\xC3\xA9`)", "punycode"},
      {"", "", "PathPrefix(`/`)"},
      {"Header(`a`)", "Header(`a`)", "Header(`key`, `value`)"},
  };
  for (const Row& row : rows) {
    const auto r = parse_rule(row.rule, Syntax::v3);
    ASSERT_FALSE(r) << row.rule;
    EXPECT_EQ(row.rule.substr(r.error().offset, r.error().length), row.place) << row.rule;
    EXPECT_NE(r.error().remedy.find(row.remedy), std::string::npos)
        << row.rule << ": " << r.error().remedy;
  }
  EXPECT_NE(parse_rule("PathRegexp(`/`)", Syntax::v2).error().remedy.find("ruleSyntax"),
            std::string::npos);
}

TEST(RuleErrors, CallsKnowTheirPlace) {
  const std::string_view text = "Host(`a`) && !(Path(`/x`) || pathprefix(`/y`))";
  const auto r = parse_rule(text, Syntax::v3);
  ASSERT_TRUE(r);
  ASSERT_EQ(r->root.kind, RuleNode::all_of);
  ASSERT_EQ(r->root.children.size(), 3u);  // De Morgan, and one conjunction of three
  const RuleNode& last = r->root.children[2];
  EXPECT_EQ(text.substr(last.offset, last.length), "pathprefix(`/y`)");
  EXPECT_EQ(last.name, "PathPrefix");
  EXPECT_EQ(last.written, "pathprefix");
  EXPECT_TRUE(last.negated);
}

std::string nested(size_t depth) {
  return std::string(depth, '(') + "Host(`a`)" + std::string(depth, ')');
}

// The call's own argument list is one level.
TEST(RuleLimits, Depth) {
  EXPECT_TRUE(parse_rule(nested(0), Syntax::v3));
  EXPECT_TRUE(parse_rule(nested(rule_depth_max - 1), Syntax::v3));
  const auto over = parse_rule(nested(rule_depth_max), Syntax::v3);
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().message.find("rule_depth_max"), std::string::npos);
  EXPECT_TRUE(parse_rule(std::string(rule_depth_max - 1, '!') + "Host(`a`)", Syntax::v3));
  EXPECT_FALSE(parse_rule(std::string(rule_depth_max, '!') + "Host(`a`)", Syntax::v3));
}

TEST(RuleLimits, Bytes) {
  std::string text = "Host(`a`)";
  text.resize(rule_bytes_max, ' ');
  EXPECT_TRUE(parse_rule(text, Syntax::v3));
  const auto over = parse_rule(text + " ", Syntax::v3);
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().message.find("rule_bytes_max"), std::string::npos);
}

TEST(RuleLimits, R7_OneMegabyteOfAnythingEnds) {
  const auto filled = [](std::string_view unit) {
    std::string s;
    while (s.size() + unit.size() + 9 <= rule_bytes_max) s += unit;
    return s;
  };
  for (std::string_view unit :
       {"(", "!", "Host(", "Host(`a`) || ", "`", "a.", "a[", "Host(`a`,", "-", "{", "\"\\"}) {
    EXPECT_FALSE(parse_rule(filled(unit), Syntax::v3)) << unit;
  }
  const auto chain = parse_rule(filled("Path(`/a`) || ") + "Path(`/`)", Syntax::v3);
  ASSERT_TRUE(chain);
  EXPECT_GT(chain->root.children.size(), 70000u);
}

TEST(MatcherSet, WithoutAMatcherItIsAnUnsupportedFunction) {
  const MatcherSet less = MatcherSet::standard().without("PathPrefix");
  EXPECT_FALSE(less.has("PathPrefix"));
  EXPECT_TRUE(MatcherSet::standard().has("PathPrefix"));
  const auto r = parse_rule("Host(`a`) && pathprefix(`/`)", Syntax::v3, less);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().message, "unsupported function: pathprefix");
  EXPECT_TRUE(parse_rule("Host(`a`)", Syntax::v3, less));
}

TEST(RuleHosts, EachOnceLowerCasePositiveOrNegated) {
  const auto r = parse_rule(
      "Host(`A.test`) || !Host(`b.test`) && Host(`a.test`) || HostRegexp(`c`)", Syntax::v3);
  ASSERT_TRUE(r);
  EXPECT_EQ(rule_hosts(r->root), (std::vector<std::string>{"a.test", "b.test"}));
}

}  // namespace
}  // namespace gateproof::rules
