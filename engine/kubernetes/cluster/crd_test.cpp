#include "engine/kubernetes/cluster/crd.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

std::string crd(const std::string& spec_schema, const std::string& more = "") {
  return R"({"metadata":{"name":"things.example.org"},"spec":{"group":"example.org","scope":"Namespaced",
      "names":{"plural":"things","kind":"Thing","shortNames":["th"]},"versions":[
      {"name":"v1","served":true,"storage":true,"subresources":{"status":{}})" +
         more +
         R"(,"schema":{"openAPIV3Schema":{"type":"object","properties":{
      "apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object"},
      "spec":)" +
         spec_schema + R"(,"status":{"type":"object","properties":{"n":{"type":"integer"}},
      "default":{"n":7}}}}}}]}})";
}

constexpr const char* shape = R"({"type":"object","required":["name"],"properties":{
  "name":{"type":"string","minLength":1,"maxLength":3,"pattern":"^[a-z]+$"},
  "port":{"type":"integer","format":"int32","minimum":1,"maximum":65535},
  "either":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
  "kind":{"type":"string","enum":["A","B"],"default":"A"},
  "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
  "labels":{"type":"object","additionalProperties":{"type":"string"},"maxProperties":2},
  "nothing":{"type":"string","nullable":true},
  "list":{"type":"array","maxItems":2,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],
    "items":{"type":"object","required":["id"],"properties":{"id":{"type":"string"},
    "weight":{"type":"integer","default":1}}}},
  "set":{"type":"array","minItems":1,"x-kubernetes-list-type":"set","items":{"type":"string"}}}})";

struct Things : Cluster {
  explicit Things(StoreOptions options = {}) : Cluster(std::move(options)) {
    EXPECT_EQ(outcome(create("customresourcedefinitions.apiextensions.k8s.io", crd(shape))), "ok");
  }
  std::string thing(const std::string& spec) {
    const auto made =
        create("things.example.org", R"({"metadata":{"name":"t"},"spec":)" + spec + "}");
    if (!made) return outcome(made);
    std::string out = to_text(made->object->body["spec"]);
    (void)store.remove(at("things.example.org", "t"));
    return out;
  }
};

StoreOptions with_patterns() {
  StoreOptions o;
  // Enough of an expression for the schema above.
  o.patterns = [](std::string_view pattern) -> Result<PatternMatch> {
    if (pattern != "^[a-z]+$") return Error(Code::invalid, "cannot read the expression");
    return PatternMatch([](std::string_view s) {
      return !s.empty() && s.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == s.npos;
    });
  };
  return o;
}

TEST(Crd, ItsKindIsThereAtOnceAndGoesWithIt) {
  Things c;
  const Target at = c.at("things.example.org", "t");
  ASSERT_NE(at.type, nullptr);
  EXPECT_EQ(at.type->short_names, std::vector<std::string>{"th"});
  EXPECT_EQ(at.type->list_kind, "ThingList");
  const Json& status =
      c.find("customresourcedefinitions.apiextensions.k8s.io", "things.example.org")
          ->body["status"];
  EXPECT_EQ(status["conditions"].items()[1]["type"].str(), "Established");
  EXPECT_EQ(status["storedVersions"].items()[0].str(), "v1");
  ASSERT_TRUE(c.create("things.example.org",
                       R"({"metadata":{"name":"t","finalizers":["x.io/f"]},"spec":{"name":"a"}})"));
  const auto removed =
      c.store.remove(c.at("customresourcedefinitions.apiextensions.k8s.io", "things.example.org"));
  ASSERT_TRUE(removed);
  EXPECT_FALSE(removed->gone);
  ASSERT_TRUE(c.store.patch(at, Patch::merge, json(R"({"metadata":{"finalizers":null}})"), c.by));
  EXPECT_EQ(c.at("things.example.org").type, nullptr);
  EXPECT_EQ(c.find("customresourcedefinitions.apiextensions.k8s.io", "things.example.org"),
            nullptr);
}

