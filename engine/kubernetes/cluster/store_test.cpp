#include "engine/kubernetes/cluster/store.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

constexpr const char* map = R"({"metadata":{"name":"a","labels":{"x":"1"}},"data":{"k":"v"}})";

TEST(Store, CreatesWithWhatTheServerKnows) {
  Cluster c;
  const auto made = c.create("configmaps", map);
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_TRUE(made->created);
  const Json& body = made->object->body;
  EXPECT_EQ(body["apiVersion"].str(), "v1");
  EXPECT_EQ(body["kind"].str(), "ConfigMap");
  EXPECT_EQ(body.at("metadata.namespace").str(), "default");
  EXPECT_EQ(body.at("metadata.creationTimestamp").str(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(body.at("metadata.resourceVersion").str(),
            std::to_string(made->object->resource_version));
  const std::string uid(body.at("metadata.uid").str());
  EXPECT_EQ(uid.size(), 36u);
  EXPECT_EQ(uid[14], '4');
  EXPECT_EQ(outcome(c.create("configmaps", map)),
            "409 AlreadyExists: configmaps \"a\" already exists");
}

TEST(Store, RefusesAsTheRealServerDoes) {
  Cluster c;
  const Target other{c.at("configmaps").type, "v1", "nowhere", ""};
  EXPECT_EQ(outcome(c.store.create(other, json(map))),
            "404 NotFound: namespaces \"nowhere\" not found");
  EXPECT_EQ(outcome(c.create("configmaps", R"({"metadata":{}})")),
            "422 Invalid: ConfigMap \"\" is invalid: metadata.name: Required value: name or "
            "generateName is required");
  EXPECT_EQ(
      outcome(c.create("configmaps", R"({"kind":"Secret","metadata":{"name":"a"}})")).substr(0, 14),
      "400 BadRequest");
  EXPECT_EQ(outcome(c.create("configmaps", R"({"apiVersion":"v2","metadata":{"name":"a"}})")),
            "400 BadRequest: the API version in the data (v2) does not match the expected API "
            "version (v1)");
  EXPECT_EQ(
      outcome(c.create("configmaps", R"({"metadata":{"name":"a","namespace":"other"}})")),
      "400 BadRequest: the namespace of the provided object does not match the namespace sent on "
      "the request");
  EXPECT_EQ(outcome(c.create("configmaps", R"({"metadata":{"name":"A"}})")).substr(0, 91),
            "422 Invalid: ConfigMap \"A\" is invalid: metadata.name: Invalid value: \"A\": a "
            "lowercase RFC 1");
  EXPECT_EQ(outcome(c.create("deployments.apps", R"({"metadata":{"name":"a"},"spec":{"replicas":"3",
      "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
      "spec":{"containers":[{"name":"c"}]}}}})")),
            "400 BadRequest: Deployment in version \"v1\" cannot be handled as a Deployment: json: "
            "cannot unmarshal string into Go struct field Deployment.spec.replicas");
  EXPECT_EQ(outcome(c.store.get(c.at("configmaps", "none"))),
            "404 NotFound: configmaps \"none\" not found");
}

TEST(Store, ABodyIsAnObjectWithMetadata) {
  Cluster c;
  ASSERT_TRUE(c.create("configmaps", map));
  for (const char* body : {"[]", "5", "null", R"({"metadata":"a"})", R"({"metadata":[]})"}) {
    EXPECT_EQ(c.create("configmaps", body).error().code, 400) << body;
    EXPECT_EQ(c.store.update(c.at("configmaps", "a"), json(body), c.by).error().code, 400) << body;
    EXPECT_EQ(c.store.patch(c.at("configmaps", "a"), Patch::apply, json(body), c.by).error().code,
              400)
        << body;
  }
  EXPECT_EQ(c.store
                .patch(c.at("configmaps", "a"), Patch::json,
                       json(R"([{"op":"replace","path":"","value":[]}])"), c.by)
                .error()
                .code,
            400);
}

