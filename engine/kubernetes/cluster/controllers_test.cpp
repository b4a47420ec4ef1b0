#include "engine/kubernetes/cluster/controllers.h"

#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;
using testing::outcome;

struct Running : Cluster {
  explicit Running(ControllerOptions options = {}) : controllers(store, clock, random, options) {}
  Controllers controllers;

  std::vector<ObjectPtr> pods() const { return store.all(*at("pods").type); }
  std::vector<ObjectPtr> slices() const {
    return store.all(*at("endpointslices.discovery.k8s.io").type);
  }
  Reply<Written> deploy(int replicas, const std::string& more = "",
                        const std::string& strategy = "") {
    return create("deployments.apps",
                  R"({"metadata":{"name":"web"},"spec":{)" + strategy + R"("replicas":)" +
                      std::to_string(replicas) +
                      R"(,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":
                      {"app":"web"}},"spec":{"containers":[{"name":"c","image":"echo:1","ports":[
                      {"name":"http","containerPort":3000}]}])" +
                      more + "}}}}");
  }
  Reply<Written> change(const char* resource, const char* name, const char* patch,
                        Sub sub = Sub::none) {
    return store.patch(at(resource, name, sub), Patch::merge, json(patch), by);
  }
  Reply<Written> node() {
    const auto made = create("nodes", R"({"metadata":{"name":"n"}})");
    return change("nodes", "n", R"({"status":{"conditions":[{"type":"Ready","status":"True"}],
        "addresses":[{"type":"InternalIP","address":"127.0.0.9"}],
        "daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}})",
                  Sub::status);
  }
};

TEST(Controllers, ADeploymentHasPodsThatRunWhenTheWriteReturns) {
  Running c;
  const auto made = c.deploy(3);
  ASSERT_EQ(outcome(made), "ok");
  const Json& status = made->object->body["status"];
  EXPECT_EQ(status["readyReplicas"].integer(), 3);
  EXPECT_EQ(status["observedGeneration"].integer(), 1);
  EXPECT_EQ(status["conditions"].items()[0]["type"].str(), "Available");
  EXPECT_EQ(status["conditions"].items()[0]["status"].str(), "True");
  EXPECT_EQ(status["conditions"].items()[1]["reason"].str(), "NewReplicaSetAvailable");
  ASSERT_EQ(c.pods().size(), 3u);
  for (const ObjectPtr& p : c.pods()) {
    // web-<hash>-<hash>, no dash inside the hashes
    const auto parts = text::split(p->name, '-');
    ASSERT_EQ(parts.size(), 3u) << p->name;
    EXPECT_EQ(parts[2].size(), 5u);
    EXPECT_EQ(p->body.at("status.phase").str(), "Running");
    EXPECT_TRUE(p->body.at("status.podIP").str().starts_with("127.102."));
    EXPECT_EQ(p->body.at("spec.nodeName").str(), "simulated");
    EXPECT_TRUE(pod_ready(p->body));
    EXPECT_EQ(p->body.at("metadata.labels.app").str(), "web");
  }
}

TEST(Controllers, ScalesUpAndDown) {
  Running c;
  ASSERT_TRUE(c.deploy(1));
  ASSERT_EQ(outcome(c.store.patch(c.at("deployments.apps", "web", Sub::scale), Patch::merge,
                                  json(R"({"spec":{"replicas":4}})"), c.by)),
            "ok");
  EXPECT_EQ(c.pods().size(), 4u);
  const auto scale = c.store.get_scale(c.at("deployments.apps", "web"));
  ASSERT_TRUE(scale);
  EXPECT_EQ(scale->at("status.replicas").integer(), 4);
  EXPECT_EQ(scale->at("status.selector").str(), "app=web");
  ASSERT_TRUE(c.change("deployments.apps", "web", R"({"spec":{"replicas":0}})"));
  EXPECT_EQ(c.pods().size(), 0u);
}

TEST(Controllers, ANewTemplateReplacesThePods) {
  for (const char* strategy : {"", R"("strategy":{"type":"Recreate"},)"}) {
    Running c;
    ASSERT_EQ(outcome(c.deploy(2, "", strategy)), "ok");
    const std::string before = c.pods()[0]->name;
    ASSERT_TRUE(c.change("deployments.apps", "web",
                         R"({"spec":{"template":{"metadata":{"labels":{"v":"2"}}}}})"));
    ASSERT_EQ(c.pods().size(), 2u) << strategy;
    EXPECT_NE(c.pods()[0]->name.substr(0, 14), before.substr(0, 14));
    EXPECT_EQ(c.store.count(*c.at("replicasets.apps").type), 2u);
    const ObjectPtr d = c.find("deployments.apps", "web");
    EXPECT_EQ(d->body.at("status.updatedReplicas").integer(), 2);
    EXPECT_EQ(d->body.at("metadata.annotations")["deployment.kubernetes.io/revision"].str(), "2");
  }
}