TEST(Crd, NoObjectOutlivesItsKind) {
  Things c;
  const Target crd_at =
      c.at("customresourcedefinitions.apiextensions.k8s.io", "things.example.org");
  ASSERT_TRUE(
      c.store.patch(crd_at, Patch::merge, json(R"({"metadata":{"finalizers":["x.io/f"]}})"), c.by));
  ASSERT_TRUE(c.create("things.example.org",
                       R"({"metadata":{"name":"t","finalizers":["x.io/f"]},"spec":{"name":"a"}})"));
  const TypePtr type = c.at("things.example.org").type;
  ASSERT_TRUE(c.store.remove(crd_at));
  ASSERT_TRUE(
      c.store.patch(crd_at, Patch::merge, json(R"({"metadata":{"finalizers":null}})"), c.by));
  EXPECT_EQ(c.at("things.example.org").type, nullptr);
  EXPECT_EQ(c.store.count(*type), 0u);
  ASSERT_TRUE(c.store.remove(c.at("namespaces", "default")));
  EXPECT_EQ(c.find("namespaces", "default"), nullptr);
}

TEST(Crd, DefaultsPrunesAndKeeps) {
  Things c;
  EXPECT_EQ(c.thing(R"({"name":"a"})"), R"({"kind":"A","name":"a"})");
  EXPECT_EQ(c.thing(R"({"name":"a","kind":null,"nothing":null})"),
            R"({"kind":"A","name":"a","nothing":null})");
  EXPECT_EQ(c.thing(R"({"name":"a","list":[{"id":"x"}],"what":{"ever":1}})"),
            R"({"kind":"A","list":[{"id":"x","weight":1}],"name":"a"})");
  EXPECT_EQ(c.thing(R"({"name":"a","free":{"any":[{"thing":1}]},"either":"80%"})"),
            R"({"either":"80%","free":{"any":[{"thing":1}]},"kind":"A","name":"a"})");
}

TEST(Crd, UnknownFieldsAreWarnedOfOrRefused) {
  Things c;
  const Json body =
      json(R"({"metadata":{"name":"t"},"spec":{"name":"a","list":[{"id":"x","y":1}]}})");
  WriteOptions o = c.by;
  o.field_validation = WriteOptions::strict;
  EXPECT_EQ(outcome(c.store.create(c.at("things.example.org"), body, o)),
            "400 BadRequest: Thing in version \"v1\" cannot be handled as a Thing: strict decoding "
            "error: unknown field \"spec.list[0].y\"");
  o.field_validation = WriteOptions::warn;
  const auto made = c.store.create(c.at("things.example.org"), body, o);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->warnings, std::vector<std::string>{"unknown field \"spec.list[0].y\""});
}

TEST(Crd, ValidatesWithTheTextsOfTheRealServer) {
  Things c(with_patterns());
  const std::pair<const char*, const char*> rows[] = {
      {R"({})", "spec.name: Required value"},
      {R"({"name":""})", "should be at least 1 chars long"},
      {R"({"name":"abcd"})", "spec.name: Too long: may not be more than 3 bytes"},
      {R"({"name":"äöü"})", "spec.name in body should match '^[a-z]+$'"},
      {R"({"name":"A"})",
       R"(spec.name: Invalid value: "A": spec.name in body should match '^[a-z]+$')"},
      {R"({"name":5})",
       R"(spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer")"},
      {R"({"name":null})", "spec.name: Required value"},  // a null that may not be is dropped
      {R"({"name":"a","port":0})",
       "spec.port: Invalid value: 0: spec.port in body should be greater than or equal to 1"},
      {R"({"name":"a","port":65536})", "should be less than or equal to 65535"},
      {R"({"name":"a","port":1.5})", "must be of type integer: \"number\""},
      {R"({"name":"a","either":true})", "must be of type integer,string: \"boolean\""},
      {R"({"name":"a","kind":"C"})",
       R"(spec.kind: Unsupported value: "C": supported values: "A", "B")"},
      {R"({"name":"a","labels":{"x":1}})", "spec.labels.x: Invalid value"},
      {R"({"name":"a","labels":{"x":"","y":"","z":""}})", "Too many: 3: must have at most 2 items"},
      {R"({"name":"a","list":[{"id":"x"},{"id":"x"}]})",
       R"(spec.list[1]: Duplicate value: {"id":"x"})"},
      {R"({"name":"a","list":[{},{},{}]})", "spec.list: Too many: 3: must have at most 2 items"},
      {R"({"name":"a","list":[{}]})", "spec.list[0].id: Required value"},
      {R"({"name":"a","set":["x","x"]})", R"(spec.set[1]: Duplicate value: "x")"},
      {R"({"name":"a","set":[]})", "spec.set in body should have at least 1 items"},
  };
  for (const auto& [spec, wanted] : rows) {
    const std::string got = c.thing(spec);
    EXPECT_TRUE(got.starts_with("422 Invalid: Thing.example.org \"t\" is invalid: ")) << got;
    EXPECT_NE(got.find(wanted), std::string::npos) << spec << "\n" << got;
  }
  EXPECT_EQ(c.thing(R"({"name":"abc","port":65535,"list":[{"id":"x"},{"id":"y"}],"set":["x"]})")
                .substr(0, 8),
            R"({"kind":)");
}

