#include "engine/kubernetes/cluster/api_test.h"

#include <gtest/gtest.h>

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Answered;
using testing::ApiWorld;

constexpr const char* config_maps = "/api/v1/namespaces/default/configmaps";

TEST(ApiRequest, PathsOfResources) {
  const auto shown = [](std::string_view path) -> std::string {
    const auto p = parse_resource_path(path);
    if (!p) return "none";
    return p->group + "|" + p->version + "|" + p->ns + "|" + p->plural + "|" + p->name + "|" +
           p->sub + (p->rest.empty() ? "" : "|" + p->rest) + (p->watch ? "|watch" : "");
  };
  EXPECT_EQ(shown("/api/v1/pods"), "|v1||pods||");
  EXPECT_EQ(shown("/api/v1/namespaces"), "|v1||namespaces||");
  EXPECT_EQ(shown("/api/v1/namespaces/a"), "|v1||namespaces|a|");
  EXPECT_EQ(shown("/api/v1/namespaces/a/status"), "|v1||namespaces|a|status");
  EXPECT_EQ(shown("/api/v1/namespaces/a/finalize"), "|v1||namespaces|a|finalize");
  EXPECT_EQ(shown("/api/v1/namespaces/a/pods/p/log"), "|v1|a|pods|p|log");
  EXPECT_EQ(shown("/apis/apps/v1/namespaces/a/deployments"), "apps|v1|a|deployments||");
  EXPECT_EQ(shown("/apis/apps/v1/watch/namespaces/a/deployments/d"),
            "apps|v1|a|deployments|d||watch");
  EXPECT_EQ(shown("/api/v1/namespaces/a/pods/p/proxy/x/y"), "|v1|a|pods|p|proxy|x/y");
  EXPECT_EQ(shown("/api/v1"), "none");
  EXPECT_EQ(shown("/apis/apps/v1"), "none");
  EXPECT_EQ(shown("/"), "none");
}