TEST(Store, NamesMayHave253CharactersAndNoMore) {
  Cluster c;
  const auto named = [](size_t n) {
    return "{\"metadata\":{\"name\":\"" + std::string(n, 'a') + "\"}}";
  };
  EXPECT_EQ(outcome(c.create("configmaps", named(253))), "ok");
  EXPECT_NE(outcome(c.create("configmaps", named(254))).find("no more than 253"),
            std::string::npos);
}

TEST(Store, AnUpdateOfAnOldVersionIsAConflict) {
  Cluster c;
  const ObjectPtr first = c.create("configmaps", map)->object;
  Json body = first->body;
  body.make("data.k") = Json("w");
  ASSERT_EQ(outcome(c.store.update(c.at("configmaps", "a"), body, c.by)), "ok");
  EXPECT_EQ(outcome(c.store.update(c.at("configmaps", "a"), body, c.by)),
            "409 Conflict: Operation cannot be fulfilled on configmaps \"a\": the object has been "
            "modified; please apply your changes to the latest version and try again");
  body.member("metadata").erase("resourceVersion");
  EXPECT_EQ(outcome(c.store.update(c.at("configmaps", "a"), body, c.by)), "ok");
}

TEST(Store, AWriteThatChangesNothingIsNone) {
  Cluster c;
  const ObjectPtr first = c.create("configmaps", map)->object;
  c.clock.advance(std::chrono::seconds(5));
  const auto again =
      c.store.patch(c.at("configmaps", "a"), Patch::merge, json(R"({"data":{"k":"v"}})"), c.by);
  ASSERT_EQ(outcome(again), "ok");
  EXPECT_EQ(again->object, first);
  EXPECT_EQ(c.store.resource_version(), first->resource_version);
}

TEST(Store, DryRunCommitsNothing) {
  Cluster c;
  WriteOptions dry = c.by;
  dry.dry_run = true;
  const uint64_t before = c.store.resource_version();
  const auto made = c.store.create(c.at("services"), json(R"({"metadata":{"name":"s"},
      "spec":{"ports":[{"port":80}]}})"),
                                   dry);
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_EQ(made->object->body.at("spec.type").str(), "ClusterIP");
  EXPECT_EQ(c.store.resource_version(), before);
  EXPECT_EQ(c.find("services", "s"), nullptr);
}

TEST(Store, GenerationGrowsWithTheSpecOnly) {
  Cluster c;
  ASSERT_EQ(outcome(c.create("ingresses.networking.k8s.io",
                             R"({"metadata":{"name":"i"},"spec":{"ingressClassName":"x"}})")),
            "ok");
  const auto generation = [&c] {
    return c.find("ingresses.networking.k8s.io", "i")->body.at("metadata.generation").integer();
  };
  const Target at = c.at("ingresses.networking.k8s.io", "i");
  EXPECT_EQ(generation(), 1);
  ASSERT_TRUE(c.store.patch(at, Patch::merge, json(R"({"metadata":{"labels":{"a":"b"}}})"), c.by));
  EXPECT_EQ(generation(), 1);
  Target status = at;
  status.sub = Sub::status;
  ASSERT_TRUE(c.store.patch(
      status, Patch::merge,
      json(
          R"({"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}},"spec":{"ingressClassName":"y"}})"),
      c.by));
  EXPECT_EQ(generation(), 1);
  const Json& body = c.find("ingresses.networking.k8s.io", "i")->body;
  EXPECT_EQ(body.at("spec.ingressClassName").str(), "x");
  EXPECT_EQ(body.at("status.loadBalancer.ingress").items()[0]["ip"].str(), "1.2.3.4");
  ASSERT_TRUE(c.store.patch(at, Patch::merge,
                            json(R"({"spec":{"ingressClassName":"z"},"status":null})"), c.by));
  EXPECT_EQ(generation(), 2);
  EXPECT_EQ(
      c.find("ingresses.networking.k8s.io", "i")->body.at("status.loadBalancer.ingress").size(),
      1u);
}

TEST(Store, GeneratedNamesDiffer) {
  Cluster c;
  const auto one = c.create("configmaps", R"({"metadata":{"generateName":"web-"}})");
  const auto two = c.create("configmaps", R"({"metadata":{"generateName":"web-"}})");
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(one->object->name.starts_with("web-"));
  EXPECT_EQ(one->object->name.size(), 9u);
  EXPECT_NE(one->object->name, two->object->name);
}

