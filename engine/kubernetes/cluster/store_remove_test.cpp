#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

std::string owned(const std::string& name, const std::string& owner_uid, bool blocks = false) {
  return R"({"metadata":{"name":")" + name +
         R"(","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":")" +
         owner_uid + "\"" + (blocks ? ",\"blockOwnerDeletion\":true" : "") + "}]}}";
}

TEST(Remove, IsOverWhenTheFinalizersAreGone) {
  Cluster c;
  ASSERT_TRUE(c.create("configmaps", R"({"metadata":{"name":"a","finalizers":["x.io/f"]}})"));
  const auto removed = c.store.remove(c.at("configmaps", "a"));
  ASSERT_TRUE(removed);
  EXPECT_FALSE(removed->gone);
  EXPECT_FALSE(removed->object->body.at("metadata.deletionTimestamp").is_null());
  ASSERT_TRUE(c.store.patch(c.at("configmaps", "a"), Patch::merge,
                            json(R"({"metadata":{"finalizers":null}})"), c.by));
  EXPECT_EQ(c.find("configmaps", "a"), nullptr);
}

TEST(Remove, WantsThePreconditionsToHold) {
  Cluster c;
  ASSERT_TRUE(c.create("configmaps", R"({"metadata":{"name":"a"}})"));
  DeleteOptions o;
  o.precondition_uid = "other";
  EXPECT_EQ(c.store.remove(c.at("configmaps", "a"), o).error().code, 409);
  o = {};
  o.precondition_resource_version = "1";
  EXPECT_EQ(c.store.remove(c.at("configmaps", "a"), o).error().code, 409);
  o = {};
  o.dry_run = true;
  EXPECT_TRUE(c.store.remove(c.at("configmaps", "a"), o));
  EXPECT_NE(c.find("configmaps", "a"), nullptr);
  EXPECT_TRUE(c.store.remove(c.at("configmaps", "a")));
  EXPECT_EQ(outcome(c.store.remove(c.at("configmaps", "a"))),
            "404 NotFound: configmaps \"a\" not found");
}

TEST(Remove, DependentsFollowTheirOwner) {
  Cluster c;
  const std::string uid = c.create("configmaps", R"({"metadata":{"name":"o"}})")->object->uid;
  const std::string mid = c.create("configmaps", owned("m", uid))->object->uid;
  ASSERT_TRUE(c.create("secrets", owned("s", mid)));
  ASSERT_TRUE(c.store.remove(c.at("configmaps", "o")));
  EXPECT_EQ(c.find("configmaps", "m"), nullptr);
  EXPECT_EQ(c.find("secrets", "s"), nullptr);
}

TEST(Remove, OrphansStay) {
  Cluster c;
  const std::string uid = c.create("configmaps", R"({"metadata":{"name":"o"}})")->object->uid;
  ASSERT_TRUE(c.create("configmaps", owned("m", uid)));
  DeleteOptions o;
  o.propagation = DeleteOptions::orphan;
  ASSERT_TRUE(c.store.remove(c.at("configmaps", "o"), o));
  ASSERT_NE(c.find("configmaps", "m"), nullptr);
  EXPECT_TRUE(c.find("configmaps", "m")->body.at("metadata.ownerReferences").is_null());
}

TEST(Remove, InTheForegroundTheOwnerGoesLast) {
  Cluster c;
  const std::string uid = c.create("configmaps", R"({"metadata":{"name":"o"}})")->object->uid;
  ASSERT_TRUE(c.create("configmaps", owned("free", uid)));
  std::string held = owned("held", uid, true);
  held.insert(held.find("\"name\""), "\"finalizers\":[\"x.io/f\"],");
  ASSERT_EQ(outcome(c.create("configmaps", held)), "ok");
  DeleteOptions o;
  o.propagation = DeleteOptions::foreground;
  const auto removed = c.store.remove(c.at("configmaps", "o"), o);
  ASSERT_TRUE(removed);
  EXPECT_FALSE(removed->gone);
  EXPECT_EQ(c.find("configmaps", "free"), nullptr);
  ASSERT_NE(c.find("configmaps", "held"), nullptr);
  ASSERT_TRUE(c.store.patch(c.at("configmaps", "held"), Patch::merge,
                            json(R"({"metadata":{"finalizers":null}})"), c.by));
  EXPECT_EQ(c.find("configmaps", "held"), nullptr);
  EXPECT_EQ(c.find("configmaps", "o"), nullptr);
}

TEST(Remove, AnOwnerThatNeverWasTakesItsDependentAlong) {
  Cluster c;
  ASSERT_TRUE(c.create("configmaps", owned("m", "11111111-1111-4111-8111-111111111111")));
  EXPECT_EQ(c.find("configmaps", "m"), nullptr);
}

TEST(Remove, ANamespaceTakesWhatIsInIt) {
  Cluster c;
  ASSERT_TRUE(c.create("namespaces", R"({"metadata":{"name":"n"}})"));
  const auto in = [&c](const char* resource, const char* name) {
    return c.at(resource, name, Sub::none, "n");
  };
  ASSERT_TRUE(c.store.create(in("secrets", ""), json(R"({"metadata":{"name":"s"}})")));
  ASSERT_TRUE(c.store.create(in("configmaps", ""),
                             json(R"({"metadata":{"name":"m","finalizers":["x.io/f"]}})")));
  const auto removed = c.store.remove(c.at("namespaces", "n"));
  ASSERT_TRUE(removed);
  EXPECT_FALSE(removed->gone);
  EXPECT_EQ(removed->object->body.at("status.phase").str(), "Terminating");
  EXPECT_EQ(c.find("secrets", "s", "n"), nullptr);
  const auto late = c.store.create(in("secrets", ""), json(R"({"metadata":{"name":"t"}})"));
  EXPECT_EQ(late.error().code, 403);
  EXPECT_EQ(late.error().causes[0].reason, "NamespaceTerminating");
  ASSERT_TRUE(c.store.patch(in("configmaps", "m"), Patch::merge,
                            json(R"({"metadata":{"finalizers":[]}})"), c.by));
  EXPECT_EQ(c.find("namespaces", "n"), nullptr);
}

TEST(Remove, ACollectionBySelector) {
  Cluster c;
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(c.create("configmaps", std::string(R"({"metadata":{"name":")") + name +
                                           R"(","labels":{"n":")" + name + "\"}}}"));
  ListOptions which;
  which.label_selector = "n in (a,c)";
  const auto gone = c.store.remove_all(c.at("configmaps").type, "v1", "default", which);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->items.size(), 2u);
  EXPECT_EQ(c.store.count(*c.at("configmaps").type), 1u);
}

TEST(DeleteOptions, AreReadFromTheBody) {
  EXPECT_EQ(DeleteOptions::from_json(json(R"({"propagationPolicy":"Orphan"})"))->propagation,
            DeleteOptions::orphan);
  EXPECT_TRUE(DeleteOptions::from_json(json(R"({"dryRun":["All"]})"))->dry_run);
  EXPECT_EQ(DeleteOptions::from_json(json(R"({"propagationPolicy":"x"})")).error().code, 422);
  EXPECT_EQ(DeleteOptions::from_json(json("3")).error().code, 400);
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
