#include "engine/kubernetes/cluster/patch.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/cluster/builtin_schemas.h"
#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::json;
using testing::outcome;

struct Row {
  const char *target, *patch, *result;
};

TEST(MergePatch, TheExamplesOfRfc7386) {
  const Row rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const Row& r : rows) {
    EXPECT_EQ(to_text(merge_patch(json(r.target), json(r.patch))), r.result)
        << r.target << " " << r.patch;
  }
}

TEST(MergePatch, WhatChangesNothingIsTheSame) {
  const Json target = json(R"({"a":{"b":[1]},"c":1})");
  EXPECT_TRUE(merge_patch(target, json(R"({"x":null})")).same(target));
  EXPECT_TRUE(merge_patch(target, json("{}")).same(target));
}

// Small values over few names, so that target and patch meet.
rc::Gen<Json> values(int depth) {
  return rc::gen::exec([depth]() -> Json {
    switch (*rc::gen::inRange(0, depth > 0 ? 6 : 3)) {
      case 0: return Json();
      case 1: return Json(*rc::gen::inRange(0, 3));
      case 2: return Json(std::string(1, char('a' + *rc::gen::inRange(0, 3))));
      case 3: {
        Json out = Json::array();
        for (int n = *rc::gen::inRange(0, 3); n > 0; --n) out.push(*values(depth - 1));
        return out;
      }
      default: {
        Json out = Json::object();
        for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
          out.set(std::string(1, char('a' + *rc::gen::inRange(0, 4))), *values(depth - 1));
        return out;
      }
    }
  });
}

// RFC 7386, section 2, word by word.
Json merge_as_written(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const Json::Member& m : patch.members()) {
    if (m.value.is_null()) {
      target.erase(m.key);
    } else {
      target.set(m.key, merge_as_written(target[m.key], m.value));
    }
  }
  return target;
}

TEST(MergePatch, EqualsItsDefinition) {
  EXPECT_TRUE(rc::check("merge patch is the RFC's", [] {
    const Json target = *values(4);
    const Json patch = *values(4);
    const Json got = merge_patch(target, patch);
    RC_ASSERT(to_text(got) == to_text(merge_as_written(target, patch)));
    RC_ASSERT(merge_patch(got, patch) == got);
  }));
}

TEST(JsonPatch, TheExamplesOfRfc6902) {
  const Row rows[] = {
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
       R"({"baz":"qux","foo":"bar"})"},
      {R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
       R"({"foo":["bar","baz"]})"},
      {R"({"baz":"qux"})", R"([{"op":"replace","path":"/baz","value":"boo"}])", R"({"baz":"boo"})"},
      {R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {R"({"foo":["all","grass","cows","eat"]})",
       R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {R"({"baz":"qux","foo":["a",2,"c"]})",
       R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
       R"({"baz":"qux","foo":["a",2,"c"]})"},
      {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc"]}])",
       R"({"foo":["bar",["abc"]]})"},
      {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
      {R"({"a":1})", R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":1,"b":1})"},
      {R"({"a":1})", R"([{"op":"add","path":"","value":2}])", "2"},
  };
  for (const Row& r : rows) {
    const auto got = json_patch(json(r.target), json(r.patch));
    ASSERT_TRUE(got) << r.patch << outcome(got);
    EXPECT_EQ(to_text(*got), r.result) << r.patch;
  }
}

TEST(JsonPatch, WhatDoesNotApplyIsRefused) {
  const char* const bad[] = {
      R"([{"op":"test","path":"/a","value":2}])",
      R"([{"op":"remove","path":"/x"}])",
      R"([{"op":"replace","path":"/x","value":1}])",
      R"([{"op":"add","path":"/x/y","value":1}])",
      R"([{"op":"add","path":"/l/5","value":1}])",
      R"([{"op":"add","path":"/l/01","value":1}])",
      R"([{"op":"add","path":"x","value":1}])",
      R"([{"op":"add","path":"/x"}])",
      R"([{"op":"move","from":"/o","path":"/o/p"}])",
      R"([{"op":"move","from":"","path":"/o"}])",
      R"([{"op":"remove","path":""}])",
      R"([{"op":"frobnicate","path":"/a"}])",
      R"([{"path":"/a"}])",
      R"([7])",
  };
  for (const char* patch : bad) {
    const auto got = json_patch(json(R"({"a":1,"l":[1],"o":{}})"), json(patch));
    ASSERT_FALSE(got) << patch;
    EXPECT_EQ(got.error().code, 422) << patch;
  }
  EXPECT_EQ(json_patch(json("{}"), json("{}")).error().code, 400);
}

TEST(JsonPatch, ItsLimits) {
  PatchLimits l;
  l.operations_max = 1;
  EXPECT_TRUE(json_patch(json("{}"), json(R"([{"op":"add","path":"/a","value":1}])"), l));
  EXPECT_EQ(json_patch(json("{}"), json(R"([{"op":"add","path":"/a","value":1},
      {"op":"add","path":"/a","value":1}])"),
                       l)
                .error()
                .code,
            413);
  // Each copy doubles the document: the sum of what is carried stops it.
  std::string doubling = "[";
  for (int i = 0; i < 60; ++i)
    doubling += R"({"op":"copy","from":"","path":"/c)" + std::to_string(i) + "\"},";
  doubling.back() = ']';
  EXPECT_FALSE(json_patch(json(R"({"a":"x"})"), json(doubling)));
  PatchLimits depth;
  depth.depth_max = 3;
  EXPECT_TRUE(
      json_patch(json(R"({"a":{}})"), json(R"([{"op":"add","path":"/a/b","value":[]}])"), depth));
  EXPECT_FALSE(
      json_patch(json(R"({"a":{}})"), json(R"([{"op":"add","path":"/a/b","value":[[]]}])"), depth));
  PatchLimits work;
  work.moved_max = 3;
  EXPECT_TRUE(
      json_patch(json(R"([1,2,3])"), json(R"([{"op":"add","path":"/0","value":1}])"), work));
  EXPECT_FALSE(
      json_patch(json(R"([1,2,3,4])"), json(R"([{"op":"add","path":"/0","value":1}])"), work));
}

