#include "engine/config/told_findings.h"

#include <gtest/gtest.h>

namespace gateproof::config {
namespace {

// "object message" each.
Findings findings(const std::vector<std::pair<std::string, std::string>>& list) {
  Findings out;
  for (const auto& [object, message] : list) out.add("GP0301", {}, object, message, "");
  return out;
}
std::string shown(const Findings& list) {
  std::string out;
  for (const Finding& f : list.list()) out += f.object + " " + f.message + ";";
  return out;
}

TEST(ToldFindings, OnlyWhatIsNew) {
  ToldFindings t;
  EXPECT_EQ(shown(t.whole(findings({{"a", "1"}, {"b", "2"}, {"a", "1"}}))), "a 1;b 2;");
  EXPECT_EQ(shown(t.whole(findings({{"b", "2"}, {"c", "3"}}))), "c 3;");
  EXPECT_EQ(shown(t.whole(findings({{"a", "1"}}))), "a 1;");  // it was gone
}

TEST(ToldFindings, OfSomeObjects) {
  ToldFindings t;
  t.whole(findings({{"a", "1"}, {"ab", "2"}, {"b", "3"}}));
  EXPECT_EQ(shown(t.part(findings({{"a", "1"}, {"a", "4"}, {"a", "4"}}), {"a"})), "a 4;");
  EXPECT_EQ(shown(t.part(findings({}), {"a", "none"})), "");
  EXPECT_EQ(shown(t.part(findings({{"a", "1"}, {"b", "3"}}), {"a"})), "a 1;");
  EXPECT_EQ(shown(t.whole(findings({{"a", "1"}, {"ab", "2"}, {"b", "3"}}))), "");
}

}  // namespace
}  // namespace gateproof::config
