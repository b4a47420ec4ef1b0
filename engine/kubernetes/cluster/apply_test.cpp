#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/cluster/cluster_test.h"
#include "engine/kubernetes/cluster/fields.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

struct Applying : Cluster {
  Reply<Written> apply(const char* resource, const char* name, std::string_view body,
                       const char* manager = "kubectl", bool force = false) {
    WriteOptions o = Cluster::manager(manager);
    o.force = force;
    return store.patch(at(resource, name), Patch::apply, json(body), o);
  }
  std::string data(const char* name = "m") const {
    return to_text(find("configmaps", name)->body["data"]);
  }
  std::string owners(const char* name = "m") const {
    std::string out;
    for (const Json& e : find("configmaps", name)->body.at("metadata.managedFields").items()) {
      out += std::string(e["manager"].str()) + " " + std::string(e["operation"].str()) + " " +
             to_text(e["fieldsV1"]) + "\n";
    }
    return out;
  }
};

constexpr const char* map =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":)";
std::string with(const char* data) { return std::string(map) + data + "}"; }

TEST(Apply, CreatesAndOwns) {
  Applying c;
  const auto made = c.apply("configmaps", "m", with(R"({"a":"1","b":"2"})"));
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_TRUE(made->created);
  EXPECT_EQ(c.owners(), "kubectl Apply {\"f:data\":{\"f:a\":{},\"f:b\":{}}}\n");
  const uint64_t version = made->object->resource_version;
  c.clock.advance(std::chrono::seconds(9));
  EXPECT_EQ(c.apply("configmaps", "m", with(R"({"a":"1","b":"2"})"))->object->resource_version,
            version);
}

TEST(Apply, GivesUpWhatItNoLongerSays) {
  Applying c;
  ASSERT_TRUE(c.apply("configmaps", "m", with(R"({"a":"1","b":"2"})")));
  ASSERT_TRUE(c.apply("configmaps", "m", with(R"({"b":"2"})"), "other"));
  ASSERT_TRUE(c.apply("configmaps", "m", with(R"({"c":"3"})")));
  EXPECT_EQ(c.data(), R"({"b":"2","c":"3"})");
}

TEST(Apply, ConflictsUnlessForced) {
  Applying c;
  ASSERT_TRUE(c.create("configmaps", with(R"({"a":"1"})")));
  const auto refused = c.apply("configmaps", "m", with(R"({"a":"2"})"));
  EXPECT_EQ(outcome(refused),
            "409 Conflict: Apply failed with 1 conflict: conflict with \"test\" using v1: .data.a");
  EXPECT_EQ(refused.error().causes[0].reason, "FieldManagerConflict");
  EXPECT_EQ(refused.error().causes[0].field, ".data.a");
  EXPECT_EQ(c.data(), R"({"a":"1"})");
  ASSERT_EQ(outcome(c.apply("configmaps", "m", with(R"({"a":"2"})"), "kubectl", true)), "ok");
  EXPECT_EQ(c.data(), R"({"a":"2"})");
  EXPECT_EQ(c.owners(), "kubectl Apply {\"f:data\":{\"f:a\":{}}}\ntest Update {\"f:data\":{}}\n");
}

TEST(Apply, TheSameValueIsSharedAndNoConflict) {
  Applying c;
  ASSERT_TRUE(c.create("configmaps", with(R"({"a":"1"})")));
  ASSERT_EQ(outcome(c.apply("configmaps", "m", with(R"({"a":"1"})"))), "ok");
  ASSERT_TRUE(c.apply("configmaps", "m", with("{}")));
  EXPECT_EQ(c.data(), R"({"a":"1"})");
}

TEST(Apply, AnUpdateTakesFieldsFromTheApplier) {
  Applying c;
  ASSERT_TRUE(c.apply("configmaps", "m", with(R"({"a":"1","b":"2"})")));
  ASSERT_TRUE(c.store.patch(c.at("configmaps", "m"), Patch::merge, json(R"({"data":{"a":"9"}})"),
                            Cluster::manager("editor")));
  EXPECT_EQ(c.owners(),
            "kubectl Apply {\"f:data\":{\"f:b\":{}}}\neditor Update {\"f:data\":{\"f:a\":{}}}\n");
  const auto refused = c.apply("configmaps", "m", with(R"({"a":"1","b":"3"})"));
  EXPECT_EQ(refused.error().message,
            "Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.a");
}

TEST(Apply, MergesListsByKey) {
  Applying c;
  const auto service = [](const char* ports) {
    return std::string(
               R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":)") +
           ports + "}}";
  };
  ASSERT_EQ(outcome(c.apply("services", "s",
                            service(R"([{"name":"a","port":80},{"name":"b","port":81}])"))),
            "ok");
  ASSERT_EQ(outcome(c.apply("services", "s", service(R"([{"name":"c","port":82}])"), "other")),
            "ok");
  ASSERT_EQ(outcome(c.apply("services", "s", service(R"([{"name":"b","port":81}])"))), "ok");
  std::string names;
  for (const Json& p : c.find("services", "s")->body.at("spec.ports").items())
    names += p["name"].str();
  EXPECT_EQ(names, "bc");
  const auto clash = c.apply("services", "s", service(R"([{"name":"x","port":82}])"));
  EXPECT_EQ(clash.error().causes[0].field, ".spec.ports[port=82,protocol=\"TCP\"].name");
}