TEST(StrategicMerge, MergesListsByTheirKeys) {
  const Row rows[] = {
      {R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"a","image":"2"},{"name":"c"}]}})",
       R"({"spec":{"containers":[{"image":"2","name":"a"},{"name":"b"},{"name":"c"}]}})"},
      {R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"name":"a","$patch":"delete"}]}})",
       R"({"spec":{"containers":[{"name":"b"}]}})"},
      {R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}})",
       R"({"spec":{"containers":[{"name":"c"}]}})"},
      {R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"1"}]}})",
       R"({"spec":{"containers":[{"name":"b"},{"image":"1","name":"a"}]}})"},
      {R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})",
       R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}})",
       R"({"spec":{"containers":[{"name":"b"},{"name":"a"}]}})"},
      {R"({"metadata":{"finalizers":["a","b"]}})",
       R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]}})",
       R"({"metadata":{"finalizers":["b","c"]}})"},
      {R"({"metadata":{"labels":{"a":"1","b":"2"}}})",
       R"({"metadata":{"labels":{"a":null,"c":"3"}}})",
       R"({"metadata":{"labels":{"b":"2","c":"3"}}})"},
      {R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})",
       R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name","secret"],"secret":{"secretName":"s"}}]}})",
       R"({"spec":{"volumes":[{"name":"v","secret":{"secretName":"s"}}]}})"},
      {R"({"spec":{"nodeSelector":{"a":"1"}}})",
       R"({"spec":{"nodeSelector":{"$patch":"replace","b":"2"}}})",
       R"({"spec":{"nodeSelector":{"b":"2"}}})"},
      {R"({"spec":{"tolerations":[{"key":"a"}]}})", R"({"spec":{"tolerations":[{"key":"b"}]}})",
       R"({"spec":{"tolerations":[{"key":"b"}]}})"},
  };
  const SchemaPtr pod = builtin_schema("", "Pod");
  for (const Row& r : rows) {
    const auto got = strategic_merge(json(r.target), json(r.patch), *pod);
    ASSERT_TRUE(got) << r.patch << outcome(got);
    EXPECT_EQ(to_text(*got), r.result) << r.patch;
  }
  EXPECT_EQ(strategic_merge(json("{}"), json(R"({"spec":{"containers":[{"image":"x"}]}})"), *pod)
                .error()
                .code,
            400);
  EXPECT_EQ(strategic_merge(json("{}"), json(R"({"$patch":"x"})"), *pod).error().code, 400);
}

// 20,000 of 40,000 values, each of which would have to be looked for among the 20,000.
TEST(StrategicMerge, ManyValuesAreTakenOutOfAList) {
  Json there = Json::array(), gone = Json::array();
  for (int i = 0; i < 40'000; ++i) {
    there.push(Json("f" + std::to_string(i)));
    if (i % 2) gone.push(Json("f" + std::to_string(i)));
  }
  const Json target = json_object({{"metadata", json_object({{"finalizers", there}})}});
  const Json patch =
      json_object({{"metadata", json_object({{"$deleteFromPrimitiveList/finalizers", gone}})}});
  const auto merged = strategic_merge(target, patch, *builtin_schema("", "Pod"));
  ASSERT_TRUE(merged);
  const Json& left = merged->at("metadata.finalizers");
  ASSERT_EQ(left.size(), 20'000u);
  EXPECT_EQ(left.items()[1].str(), "f2");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