TEST(ApiRequest, AcceptIsReadInItsOrder) {
  const auto shown = [](std::string_view accept) -> std::string {
    const auto form = negotiate(accept);
    if (!form) return "none";
    constexpr std::string_view kinds[] = {"object", "table", "metadata", "discovery"};
    return std::string(kinds[form->kind]) + " " + form->version + (form->yaml ? " yaml" : "");
  };
  EXPECT_EQ(shown(""), "object v1");
  EXPECT_EQ(shown("*/*"), "object v1");
  EXPECT_EQ(shown("application/vnd.kubernetes.protobuf, */*"), "object v1");
  EXPECT_EQ(shown("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"), "table v1");
  EXPECT_EQ(shown("application/json;as=Table;g=meta.k8s.io;v=v1beta1"), "table v1beta1");
  EXPECT_EQ(shown("application/json;as=Nonsense,application/json"), "object v1");
  EXPECT_EQ(shown("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1"),
            "metadata v1");
  EXPECT_EQ(shown("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
            "discovery v2");
  EXPECT_EQ(shown("application/json;v=v9;as=APIGroupDiscoveryList,application/json"), "object v1");
  EXPECT_EQ(shown("application/yaml"), "object v1 yaml");
  EXPECT_EQ(shown("text/html"), "none");
  std::string many;
  for (size_t i = 0; i < accept_clauses_max; ++i) many += "text/html,";
  EXPECT_EQ(shown(many + "application/json"), "none");
  EXPECT_EQ(shown(many.substr(10) + "application/json"), "object v1");
}

TEST(Api, TellsWhatItServes) {
  ApiWorld w;
  EXPECT_EQ(w.get("/api").json["kind"].str(), "APIVersions");
  EXPECT_EQ(w.get("/apis").json["kind"].str(), "APIGroupList");
  EXPECT_EQ(w.get("/apis/apps").json["preferredVersion"]["groupVersion"].str(), "apps/v1");
  const Json pods = w.get("/api/v1").json;
  bool log = false;
  for (const Json& r : pods["resources"].items()) log |= r["name"].str() == "pods/log";
  EXPECT_TRUE(log);
  const Answered all =
      w.get("/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(all.json["kind"].str(), "APIGroupDiscoveryList");
  EXPECT_EQ(all.type, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(w.get("/healthz").text, "ok");
  EXPECT_EQ(w.get("/version").json["major"].str(), "1");
  EXPECT_EQ(w.get("/apis/nobody.test").status, 404);
  EXPECT_EQ(w.get("/apis/nobody.test/v1").status, 404);
  EXPECT_EQ(w.get("/nowhere").status, 404);
  EXPECT_EQ(w.get("/api", "text/html").status, 406);
}

TEST(Api, AnObjectsLife) {
  ApiWorld w;
  const Answered made = w.ask("POST", config_maps, R"({"metadata":{"name":"a"},"data":{"x":"1"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.json["kind"].str(), "ConfigMap");
  EXPECT_EQ(w.ask("POST", config_maps, R"({"metadata":{"name":"a"}})").json["reason"].str(),
            "AlreadyExists");
  const std::string one = std::string(config_maps) + "/a";
  EXPECT_EQ(w.ask("PATCH", one, R"({"data":{"y":"2"}})",
                  {{"Content-Type", "application/merge-patch+json"}})
                .json["data"]
                .size(),
            2u);
  EXPECT_EQ(w.ask("PATCH", one, "data: {z: '3'}\nkind: ConfigMap\napiVersion: v1\n",
                  {{"Content-Type", "application/apply-patch+yaml"}})
                .status,
            422);  // who applies has a name
  EXPECT_EQ(
      w.ask("PATCH", one + "?fieldManager=me", "data: {z: '3'}\nkind: ConfigMap\napiVersion: v1\n",
            {{"Content-Type", "application/apply-patch+yaml"}})
          .json["data"]["z"]
          .str(),
      "3");
  EXPECT_EQ(w.ask("PATCH", one, "{}", {{"Content-Type", "text/plain"}}).status, 415);
  Json stale = made.json;
  EXPECT_EQ(w.ask("PUT", one, to_text(stale)).json["reason"].str(), "Conflict");
  EXPECT_EQ(w.get(one, "application/yaml").type, "application/yaml");
  EXPECT_EQ(w.get(config_maps).json["items"].size(), 1u);
  EXPECT_EQ(w.ask("PUT", config_maps, "{}").status, 405);
  EXPECT_EQ(w.ask("DELETE", one).json["status"].str(), "Success");
  EXPECT_EQ(w.get(one).json["reason"].str(), "NotFound");
  EXPECT_EQ(w.get("/api/v1/namespaces/default/nonsense").status, 404);
  EXPECT_EQ(w.get("/api/v1/namespaces/default/nodes").status, 404);
}

TEST(Api, TrialsAndUnknownFields) {
  ApiWorld w;
  EXPECT_EQ(w.ask("POST", std::string(config_maps) + "?dryRun=All", R"({"metadata":{"name":"a"}})")
                .status,
            201);
  EXPECT_EQ(w.get(std::string(config_maps) + "/a").status, 404);
  EXPECT_EQ(w.ask("POST", std::string(config_maps) + "?dryRun=Some", "{}").status, 400);
  EXPECT_EQ(w.ask("POST", std::string(config_maps) + "?fieldValidation=Loud", "{}").status, 400);
  EXPECT_EQ(w.ask("POST", config_maps, "{").status, 400);
  EXPECT_EQ(w.ask("POST", config_maps, std::string(api_body_bytes_max + 1, ' ')).status, 413);
  EXPECT_EQ(w.ask("POST", config_maps, std::string(api_body_bytes_max, ' ')).status, 400);
}

TEST(Api, FieldsThatNobodyKnows) {
  ApiWorld w;
  const char* deployments = "/apis/apps/v1/namespaces/default/deployments";
  const std::string body =
      R"({"metadata":{"name":"d","lables":{}},"spec":{"replicaz":2,"selector":{"matchLabels":{"a":"b"}},
      "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","imagee":"i"}],
      "volumes":[{"name":"v","emptyDir":{}}]}}}})";
  const Answered strict = w.ask("POST", std::string(deployments) + "?fieldValidation=Strict", body);
  EXPECT_EQ(strict.status, 400);
  for (const char* path :
       {"metadata.lables", "spec.replicaz", "spec.template.spec.containers[0].imagee"}) {
    EXPECT_NE(strict.text.find(std::string("unknown field \\\"") + path), std::string::npos)
        << path;
  }
  EXPECT_EQ(
      w.ask("POST", std::string(deployments) + "?fieldValidation=Ignore&dryRun=All", body).status,
      201);
  EXPECT_TRUE(w.warnings.empty());
  const Answered made = w.ask("POST", deployments, body);
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(w.warnings.size(), 3u);
  EXPECT_EQ(made.json["spec"].find("replicaz"), nullptr);
  EXPECT_EQ(made.json.at("spec.template.spec.volumes").size(), 1u);
  const Answered patched =
      w.ask("PATCH", std::string(deployments) + "/d?fieldValidation=Strict",
            R"({"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"}]}}}})",
            {{"Content-Type", "application/strategic-merge-patch+json"}});
  EXPECT_EQ(patched.status, 200) << patched.text;
}