TEST(Crd, WithoutACompilerPatternsAreNotChecked) {
  Things c;
  EXPECT_EQ(c.thing(R"({"name":"A"})"), R"({"kind":"A","name":"A"})");
}

TEST(Crd, TheStatusIsApartAndHasItsDefault) {
  Things c;
  const auto made = c.create("things.example.org",
                             R"({"metadata":{"name":"t"},"spec":{"name":"a"},"status":{"n":1}})");
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_EQ(made->object->body.at("status.n").integer(), 7);
  Target at = c.at("things.example.org", "t", Sub::status);
  Json body = made->object->body;
  body.make("status.n") = Json(2);
  body.make("spec.name") = Json("zzz");
  ASSERT_EQ(outcome(c.store.update(at, body, c.by)), "ok");
  const ObjectPtr now = c.find("things.example.org", "t");
  EXPECT_EQ(now->body.at("status.n").integer(), 2);
  EXPECT_EQ(now->body.at("spec.name").str(), "a");
  EXPECT_EQ(now->body.at("metadata.generation").integer(), 1);
}

TEST(Crd, AnUpdateNeedsTheVersion) {
  Things c;
  ASSERT_TRUE(c.create("things.example.org", R"({"metadata":{"name":"t"},"spec":{"name":"a"}})"));
  EXPECT_EQ(
      outcome(c.store.update(c.at("things.example.org", "t"),
                             json(R"({"metadata":{"name":"t"},"spec":{"name":"b"}})"), c.by)),
      "422 Invalid: Thing.example.org \"t\" is invalid: metadata.resourceVersion: Invalid value: "
      "0x0: must be specified for an update");
  EXPECT_EQ(c.store.patch(c.at("things.example.org", "t"), Patch::strategic, json("{}"), c.by)
                .error()
                .code,
            415);
}

TEST(Crd, SeveralVersionsAreOneObject) {
  Cluster c;
  std::string two = crd(shape);
  const std::string v =
      R"({"name":"v1beta1","served":true,"storage":false,"schema":{"openAPIV3Schema":
      {"type":"object","x-kubernetes-preserve-unknown-fields":true}}},)";
  two.insert(two.find(R"({"name":"v1")"), v);
  ASSERT_EQ(outcome(c.create("customresourcedefinitions.apiextensions.k8s.io", two)), "ok");
  Target beta = c.at("things.example.org");
  EXPECT_EQ(beta.version, "v1");
  beta.version = "v1beta1";
  const auto made = c.store.create(
      beta,
      json(R"({"apiVersion":"example.org/v1beta1","metadata":{"name":"t"},"spec":{"name":"a"}})"),
      c.by);
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_EQ(made->object->body["apiVersion"].str(), "example.org/v1");
  EXPECT_EQ(made->object->in_version("v1beta1")["apiVersion"].str(), "example.org/v1beta1");
  EXPECT_EQ(c.store.registry().versions("example.org"),
            (std::vector<std::string>{"v1", "v1beta1"}));
  beta.version = "v3";
  EXPECT_EQ(c.store.get(beta).error().code, 404);
}

