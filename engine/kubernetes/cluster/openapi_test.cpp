#include "engine/kubernetes/cluster/openapi.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/api_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::ApiWorld;

constexpr const char* definition = R"({"metadata":{"name":"things.test.dev"},"spec":{
  "group":"test.dev","scope":"Namespaced",
  "names":{"plural":"things","singular":"thing","kind":"Thing","listKind":"ThingList"},
  "versions":[{"name":"v1","served":true,"storage":true,
    "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"}],
    "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",
      "required":["size"],
      "properties":{"size":{"type":"integer","minimum":1},
        "either":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
        "open":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}}}]}})";

void define(ApiWorld& w) {
  EXPECT_EQ(
      w.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition).status,
      201);
}

TEST(OpenApi, BuiltInKindsWithMergeKeys) {
  const Registry registry;
  const Json document = openapi_v2(registry);
  const Json& definitions = document["definitions"];
  const Json& container = definitions["io.k8s.api.core.v1.Container"];
  EXPECT_EQ(container["properties"]["env"]["x-kubernetes-patch-merge-key"].str(), "name");
  EXPECT_EQ(container["properties"]["env"]["items"]["$ref"].str(),
            "#/definitions/io.k8s.api.core.v1.EnvVar");
  const Json& deployment = definitions["io.k8s.api.apps.v1.Deployment"];
  EXPECT_EQ(deployment["x-kubernetes-group-version-kind"].items()[0]["kind"].str(), "Deployment");
  // Inlined in Go, and so in JSON.
  EXPECT_NE(definitions["io.k8s.api.core.v1.Volume"]["properties"].find("emptyDir"), nullptr);
  // Nothing refers to what is not there.
  const std::string text = to_text(document);
  size_t references = 0;
  for (size_t at = text.find("\"#/definitions/"); at != std::string::npos;
       at = text.find("\"#/definitions/", at + 1)) {
    const size_t begin = at + 15;
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    ASSERT_NE(definitions.find(name), nullptr) << name;
    ++references;
  }
  EXPECT_GT(references, 300u);
}

TEST(OpenApi, CustomKindsComeAndGo) {
  ApiWorld w;
  EXPECT_EQ(w.get("/openapi/v3/apis/test.dev/v1").status, 404);
  define(w);
  const Json v3 = w.get("/openapi/v3/apis/test.dev/v1").json;
  const Json& spec = v3["components"]["schemas"]["dev.test.v1.Thing"]["properties"]["spec"];
  EXPECT_EQ(spec["properties"]["either"]["anyOf"].size(), 2u);
  bool takes_validation = false;
  for (const Json& p :
       v3["paths"]["/apis/test.dev/v1/namespaces/{namespace}/things/{name}"]["patch"]["parameters"]
           .items()) {
    takes_validation |= p["name"].str() == "fieldValidation";
  }
  EXPECT_TRUE(takes_validation);
  const Json v2 = w.get("/openapi/v2").json;
  const Json& old = v2["definitions"]["dev.test.v1.Thing"]["properties"]["spec"]["properties"];
  EXPECT_EQ(old["either"].find("anyOf"), nullptr);
  EXPECT_EQ(old["open"].find("type"), nullptr);
  EXPECT_EQ(old["size"]["type"].str(), "integer");
  EXPECT_NE(w.get("/openapi/v3").json["paths"].find("apis/test.dev/v1"), nullptr);
  w.ask("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.test.dev");
  EXPECT_EQ(w.get("/openapi/v3/apis/test.dev/v1").status, 404);
  EXPECT_EQ(w.get("/openapi/v2").json["definitions"].find("dev.test.v1.Thing"), nullptr);
}

TEST(OpenApi, ProtobufForOlderClients) {
  ApiWorld w;
  const auto answer =
      w.get("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.type, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  EXPECT_TRUE(
      answer.text.starts_with("\x0a\x03"
                              "2.0"));
}

TEST(OpenApi, PrinterColumnsOfACustomKind) {
  ApiWorld w;
  define(w);
  const char* things = "/apis/test.dev/v1/namespaces/default/things";
  EXPECT_EQ(w.ask("POST", things, R"({"metadata":{"name":"a"},"spec":{"size":3}})").status, 201);
  const Json table = w.get(things, "application/json;as=Table;v=v1;g=meta.k8s.io").json;
  EXPECT_EQ(to_text(table["rows"].items()[0]["cells"]), R"(["a",3])");
  EXPECT_EQ(table["columnDefinitions"].items()[1]["name"].str(), "Size");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