TEST(Controllers, DeletingADeploymentTakesItsPodsAndEndpoints) {
  Running c;
  ASSERT_TRUE(c.deploy(2));
  ASSERT_EQ(
      outcome(c.create("services", R"({"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},
      "ports":[{"name":"h","port":80,"targetPort":"http","appProtocol":"kubernetes.io/h2c"}]}})")),
      "ok");
  ASSERT_EQ(c.slices().size(), 1u);
  const Json& slice = c.slices()[0]->body;
  EXPECT_EQ(slice["endpoints"].size(), 2u);
  EXPECT_EQ(slice["ports"].items()[0]["port"].integer(), 3000);
  EXPECT_EQ(slice["ports"].items()[0]["name"].str(), "h");
  EXPECT_EQ(slice["ports"].items()[0]["appProtocol"].str(), "kubernetes.io/h2c");
  EXPECT_EQ(slice.at("metadata.labels")["kubernetes.io/service-name"].str(), "web");
  EXPECT_EQ(c.find("endpoints", "web")->body["subsets"].items()[0]["addresses"].size(), 2u);
  ASSERT_TRUE(c.store.remove(c.at("deployments.apps", "web")));
  EXPECT_EQ(c.pods().size(), 0u);
  EXPECT_EQ(c.store.count(*c.at("replicasets.apps").type), 0u);
  EXPECT_EQ(c.slices()[0]->body["endpoints"].size(), 0u);
  ASSERT_TRUE(c.store.remove(c.at("services", "web")));
  EXPECT_EQ(c.slices().size(), 0u);
  EXPECT_EQ(c.find("endpoints", "web"), nullptr);
}

TEST(Controllers, HeadlessServicesHaveSlicesAndSelectorlessOnesKeepTheirs) {
  Running c;
  ASSERT_TRUE(c.deploy(1));
  ASSERT_EQ(outcome(c.create("services", R"({"metadata":{"name":"h"},"spec":{"clusterIP":"None",
      "selector":{"app":"web"},"ports":[{"port":80,"targetPort":3000}]}})")),
            "ok");
  ASSERT_EQ(c.slices().size(), 1u);
  ASSERT_EQ(outcome(c.create("services", R"({"metadata":{"name":"own"},
      "spec":{"ports":[{"port":80}]}})")),
            "ok");
  ASSERT_EQ(outcome(c.create("endpointslices.discovery.k8s.io", R"({"metadata":{"name":"own-1",
      "labels":{"kubernetes.io/service-name":"own"}},"addressType":"IPv4",
      "endpoints":[{"addresses":["127.0.0.1"]}],"ports":[{"port":1}]})")),
            "ok");
  ASSERT_TRUE(c.change("deployments.apps", "web", R"({"spec":{"replicas":3}})"));
  EXPECT_EQ(c.find("endpointslices.discovery.k8s.io", "own-1")->body["endpoints"].size(), 1u);
  EXPECT_EQ(c.slices().size(), 2u);
}

TEST(Controllers, PodsWithDifferentNumbersForAPortNameStandInDifferentSlices) {
  Running c;
  const auto pod = [&c](const char* name, int port) {
    return c.create("pods",
                    std::string(R"({"metadata":{"name":")") + name +
                        R"(","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","ports":
                                [{"name":"http","containerPort":)" +
                        std::to_string(port) + "}]}]}}");
  };
  ASSERT_EQ(outcome(pod("a", 1000)), "ok");
  ASSERT_EQ(outcome(pod("b", 2000)), "ok");
  ASSERT_TRUE(c.create("services", R"({"metadata":{"name":"s"},"spec":{"selector":{"app":"web"},
      "ports":[{"port":80,"targetPort":"http"}]}})"));
  ASSERT_EQ(c.slices().size(), 2u);
  EXPECT_NE(c.slices()[0]->body["ports"].items()[0]["port"],
            c.slices()[1]->body["ports"].items()[0]["port"]);
}

TEST(Controllers, SlicesHoldSoManyEndpoints) {
  ControllerOptions options;
  options.endpoints_per_slice_max = 2;
  Running c(options);
  ASSERT_TRUE(c.deploy(5));
  ASSERT_TRUE(c.create("services", R"({"metadata":{"name":"s"},"spec":{"selector":{"app":"web"},
      "ports":[{"port":80}]}})"));
  EXPECT_EQ(c.slices().size(), 3u);
  ASSERT_TRUE(c.change("deployments.apps", "web", R"({"spec":{"replicas":2}})"));
  EXPECT_EQ(c.slices().size(), 1u);
}