TEST(Crd, BadOnesAreRefusedWithTheirPlace) {
  Cluster c;
  const auto refused = [&c](std::string body, const std::string& from, const std::string& to) {
    const size_t at = body.find(from);
    EXPECT_NE(at, std::string::npos);
    body.replace(at, from.size(), to);
    return outcome(c.create("customresourcedefinitions.apiextensions.k8s.io", body));
  };
  EXPECT_NE(refused(crd(shape), R"("name":"things.example.org")", R"("name":"x.example.org")")
                .find("metadata.name: Invalid value: \"x.example.org\": must be spec.names.plural"),
            std::string::npos);
  EXPECT_NE(refused(crd(shape), R"("storage":true)", R"("storage":false)")
                .find("must have exactly one version marked as storage version"),
            std::string::npos);
  EXPECT_NE(refused(crd(shape), R"("scope":"Namespaced")", R"("scope":"Everywhere")")
                .find("spec.scope: Unsupported value"),
            std::string::npos);
  EXPECT_NE(refused(crd(shape), R"("type":"integer","format")", R"("type":"int","format")")
                .find("openAPIV3Schema.properties[spec].properties[port].type"),
            std::string::npos);
  Cluster strict(with_patterns());
  EXPECT_NE(outcome(strict.create("customresourcedefinitions.apiextensions.k8s.io",
                                  crd(R"({"type":"string","pattern":"("})")))
                .find("pattern: Invalid value: cannot read the expression"),
            std::string::npos);
}

TEST(Crd, NestingOfASchemaIsBounded) {
  const auto nested = [](size_t depth) {
    std::string s = R"({"type":"object"})";
    for (size_t i = 0; i < depth; ++i) s = R"({"type":"array","items":)" + s + "}";
    return json(s);
  };
  EXPECT_TRUE(compile_schema(nested(20), {}));
  JsonLimits deep;
  EXPECT_TRUE(compile_schema(nested(schema_depth_max), {}));
  EXPECT_FALSE(compile_schema(nested(schema_depth_max + 1), {}));
}

TEST(Crd, ScaleFollowsItsPaths) {
  Cluster c;
  ASSERT_EQ(
      outcome(c.create("customresourcedefinitions.apiextensions.k8s.io",
                       crd(R"({"type":"object","properties":{"size":{"type":"integer"}}})",
                           R"(,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size",
                                 "statusReplicasPath":".status.n"}})"))),
      "ok");
  ASSERT_TRUE(c.create("things.example.org", R"({"metadata":{"name":"t"},"spec":{"size":3}})"));
  EXPECT_EQ(c.store.get_scale(c.at("things.example.org", "t"))->at("spec.replicas").integer(), 3);
  ASSERT_TRUE(c.store.update(c.at("things.example.org", "t", Sub::scale),
                             json(R"({"spec":{"replicas":5}})"), c.by));
  EXPECT_EQ(c.find("things.example.org", "t")->body.at("spec.size").integer(), 5);
  EXPECT_EQ(c.store
                .update(c.at("things.example.org", "t", Sub::scale),
                        json(R"({"spec":{"replicas":-1}})"), c.by)
                .error()
                .code,
            422);
}

TEST(Versions, ThePreferredIsFirst) {
  EXPECT_TRUE(version_before("v2", "v1"));
  EXPECT_TRUE(version_before("v1", "v2beta1"));
  EXPECT_TRUE(version_before("v1beta2", "v1beta1"));
  EXPECT_TRUE(version_before("v1beta1", "v3alpha1"));
  EXPECT_TRUE(version_before("v1alpha1", "foo"));
  EXPECT_FALSE(version_before("v1", "v1"));
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
