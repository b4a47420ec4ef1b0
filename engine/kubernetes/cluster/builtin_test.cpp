#include "engine/kubernetes/cluster/builtin.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

TEST(Builtin, ANamespaceIsActiveAndLabelled) {
  Cluster c;
  const Json& body = c.create("namespaces", R"({"metadata":{"name":"n"}})")->object->body;
  EXPECT_EQ(body.at("status.phase").str(), "Active");
  EXPECT_EQ(body.at("metadata.labels")["kubernetes.io/metadata.name"].str(), "n");
  EXPECT_NE(
      outcome(c.create("namespaces", R"({"metadata":{"name":"a.b"}})")).find("RFC 1123 label"),
      std::string::npos);
}

TEST(Builtin, AServiceHasAnAddressAndItsPortsTheirDefaults) {
  Cluster c;
  const auto service = [&c](const char* spec) {
    return c.create("services",
                    std::string(R"({"metadata":{"generateName":"s-"},"spec":)") + spec + "}");
  };
  const auto made = service(R"({"ports":[{"port":80}]})");
  ASSERT_EQ(outcome(made), "ok");
  const Json& spec = made->object->body["spec"];
  EXPECT_EQ(spec["clusterIP"].str(), "127.101.0.1");
  EXPECT_EQ(spec["clusterIPs"].items()[0].str(), "127.101.0.1");
  EXPECT_EQ(spec["ports"].items()[0]["protocol"].str(), "TCP");
  EXPECT_EQ(spec["ports"].items()[0]["targetPort"].integer(), 80);
  EXPECT_EQ(service(R"({"ports":[{"port":80}]})")->object->body.at("spec.clusterIP").str(),
            "127.101.0.2");
  EXPECT_EQ(service(R"({"clusterIP":"None"})")->object->body.at("spec.clusterIP").str(), "None");
  EXPECT_TRUE(service(R"({"type":"ExternalName","externalName":"a.b"})")
                  ->object->body.at("spec.clusterIP")
                  .is_null());
  EXPECT_NE(outcome(service("{}")).find("spec.ports: Required value"), std::string::npos);
  EXPECT_NE(outcome(service(R"({"ports":[{"port":1},{"port":2}]})"))
                .find("spec.ports[0].name: Required value"),
            std::string::npos);
  EXPECT_NE(outcome(service(R"({"ports":[{"port":70000}]})")).find("less than or equal to 65535"),
            std::string::npos);
  EXPECT_EQ(service(R"({"ports":[{"port":"x"}]})").error().code, 400);
  EXPECT_NE(
      outcome(service(R"({"type":"Foo","ports":[{"port":1}]})")).find("Unsupported value: \"Foo\""),
      std::string::npos);
  const Target at = c.at("services", made->object->name);
  EXPECT_NE(outcome(c.store.patch(at, Patch::merge, json(R"({"spec":{"clusterIP":"127.101.9.9"}})"),
                                  c.by))
                .find("spec.clusterIP: Invalid value: \"127.101.9.9\": field is immutable"),
            std::string::npos);
  ASSERT_TRUE(c.store.remove(at));
}

TEST(Builtin, SecretsTakePlainTextAndStayAsTheyAre) {
  Cluster c;
  const auto made = c.create("secrets", R"({"metadata":{"name":"s"},"stringData":{"a":"hello"},
      "data":{"b":"eA=="},"immutable":true})");
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_EQ(to_text(made->object->body["data"]), R"({"a":"aGVsbG8=","b":"eA=="})");
  EXPECT_EQ(made->object->body.find("stringData"), nullptr);
  EXPECT_EQ(made->object->body["type"].str(), "Opaque");
  const auto patch = [&c](const char* p) {
    return outcome(c.store.patch(c.at("secrets", "s"), Patch::merge, json(p), c.by));
  };
  EXPECT_NE(patch(R"({"data":{"a":"eA=="}})").find("field is immutable when `immutable` is set"),
            std::string::npos);
  EXPECT_NE(patch(R"({"type":"x"})").find("type: Invalid value: \"x\": field is immutable"),
            std::string::npos);
  EXPECT_EQ(c.create("secrets", R"({"metadata":{"name":"t"},"data":{"a":"!"}})").error().code, 422);
  EXPECT_EQ(c.create("secrets", R"({"metadata":{"name":"t"},"data":{"a/b":""}})").error().code,
            422);
  EXPECT_EQ(c.create("secrets", R"({"metadata":{"name":"t"},"data":{"a":5}})").error().code, 400);
}

TEST(Builtin, ASelectorPicksItsTemplateAndStays) {
  Cluster c;
  const auto deployment = [](const char* selector, const char* labels) {
    return std::string(R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":)") +
           selector + R"(},"template":{"metadata":{"labels":)" + labels +
           R"(},"spec":{"containers":[{"name":"c","image":"x:latest"},{"name":"d","image":"r:5000/x:1"}]}}}})";
  };
  EXPECT_NE(outcome(c.create("deployments.apps", deployment(R"({"a":"1"})", R"({"a":"2"})")))
                .find("`selector` does not match template `labels`"),
            std::string::npos);
  EXPECT_NE(outcome(c.create("deployments.apps", deployment("{}", "{}"))).find("empty selector"),
            std::string::npos);
  const auto made = c.create("deployments.apps", deployment(R"({"a":"1"})", R"({"a":"1"})"));
  ASSERT_EQ(outcome(made), "ok");
  const Json& spec = made->object->body["spec"];
  EXPECT_EQ(spec["replicas"].integer(), 1);
  EXPECT_EQ(spec.at("strategy.rollingUpdate.maxSurge").str(), "25%");
  EXPECT_EQ(spec.at("template.spec.restartPolicy").str(), "Always");
  EXPECT_EQ(spec.at("template.spec.containers").items()[0]["imagePullPolicy"].str(), "Always");
  EXPECT_EQ(spec.at("template.spec.containers").items()[1]["imagePullPolicy"].str(),
            "IfNotPresent");
  EXPECT_NE(outcome(c.store.patch(c.at("deployments.apps", "d"), Patch::merge,
                                  json(R"({"spec":{"selector":{"matchLabels":{"b":"1"}},
                                  "template":{"metadata":{"labels":{"b":"1"}}}}})"),
                                  c.by))
                .find("field is immutable"),
            std::string::npos);
}

