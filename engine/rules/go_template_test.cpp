#include "engine/rules/go_template.h"

#include <gtest/gtest.h>

namespace gateproof::rules {
namespace {

TEST(GoTemplate, ExpandsAsGo) {
  // Groups of "ab-c": the whole, `x` = "ab", one that took no part, `y` = "c".
  const std::string text = "ab-c";
  const std::vector<std::string> names = {"", "x", "", "y"};
  const std::vector<RegexGroup> groups = {{0, 4, true}, {0, 2, true}, {}, {3, 4, true}};
  struct Row {
    const char *from, *to;
  };
  for (const Row& r :
       {Row{"", ""}, Row{"plain", "plain"}, Row{"$0", "ab-c"}, Row{"/$1/$3", "/ab/c"},
        Row{"$2|", "|"}, Row{"$4$99", ""}, Row{"$x$y", "abc"}, Row{"${x}y", "aby"}, Row{"$xy", ""},
        Row{"$01", ""}, Row{"$$1", "$1"}, Row{"$", "$"}, Row{"a$", "a$"}, Row{"${x", "${x"},
        Row{"${}", "${}"}, Row{"$-1", "$-1"}, Row{"$99999999999999999999", ""}}) {
    std::string out = ">";
    GoTemplate(r.from, names).expand(out, text, groups);
    EXPECT_EQ(out, std::string(">") + r.to) << r.from;
  }
}

}  // namespace
}  // namespace gateproof::rules