TEST(Apply, WantsAManagerAndNoManagedFields) {
  Applying c;
  EXPECT_EQ(c.apply("configmaps", "m", with("{}"), "").error().code, 422);
  EXPECT_EQ(c.apply("configmaps", "m", R"({"metadata":{"managedFields":[{"manager":"x"}]}})")
                .error()
                .code,
            400);
}

TEST(ManagedFields, TooManyAreFolded) {
  Applying c;
  ASSERT_TRUE(c.create("configmaps", with("{}")));
  for (size_t i = 0; i < update_managers_max + 3; ++i) {
    c.clock.advance(std::chrono::seconds(1));
    const std::string n = std::to_string(i);
    ASSERT_TRUE(c.store.patch(c.at("configmaps", "m"), Patch::merge,
                              json("{\"data\":{\"k" + n + "\":\"v\"}}"),
                              Cluster::manager("m" + n)));
  }
  const Json& all = c.find("configmaps", "m")->body.at("metadata.managedFields");
  EXPECT_EQ(all.size(), update_managers_max);
  EXPECT_EQ(all.items()[0]["manager"].str(), "ancient-changes");
}

TEST(ManagedFields, AnEmptyListTakesAllOwnersAway) {
  Applying c;
  ASSERT_TRUE(c.apply("configmaps", "m", with(R"({"a":"1"})")));
  ASSERT_TRUE(c.store.patch(c.at("configmaps", "m"), Patch::merge,
                            json(R"({"metadata":{"managedFields":[{}]}})"), c.by));
  EXPECT_EQ(c.owners(), "");
}

TEST(ManagedFields, OthersDoNotOwnTheStatus) {
  Applying c;
  const auto made =
      c.create("services", R"({"metadata":{"name":"s"},"spec":{"ports":[{"port":1}]}})");
  ASSERT_TRUE(made);
  const Json& set = made->object->body.at("metadata.managedFields").items()[0]["fieldsV1"];
  EXPECT_EQ(set.find("f:status"), nullptr);
  EXPECT_NE(set.find("f:spec"), nullptr);
}

rc::Gen<Json> sets(int depth) {
  return rc::gen::exec([depth]() -> Json {
    Json out = Json::object();
    if (depth == 0) return out;
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
      out.set(std::string("f:") + char('a' + *rc::gen::inRange(0, 3)), *sets(depth - 1));
    if (out.size() && *rc::gen::inRange(0, 2)) out.set(".", Json::object());
    return out;
  });
}

TEST(FieldSets, AreSets) {
  using namespace fields;
  EXPECT_TRUE(rc::check("union, difference and intersection fit each other", [] {
    const Json a = *sets(3);
    const Json b = *sets(3);
    RC_ASSERT(unite(a, b) == unite(b, a));
    RC_ASSERT(minus(a, a).is_null());
    RC_ASSERT(common(minus(a, b), b).is_null());
    RC_ASSERT(unite(minus(a, b), common(a, b)) == a);
    RC_ASSERT(minus(unite(a, b), b) == minus(a, b));
  }));
}

// Maps of maps over few names: what an apply may be about.
rc::Gen<Json> configurations() {
  return rc::gen::exec([] {
    Json data = Json::object();
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
      data.set(std::string(1, char('a' + *rc::gen::inRange(0, 5))),
               Json(std::to_string(*rc::gen::inRange(0, 3))));
    Json body = json(std::string(map) + "{}}");
    body.set("data", std::move(data));
    return body;
  });
}

TEST(Apply, IsIdempotentAndLeavesWhatItSays) {
  EXPECT_TRUE(rc::check("applying twice is applying once", [] {
    Applying c;
    const char* managers[] = {"one", "two", "three"};
    for (int n = *rc::gen::inRange(1, 6); n > 0; --n) {
      const Json body = *configurations();
      WriteOptions o = Cluster::manager(managers[*rc::gen::inRange(0, 3)]);
      o.force = true;
      const auto first = c.store.patch(c.at("configmaps", "m"), Patch::apply, body, o);
      RC_ASSERT(first.has_value());
      for (const Json::Member& m : body["data"].members())
        RC_ASSERT(first->object->body["data"][m.key] == m.value);
      const auto second = c.store.patch(c.at("configmaps", "m"), Patch::apply, body, o);
      RC_ASSERT(second->object == first->object);
    }
    // With all managers gone there is nothing left.
    for (const char* m : managers) {
      WriteOptions o = Cluster::manager(m);
      RC_ASSERT(
          c.store.patch(c.at("configmaps", "m"), Patch::apply, json(std::string(map) + "null}"), o)
              .has_value());
    }
    RC_ASSERT(c.find("configmaps", "m")->body["data"].size() == 0);
  }));
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