TEST(Builtin, NullsAreAbsent) {
  Cluster c;
  const auto made =
      c.create("configmaps",
               R"({"metadata":{"name":"a","creationTimestamp":null,"labels":null},"data":null})");
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_EQ(made->object->body.find("data"), nullptr);
}

TEST(Builtin, LabelsAndAnnotationsAreChecked) {
  Cluster c;
  const auto meta = [&c](const std::string& more) {
    return outcome(c.create("configmaps", R"({"metadata":{"generateName":"a-",)" + more + "}}"));
  };
  EXPECT_NE(meta(R"("labels":{"a b":"c"})").find("metadata.labels: Invalid value: \"a b\""),
            std::string::npos);
  EXPECT_NE(meta(R"("labels":{"a":"b c"})").find("a valid label must be an empty string"),
            std::string::npos);
  EXPECT_NE(meta("\"labels\":{\"a\":\"" + std::string(64, 'x') + "\"}").find("no more than 63"),
            std::string::npos);
  EXPECT_EQ(meta("\"labels\":{\"a\":\"" + std::string(63, 'x') + "\"}"), "ok");
  EXPECT_EQ(meta(R"("labels":{"a":5})").substr(0, 14), "400 BadRequest");
  const size_t limit = StoreLimits().annotation_bytes_max;
  EXPECT_EQ(meta("\"annotations\":{\"a\":\"" + std::string(limit - 1, 'x') + "\"}"), "ok");
  EXPECT_NE(meta("\"annotations\":{\"a\":\"" + std::string(limit, 'x') + "\"}").find("Too long"),
            std::string::npos);
  EXPECT_NE(meta(R"("ownerReferences":[{"kind":"x"}])").find("uid must not be empty"),
            std::string::npos);
}

TEST(Builtin, ANodeIsCreatedWithItsStatus) {
  Cluster c;
  const auto made = c.create("nodes", R"({"metadata":{"name":"n"},
      "status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}})");
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_FALSE(made->object->body.at("status.addresses").is_null());
  // From then on it has its own way, as everything else from the beginning.
  const auto later = c.store.patch(c.at("nodes", "n"), Patch::merge,
                                   json(R"({"status":{"addresses":null}})"), c.by);
  ASSERT_EQ(outcome(later), "ok");
  EXPECT_FALSE(later->object->body.at("status.addresses").is_null());
  const char* service =
      R"({"metadata":{"name":"s"},"spec":{"ports":[{"port":1}]},"status":{"x":1}})";
  EXPECT_TRUE(c.create("services", service)->object->body.at("status.x").is_null());
}

TEST(Builtin, SomeKindsAreCreatedByAnUpdate) {
  Cluster c;
  EXPECT_TRUE(c.store
                  .update(c.at("leases.coordination.k8s.io", "l"),
                          json(R"({"metadata":{"name":"l"},"spec":{}})"), c.by)
                  ->created);
  EXPECT_EQ(c.store.update(c.at("configmaps", "l"), json(R"({"metadata":{"name":"l"}})"), c.by)
                .error()
                .code,
            404);
}

TEST(Registry, EveryBuiltInKindTakesAnObject) {
  Cluster c;
  size_t kinds = 0;
  for (const auto& [key, type] : c.store.registry().all()) {
    ++kinds;
    ASSERT_NE(type->preferred(), nullptr);
    ASSERT_NE(type->storage().schema, nullptr);
    EXPECT_EQ(c.store.registry().find_kind(type->group, type->kind), type);
    const Target at{type, type->preferred()->name, type->namespaced ? "default" : "", ""};
    const auto made = c.store.create(at, json(R"({"metadata":{"generateName":"x-"}})"), c.by);
    EXPECT_TRUE(made || made.error().code == 422) << type->qualified() << " " << outcome(made);
  }
  EXPECT_GT(kinds, 35u);
  EXPECT_EQ(c.store.registry().groups().front(), "");
}

TEST(Registry, SharesWhatIsBuiltInAndNothingElse) {
  Registry a, b;
  EXPECT_EQ(a.find_kind("", "Pod"), b.find_kind("", "Pod"));
  auto own = std::make_shared<ResourceType>(*a.find_kind("", "Pod"));
  own->group = "example.com";
  a.put(own);
  EXPECT_EQ(a.find_kind("example.com", "Pod"), own);
  EXPECT_EQ(b.find_kind("example.com", "Pod"), nullptr);
  a.remove("", "pods");
  EXPECT_EQ(a.find_kind("", "Pod"), nullptr);
  EXPECT_NE(b.find_kind("", "Pod"), nullptr);
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