TEST(Controllers, AReplicaSetHasSoManyPodsAndSaysSo) {
  ControllerOptions options;
  options.pods_per_set_max = 2;
  Running c(options);
  ASSERT_TRUE(c.deploy(2));
  const auto set = [&c] { return c.store.all(*c.at("replicasets.apps").type)[0]; };
  EXPECT_TRUE(set()->body.at("status.conditions").is_null());
  ASSERT_TRUE(c.change("deployments.apps", "web", R"({"spec":{"replicas":2147483647}})"));
  EXPECT_EQ(c.pods().size(), 2u);
  EXPECT_EQ(set()->body.at("status.conditions").items()[0]["type"].str(), "ReplicaFailure");
}

TEST(Controllers, PodsWaitForTheirSecret) {
  Running c;
  const auto made = c.deploy(1, R"(,"volumes":[{"name":"v","secret":{"secretName":"tls"}}])");
  ASSERT_EQ(outcome(made), "ok");
  EXPECT_EQ(c.pods()[0]->body.at("status.phase").str(), "Pending");
  EXPECT_EQ(made->object->body.at("status.readyReplicas").integer(), 0);
  ASSERT_TRUE(c.create("secrets", R"({"metadata":{"name":"tls"}})"));
  EXPECT_TRUE(pod_ready(c.pods()[0]->body));
  EXPECT_EQ(c.find("deployments.apps", "web")->body.at("status.readyReplicas").integer(), 1);
}

TEST(Controllers, PodsOfANodeWaitForItsAgent) {
  Running c;
  ASSERT_EQ(outcome(c.node()), "ok");
  ASSERT_TRUE(c.deploy(1));
  ASSERT_TRUE(c.create("services", R"({"metadata":{"name":"s"},"spec":{"selector":{"app":"web"},
      "ports":[{"port":80}]}})"));
  const ObjectPtr pod = c.pods()[0];
  EXPECT_EQ(pod->body.at("spec.nodeName").str(), "n");
  EXPECT_EQ(pod->body.at("status.phase").str(), "Pending");
  EXPECT_EQ(pod->body.at("status.hostIP").str(), "127.0.0.9");
  EXPECT_FALSE(pod->body.at("status.podIP").str().empty());
  EXPECT_FALSE(c.slices()[0]->body["endpoints"].items()[0].at("conditions.ready").boolean());
  ASSERT_EQ(outcome(c.change("pods", pod->name.c_str(), R"({"status":{"phase":"Running",
      "conditions":[{"type":"Ready","status":"True"}]}})",
                             Sub::status)),
            "ok");
  EXPECT_TRUE(c.slices()[0]->body["endpoints"].items()[0].at("conditions.ready").boolean());
  EXPECT_EQ(c.find("deployments.apps", "web")->body.at("status.readyReplicas").integer(), 1);
  const auto kubelet = Controllers::kubelet_of(c.store, "n");
  ASSERT_TRUE(kubelet);
  EXPECT_EQ(kubelet->address, "127.0.0.9");
  EXPECT_EQ(kubelet->port, 10250);
}

TEST(Controllers, AddressesComeBack) {
  Running c;
  ASSERT_TRUE(c.deploy(1));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(c.change("deployments.apps", "web", R"({"spec":{"replicas":20}})"));
    std::set<std::string> ips;
    for (const ObjectPtr& p : c.pods()) ips.emplace(p->body.at("status.podIP").str());
    EXPECT_EQ(ips.size(), 20u);
    ASSERT_TRUE(c.change("deployments.apps", "web", R"({"spec":{"replicas":1}})"));
  }
}

TEST(Controllers, LoadBalancersHaveAnAddress) {
  Running c;
  const auto made = c.create("services", R"({"metadata":{"name":"lb"},"spec":{"type":"LoadBalancer",
      "ports":[{"port":80}]}})");
  ASSERT_EQ(outcome(made), "ok");
  const Json& body = made->object->body;
  EXPECT_EQ(body.at("status.loadBalancer.ingress").items()[0]["ip"], body.at("spec.clusterIP"));
  EXPECT_EQ(body.at("spec.ports").items()[0]["nodePort"].integer(), 30000);
  ASSERT_TRUE(c.change("services", "lb", R"({"spec":{"type":"ClusterIP"}})"));
  EXPECT_EQ(c.find("services", "lb")->body.at("status.loadBalancer.ingress").size(), 0u);
  EXPECT_TRUE(c.find("services", "lb")->body.at("spec.ports").items()[0]["nodePort"].is_null());
}

TEST(AddressPool, GivesEachAddressOnce) {
  AddressPool pool("127.101");
  EXPECT_EQ(*pool.next(), "127.101.0.1");
  EXPECT_TRUE(pool.take("127.101.0.1"));
  EXPECT_FALSE(pool.take("127.101.0.1"));
  EXPECT_FALSE(pool.take("127.10.1.0"));
  size_t n = 1;
  while (const auto ip = pool.next()) n += pool.take(*ip);
  EXPECT_EQ(n, 256u * 254);
  pool.release("127.101.7.7");
  EXPECT_EQ(*pool.next(), "127.101.7.7");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
