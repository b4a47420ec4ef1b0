#include "engine/kubernetes/cluster/schema_rules.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

constexpr const char* crds = "customresourcedefinitions.apiextensions.k8s.io";

std::string crd(const std::string& spec_schema) {
  return R"({"metadata":{"name":"things.example.org"},"spec":{"group":"example.org","scope":"Namespaced",
      "names":{"plural":"things","kind":"Thing"},"versions":[
      {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":
      {"type":"object","properties":{"spec":)" +
         spec_schema +
         R"(,"status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}})";
}

constexpr const char* shape = R"({"type":"object","required":["name"],
  "x-kubernetes-validations":[
    {"rule":"self.low <= self.high","message":"low may not be above high"},
    {"rule":"!has(self.both) || self.name != 'a'","fieldPath":".both","reason":"FieldValueForbidden","message":"not with a"},
    {"rule":"has(self.extra) || self.high < 100"},
    {"rule":"self.name == oldSelf.name","message":"name is immutable"}],
  "properties":{
    "name":{"type":"string","maxLength":9,"x-kubernetes-validations":[
      {"rule":"self != 'bad'","messageExpression":"'is ' + self"},
      {"rule":"size(self.missing) > 0","message":"cannot be asked"}]},
    "low":{"type":"integer","default":1},"high":{"type":"integer","default":2},
    "both":{"type":"boolean"},"extra":{"type":"string"},
    "list":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],
      "items":{"type":"object","properties":{"id":{"type":"string"},"n":{"type":"integer"}},
      "x-kubernetes-validations":[{"rule":"!has(oldSelf.n) || self.n >= oldSelf.n","message":"may only grow"}]}},
    "labels":{"type":"object","additionalProperties":{"type":"string",
      "x-kubernetes-validations":[{"rule":"self != 'x'","message":"no x"}]}}}})";

// Without the rule that always fails.
std::string usable_shape() {
  std::string out = shape;
  const std::string bad = R"(,
      {"rule":"size(self.missing) > 0","message":"cannot be asked"})";
  return out.erase(out.find(bad), bad.size());
}

struct Things : Cluster {
  explicit Things(const std::string& spec) { EXPECT_EQ(outcome(create(crds, crd(spec))), "ok"); }
  std::string make(const std::string& spec) {
    return told(create("things.example.org", object(spec)));
  }
  std::string change(const std::string& spec) {
    Json body = json(object(spec));
    body.make("metadata.resourceVersion") =
        find("things.example.org", "t")->body.at("metadata.resourceVersion");
    last = store.update(at("things.example.org", "t"), std::move(body), by);
    return told(*last);
  }
  static std::string object(const std::string& spec) {
    return R"({"metadata":{"name":"t"},"spec":)" + spec + "}";
  }
  // "field: message" of each cause.
  static std::string told(const Reply<Written>& reply) {
    if (reply) return "ok";
    std::string out;
    for (const Cause& c : reply.error().causes)
      out += (out.empty() ? "" : "; ") + c.reason.substr(10) + " " + c.field + ": " + c.message;
    return out;
  }
  std::optional<Reply<Written>> last;
};

TEST(SchemaRules, RefuseWithTheTextsOfTheRealServer) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"name":"a"})", "ok"},
      {R"({"name":"a","low":3})",
       R"(Invalid spec: Invalid value: "object": low may not be above high)"},
      {R"({"name":"a","both":true})", "Forbidden spec.both: Forbidden: not with a"},
      {R"({"name":"a","high":100})",
       R"(Invalid spec: Invalid value: "object": failed rule: has(self.extra) || self.high < 100)"},
      {R"({"name":"bad"})", R"(Invalid spec.name: Invalid value: "string": is bad)"},
      {R"({"name":"a","labels":{"k":"x"}})",
       R"(Invalid spec.labels[k]: Invalid value: "string": no x)"},
  };
  for (const auto& [spec, expected] : rows) {
    Things c(usable_shape());
    EXPECT_EQ(c.make(spec), expected) << spec;
  }
}

TEST(SchemaRules, AnErrorRefusesTooAndTheOtherRulesAreStillAsked) {
  Things c(shape);
  EXPECT_EQ(
      c.make(R"({"name":"bad"})"),
      "Invalid spec.name: Invalid value: \"string\": is bad; "
      "Invalid spec.name: Invalid value: \"string\": 'no such overload': call arguments did "
      "not match a supported operator, function or macro signature for rule: cannot be asked");
}

TEST(SchemaRules, AreNotAskedOfAWrongShape) {
  Things c(usable_shape());
  EXPECT_EQ(
      c.make(R"({"low":3})"),
      "Required spec.name: Required value; Invalid <nil>: Invalid value: null: some "
      "validation rules were not checked because the object was invalid; correct the existing "
      "errors to complete validation");
}

