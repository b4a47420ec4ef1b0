#include "engine/kubernetes/cluster/selectors.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;

TEST(LabelSelector, MatchesAsKubectlMeansIt) {
  const Json labels = json(R"({"a":"1","app.kubernetes.io/name":"web","n":"5","e":""})");
  const std::pair<const char*, bool> rows[] = {
      {"", true},
      {"a=1", true},
      {"a==1", true},
      {"a = 1", true},
      {"a=2", false},
      {"a!=2", true},
      {"zz!=2", true},
      {"a!=1", false},
      {"a", true},
      {"!a", false},
      {"!zz", true},
      {"zz", false},
      {"a in (1,2)", true},
      {"a in (2)", false},
      {"a notin (2)", true},
      {"zz notin (2)", true},
      {"zz in (2)", false},
      {"n>4", true},
      {"n<5", false},
      {"a>x", false},
      {"e=", true},
      {"a=1,n=5", true},
      {"a=1,n=6", false},
      {"app.kubernetes.io/name=web,a in (1, 3),!b", true},
  };
  for (const auto& [text, wanted] : rows) {
    const auto s = LabelSelector::parse(text);
    if (std::string_view(text) == "a>x") {
      EXPECT_FALSE(s);
      continue;
    }
    ASSERT_TRUE(s) << text;
    EXPECT_EQ(s->matches(labels), wanted) << text;
  }
  EXPECT_FALSE(LabelSelector::parse("a=1")->matches(Json()));
}

TEST(LabelSelector, TextsThatAreNone) {
  for (const char* text : {"a=1,", "=1", "a in", "a in (", "a in (1", "a b", "a in 1", ",a",
                           "a=b=c", "-a=1", "a=-", "/a", "a=1 b=2", "!"})
    EXPECT_FALSE(LabelSelector::parse(text)) << text;
}

TEST(LabelSelector, HasLimits) {
  std::string text = "a=1";
  for (size_t i = 1; i < selector_requirements_max; ++i) text += ",a=1";
  EXPECT_TRUE(LabelSelector::parse(text));
  EXPECT_FALSE(LabelSelector::parse(text + ",a=1"));
  EXPECT_FALSE(LabelSelector::parse(std::string(selector_bytes_max + 1, ' ')));
  EXPECT_TRUE(LabelSelector::parse(std::string(selector_bytes_max, ' ')));
}

TEST(LabelSelector, OfAnObject) {
  const Json labels = json(R"({"a":"1"})");
  const auto matches = [&labels](const char* text) {
    const auto s = LabelSelector::from_json(json(text));
    return s && s->matches(labels);
  };
  EXPECT_TRUE(matches("{}"));
  EXPECT_FALSE(matches("null"));
  EXPECT_TRUE(matches(R"({"matchLabels":{"a":"1"}})"));
  EXPECT_FALSE(matches(R"({"matchLabels":{"a":"1","b":"1"}})"));
  EXPECT_TRUE(matches(R"({"matchExpressions":[{"key":"a","operator":"In","values":["1","2"]}]})"));
  EXPECT_TRUE(matches(R"({"matchExpressions":[{"key":"b","operator":"DoesNotExist"}]})"));
  EXPECT_FALSE(
      LabelSelector::from_json(json(R"({"matchExpressions":[{"key":"a","operator":"In"}]})")));
  EXPECT_FALSE(
      LabelSelector::from_json(json(R"({"matchExpressions":[{"key":"a","operator":"X"}]})")));
}

TEST(FieldSelector, KnowsTheFieldsOfItsKind) {
  const Cluster c;
  const TypePtr pods = c.at("pods").type;
  const Json pod =
      json(R"({"metadata":{"name":"p"},"spec":{"hostNetwork":true},"status":{"phase":"Running"}})");
  const auto matches = [&](const char* text) {
    const auto s = FieldSelector::parse(text, *pods, "v1");
    return s ? (s->matches(pod) ? "yes" : "no") : "bad";
  };
  EXPECT_STREQ(matches(""), "yes");
  EXPECT_STREQ(matches("metadata.name=p"), "yes");
  EXPECT_STREQ(matches("metadata.name!=p"), "no");
  EXPECT_STREQ(matches("status.phase==Running,spec.nodeName="), "yes");
  EXPECT_STREQ(matches("spec.hostNetwork=true"), "yes");
  EXPECT_STREQ(matches("spec.containers=x"), "bad");
  EXPECT_STREQ(matches("metadata.name"), "bad");
  EXPECT_STREQ(matches("metadata.name!p"), "bad");
  EXPECT_EQ(*FieldSelector::parse("metadata.name=p", *pods, "v1")->name(), "p");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