TEST(Api, TablesForKubectl) {
  ApiWorld w;
  w.ask("POST", config_maps, R"({"metadata":{"name":"a"},"data":{"x":"1"}})");
  w.world.clock.advance(std::chrono::minutes(3));
  const Json table =
      w.get(config_maps, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").json;
  EXPECT_EQ(table["kind"].str(), "Table");
  EXPECT_EQ(to_text(table["rows"].items()[0]["cells"]), R"(["a","1","3m"])");
  EXPECT_EQ(table["rows"].items()[0]["object"]["kind"].str(), "PartialObjectMetadata");
  const Json bare = w.get(std::string(config_maps) + "?includeObject=None",
                          "application/json;as=Table;v=v1;g=meta.k8s.io")
                        .json;
  EXPECT_EQ(bare["rows"].items()[0].find("object"), nullptr);
  const Json metadata =
      w.get(config_maps, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io").json;
  EXPECT_EQ(metadata["kind"].str(), "PartialObjectMetadataList");
  EXPECT_EQ(metadata["items"].items()[0].find("data"), nullptr);
}

TEST(Api, WhoMayAsk) {
  ApiOptions options;
  options.authenticates = true;
  options.token = "sesame";
  ApiWorld w(options);
  EXPECT_EQ(w.get("/api").json["reason"].str(), "Unauthorized");
  EXPECT_EQ(w.get("/healthz").status, 200);
  EXPECT_EQ(w.ask("GET", "/api", {}, {{"Authorization", "Bearer sesame"}}).status, 200);
  EXPECT_EQ(w.ask("GET", "/api", {}, {{"Authorization", "Bearer sesam"}}).status, 401);
  EXPECT_EQ(w.ask("GET", "/api", {}, {{"Authorization", "Basic sesame"}}).status, 401);
  const Answered review = w.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                                R"({"spec":{}})", {{"Authorization", "Bearer sesame"}});
  EXPECT_EQ(review.status, 201);
  EXPECT_TRUE(review.json["status"]["allowed"].boolean());
  const auto token = [&](const char* text) {
    return w
        .ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews",
             std::string(R"({"spec":{"token":")") + text + "\"}}",
             {{"Authorization", "Bearer sesame"}})
        .json["status"]["authenticated"]
        .boolean();
  };
  EXPECT_TRUE(token("sesame"));
  EXPECT_FALSE(token("other"));
}

TEST(Api, LogsComeFromTheNodesAgent) {
  ApiWorld w;
  const char* pods = "/api/v1/namespaces/default/pods";
  w.ask("POST", pods,
        R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"}]}})");
  EXPECT_EQ(w.get(std::string(pods) + "/p/log").text, "");
  EXPECT_EQ(w.get(std::string(pods) + "/q/log").status, 404);
  EXPECT_EQ(w.origin.asked, "");
  w.ask("POST", "/api/v1/nodes",
        R"({"metadata":{"name":"n"},"status":{"conditions":[{"type":"Ready","status":"True"}],
            "addresses":[{"type":"InternalIP","address":"127.0.0.9"}],
            "daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}})");
  w.ask("PUT", "/api/v1/nodes/n/status",
        R"({"metadata":{"name":"n"},"status":{"conditions":[{"type":"Ready","status":"True"}],
            "addresses":[{"type":"InternalIP","address":"127.0.0.9"}],
            "daemonEndpoints":{"kubeletEndpoint":{"Port":10250}}}})");
  w.ask("POST", pods,
        R"({"metadata":{"name":"two"},
            "spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}})");
  EXPECT_EQ(w.get(std::string(pods) + "/two/log").status, 400);
  EXPECT_EQ(w.get(std::string(pods) + "/two/log?container=c").status, 400);
  const Answered log =
      w.get(std::string(pods) + "/two/log?container=b&sinceTime=2026-01-02T03%3A04%3A05Z&x=1");
  EXPECT_EQ(log.text, "a line\n");
  EXPECT_EQ(
      w.origin.asked,
      "http://127.0.0.9:10250/containerLogs/default/two/b?sinceTime=2026-01-02T03%3A04%3A05Z");
  // Nobody checks what a container is called: its name is one segment of the path all the same.
  const char* odd = "c HTTP/1.1\r\nX: /y";
  Json pod = *parse_json(R"({"metadata":{"name":"odd"},"spec":{"containers":[{"image":"i"}]}})");
  pod.member("spec").member("containers").item(0).set("name", Json(odd));
  if (w.ask("POST", pods, to_text(pod)).status == 201) {
    (void)w.get(std::string(pods) + "/odd/log");
    EXPECT_EQ(w.origin.asked.find_first_of(" \r\n"), std::string::npos) << w.origin.asked;
  }
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