TEST(Store, ListsByNamespaceAndSelectorInPages) {
  Cluster c;
  for (const char* name : {"d", "b", "a", "c"}) {
    ASSERT_TRUE(c.create("configmaps", std::string(R"({"metadata":{"name":")") + name +
                                           R"(","labels":{"even":")" + (*name % 2 ? "no" : "yes") +
                                           R"("}}})"));
  }
  const TypePtr type = c.at("configmaps").type;
  const auto names = [](const Reply<Listed>& l) {
    std::string out;
    for (const ObjectPtr& o : l->items) out += o->name;
    return out;
  };
  ListOptions o;
  EXPECT_EQ(names(c.store.list(type, "v1", "", o)), "abcd");
  o.label_selector = "even=yes";
  EXPECT_EQ(names(c.store.list(type, "v1", "default", o)), "bd");
  o.label_selector.clear();
  o.field_selector = "metadata.name!=c";
  EXPECT_EQ(names(c.store.list(type, "v1", "default", o)), "abd");
  o.field_selector = "spec.foo=c";
  EXPECT_EQ(c.store.list(type, "v1", "default", o).error().code, 400);
  ListOptions page;
  page.limit = 3;
  const auto first = c.store.list(type, "v1", "", page);
  EXPECT_EQ(names(first), "abc");
  EXPECT_EQ(first->remaining, 1);
  page.continue_token = first->continue_token;
  const auto second = c.store.list(type, "v1", "", page);
  EXPECT_EQ(names(second), "d");
  EXPECT_EQ(second->continue_token, "");
  page.limit = 1;
  page.continue_token.clear();
  std::vector<int64_t> remaining;
  do {
    const auto one = c.store.list(type, "v1", "", page);
    remaining.push_back(one->remaining);
    page.continue_token = one->continue_token;
  } while (!page.continue_token.empty());
  EXPECT_EQ(remaining, (std::vector<int64_t>{3, 2, 1, -1}));
  page.continue_token = "bm9uc2Vuc2U=";
  EXPECT_EQ(c.store.list(type, "v1", "", page).error().code, 400);
}

TEST(Store, AWatchTellsWhatEntersAndLeavesItsSelection) {
  Cluster c;
  ListOptions o;
  o.label_selector = "x=1";
  auto w = c.store.watch(c.at("configmaps").type, "v1", "default", o);
  ASSERT_TRUE(w);
  ASSERT_TRUE(c.create("configmaps", map));
  const Target at = c.at("configmaps", "a");
  ASSERT_TRUE(c.store.patch(at, Patch::merge, json(R"({"data":{"k":"2"}})"), c.by));
  ASSERT_TRUE(c.store.patch(at, Patch::merge, json(R"({"metadata":{"labels":{"x":"2"}}})"), c.by));
  ASSERT_TRUE(c.store.patch(at, Patch::merge, json(R"({"metadata":{"labels":{"x":"1"}}})"), c.by));
  ASSERT_TRUE(c.store.remove(at));
  std::vector<Event> events;
  const auto more = c.store.next(*w, events, 100);
  ASSERT_TRUE(more);
  EXPECT_FALSE(*more);
  std::string types;
  for (const Event& e : events) types += "AMR"[e.type];
  EXPECT_EQ(types, "AMRAR");
  EXPECT_EQ(w->resource_version(), c.store.resource_version());
}