TEST(SchemaRules, OldSelfIsThePartThatCorresponds) {
  Things c(usable_shape());
  ASSERT_EQ(c.make(R"({"name":"a","list":[{"id":"p","n":2},{"id":"q"}]})"), "ok");
  EXPECT_EQ(c.change(R"({"name":"b","list":[{"id":"p","n":2}]})"),
            R"(Invalid spec: Invalid value: "object": name is immutable)");
  // Found by its key, wherever it stands now.
  EXPECT_EQ(c.change(R"({"name":"a","list":[{"id":"new","n":0},{"id":"p","n":1}]})"),
            R"(Invalid spec.list[1]: Invalid value: "object": may only grow)");
  EXPECT_EQ(c.change(R"({"name":"a","list":[{"id":"q","n":0},{"id":"p","n":3}]})"), "ok");
}

// What was stored before its rule came stays, until somebody touches it.
TEST(SchemaRules, WhatAChangeLeavesAloneIsPardonedWithAWarning) {
  std::string before = usable_shape();
  const std::string rule = R"({"rule":"self != 'x'","message":"no x"})";
  before.erase(before.find(rule), rule.size());
  Things c(before);
  ASSERT_EQ(c.make(R"({"name":"a","labels":{"k":"x"}})"), "ok");
  Json now = json(crd(usable_shape()));
  now.make("metadata.resourceVersion") =
      c.find(crds, "things.example.org")->body.at("metadata.resourceVersion");
  ASSERT_EQ(outcome(c.store.update(c.at(crds, "things.example.org"), now, c.by)), "ok");
  EXPECT_EQ(c.change(R"({"name":"a","high":3,"labels":{"k":"x"}})"), "ok");
  ASSERT_TRUE(*c.last);
  EXPECT_EQ((*c.last)->warnings,
            std::vector<std::string>{R"(spec.labels[k]: Invalid value: "string": no x)"});
  EXPECT_EQ(c.change(R"({"name":"a","labels":{"k":"x","l":"x"}})"),
            R"(Invalid spec.labels[l]: Invalid value: "string": no x)");
}

TEST(SchemaRules, OptionalOldSelfIsThereAtCreationToo) {
  Things c(R"({"type":"object","properties":{"n":{"type":"integer"}},"x-kubernetes-validations":[
      {"rule":"oldSelf.hasValue() ? self.n == oldSelf.value().n + 1 : self.n == 0",
       "optionalOldSelf":true,"message":"counts"}]})");
  EXPECT_EQ(c.make(R"({"n":1})"), R"(Invalid spec: Invalid value: "object": counts)");
  EXPECT_EQ(c.make(R"({"n":0})"), "ok");
  EXPECT_EQ(c.change(R"({"n":2})"), R"(Invalid spec: Invalid value: "object": counts)");
  EXPECT_EQ(c.change(R"({"n":1})"), "ok");
}

TEST(SchemaRules, ARuleThatIsNoneRefusesTheDefinition) {
  Cluster c;
  const auto told = [&](const std::string& rule) {
    const auto made = c.create(
        crds, crd(R"({"type":"object","x-kubernetes-validations":[{"rule":")" + rule + R"("}]})"));
    return made ? "ok" : made.error().causes[0].field + ": " + made.error().causes[0].message;
  };
  const std::string at =
      "spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: ";
  EXPECT_EQ(
      told("self.a =="),
      at + "Invalid value: \"self.a ==\": compilation failed: ERROR: <input>:1:10: Syntax error: "
           "mismatched input '<EOF>'\n | self.a ==\n | .........^");
  EXPECT_EQ(told(" "), at + "Required value: rule is not specified");
}

TEST(SchemaRules, WhatIsNotBuiltHereIsWarnedOfAndPassed) {
  Cluster c;
  const auto made = c.create(
      crds,
      crd(R"({"type":"object","x-kubernetes-validations":[{"rule":"semver('1.0.0') == self"}]})"));
  ASSERT_TRUE(made);
  ASSERT_EQ(made->warnings.size(), 1u);
  EXPECT_NE(
      made->warnings[0].find("is not evaluated here: ERROR: <input>:1:1: undeclared reference "
                             "to 'semver'"),
      std::string::npos);
  EXPECT_TRUE(c.create("things.example.org", R"({"metadata":{"name":"t"},"spec":{}})"));
}

TEST(SchemaRules, OneObjectHasOneBudget) {
  // Each rule costs nearly what one may: the eleventh finds nothing left.
  std::string rules;
  for (int i = 0; i < 12; ++i) {
    rules +=
        std::string(i ? "," : "") +
        R"x({"rule":"self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))","message":"m"})x";
  }
  Things c(R"({"type":"object","properties":{"l":{"type":"array","items":{"type":"integer"}}},
      "x-kubernetes-validations":[)" +
           rules + "]}");
  std::string list = "0";
  for (int i = 1; i < 50; ++i) list += ",0";
  const std::string told = c.make(R"({"l":[)" + list + "]}");
  EXPECT_EQ(told,
            "Invalid spec: Invalid value: \"object\": validation failed due to running out of cost "
            "budget, no further validation rules will be run");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
