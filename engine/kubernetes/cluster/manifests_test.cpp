#include "engine/kubernetes/cluster/manifests.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

std::vector<Applied> apply(Store& store, std::string_view text, std::string_view bundle = {}) {
  const auto documents = config::parse_documents(text, "m.yaml", config::Format::yaml);
  EXPECT_TRUE(documents);
  return documents ? apply_manifests(store, *documents, bundle) : std::vector<Applied>();
}

TEST(Manifests, DefinitionsFirstAndNamespacesAreMade) {
  testing::Cluster c;
  const char* text = R"(
apiVersion: test.dev/v1
kind: Thing
metadata: {name: a, namespace: shop}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.test.dev, annotations: {gateway.networking.k8s.io/bundle-version: v1.0.0}}
spec:
  group: test.dev
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}
- {apiVersion: v1, kind: Nonsense, metadata: {name: x}}
---
kind: Half
)";
  const auto applied = apply(c.store, text, "v1.7.0");
  ASSERT_EQ(applied.size(), 5u);
  EXPECT_EQ(applied[0].outcome, Applied::failed);  // no apiVersion
  EXPECT_EQ(applied[0].span.line, 22u);
  EXPECT_EQ(applied[1].resource, "customresourcedefinitions.apiextensions.k8s.io");
  EXPECT_EQ(applied[2].resource, "things.test.dev");
  EXPECT_EQ(applied[2].outcome, Applied::created) << applied[2].message;
  EXPECT_EQ(applied[3].name, "x");
  EXPECT_EQ(applied[4].outcome, Applied::failed);
  EXPECT_NE(applied[4].message.find("no matches for kind \"Nonsense\""), std::string::npos);
  EXPECT_NE(c.find("namespaces", "shop"), nullptr);
  const ObjectPtr crd = c.find("customresourcedefinitions.apiextensions.k8s.io", "things.test.dev");
  ASSERT_NE(crd, nullptr);
  EXPECT_EQ(crd->body.at("metadata.annotations")["gateway.networking.k8s.io/bundle-version"].str(),
            "v1.7.0");
}

TEST(Manifests, AgainIsUnchanged) {
  testing::Cluster c;
  const char* text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}\n";
  EXPECT_EQ(apply(c.store, text).at(0).outcome, Applied::created);
  EXPECT_EQ(apply(c.store, text).at(0).outcome, Applied::unchanged);
  EXPECT_EQ(apply(c.store, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: c}}")
                .at(0)
                .outcome,
            Applied::configured);
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