TEST(Store, AWatchResumesWhileItsPlaceIsKept) {
  StoreOptions options;
  options.limits.events_per_type_max = 3;
  Cluster c(options);
  const uint64_t start = c.create("configmaps", map)->object->resource_version;
  const auto change = [&c](int i) {
    return c.store.patch(c.at("configmaps", "a"), Patch::merge,
                         json("{\"data\":{\"k\":\"" + std::to_string(i) + "\"}}"), c.by);
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(change(i));
  ListOptions o;
  o.resource_version = std::to_string(start);
  auto w = c.store.watch(c.at("configmaps").type, "v1", "", o);
  ASSERT_TRUE(w) << outcome(w);
  std::vector<Event> events;
  ASSERT_TRUE(c.store.next(*w, events, 2));
  EXPECT_EQ(events.size(), 2u);
  ASSERT_TRUE(change(9));
  EXPECT_EQ(c.store.watch(c.at("configmaps").type, "v1", "", o).error().code, 410);
  ASSERT_TRUE(c.store.next(*w, events, 100));
  EXPECT_EQ(events.size(), 4u);
  for (int i = 10; i < 14; ++i) ASSERT_TRUE(change(i));
  EXPECT_EQ(c.store.next(*w, events, 100).error().reason, "Expired");
  o.resource_version = "999999";
  EXPECT_EQ(c.store.watch(c.at("configmaps").type, "v1", "", o).error().code, 410);
}

TEST(Store, TheFirstEventsOfAWatchWithoutAVersionAreWhatThereIs) {
  Cluster c;
  auto w = c.store.watch(c.at("namespaces").type, "v1", "", {});
  ASSERT_TRUE(w);
  std::vector<Event> events;
  ASSERT_TRUE(*c.store.next(*w, events, 3));
  ASSERT_FALSE(*c.store.next(*w, events, 3));
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].object->name, "default");
}

TEST(Store, HooksRunUntilNothingChanges) {
  Cluster c;
  int calls = 0;
  int wakes = 0;
  c.store.on_commit([&wakes] { ++wakes; });
  c.store.add_hook([&calls](Store& s, std::span<const Event> events) {
    ++calls;
    for (const Event& e : events) {
      const int64_t n = std::stoll(std::string(e.object->body.at("data.n").str()));
      if (n >= 3) continue;
      const Target at{e.object->type, "v1", e.object->ns, e.object->name};
      Json patch = json("{\"data\":{\"n\":\"" + std::to_string(n + 1) + "\"}}");
      EXPECT_TRUE(s.patch(at, Patch::merge, patch));
    }
  });
  const auto made = c.create("configmaps", R"({"metadata":{"name":"a"},"data":{"n":"0"}})");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->object->body.at("data.n").str(), "3");
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(wakes, 1);
}

TEST(Store, HooksThatNeverRestAreStopped) {
  StoreOptions options;
  options.limits.settle_rounds_max = 10;
  Cluster c(options);
  int n = 0;
  c.store.add_hook([&n](Store& s, std::span<const Event> events) {
    for (const Event& e : events) {
      const Target at{e.object->type, "v1", e.object->ns, e.object->name};
      Json patch = json("{\"data\":{\"n\":\"" + std::to_string(++n) + "\"}}");
      EXPECT_TRUE(s.patch(at, Patch::merge, patch));
    }
  });
  ASSERT_TRUE(c.create("configmaps", R"({"metadata":{"name":"a"},"data":{"n":"0"}})"));
  EXPECT_EQ(n, 10);
  EXPECT_EQ(c.store.unsettled(), 1u);
}

TEST(Store, AnObjectMayHaveSoManyBytes) {
  StoreOptions options;
  options.limits.object_bytes_max = 4000;
  Cluster c(options);
  const auto body = [](size_t n) {
    return R"({"metadata":{"name":"a"},"data":{"k":")" + std::string(n, 'x') + "\"}}";
  };
  EXPECT_EQ(c.create("configmaps", body(4000)).error().code, 413);
  const size_t around = c.create("configmaps", body(0))->object->text().size();
  ASSERT_TRUE(c.store.remove(c.at("configmaps", "a")));
  EXPECT_EQ(outcome(c.create("configmaps", body(4000 - around - 10))), "ok");
}

TEST(Store, ADocumentCarriesTheObjectsName) {
  Cluster c;
  const ObjectPtr o = c.create("configmaps", map)->object;
  const auto d = o->document();
  EXPECT_EQ(d->root.at("data.k")->str(), "v");
  EXPECT_FALSE(o->body["metadata"]["managedFields"].is_null());
  EXPECT_EQ(d->root.at("metadata.managedFields"), nullptr);
  EXPECT_EQ(d->root.at("metadata.name")->span.file_name(), "ConfigMap default/a");
  EXPECT_EQ(o->document(), d);
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
