#include "engine/kubernetes/objects.h"

#include <gtest/gtest.h>

#include "engine/kubernetes/testing_types.h"

namespace gateproof::kubernetes {
namespace {

using testing::Translated;

TEST(Shapes, EveryKindsShapeCanBeRead) {
  for (const KindInfo& k : kinds()) {
    EXPECT_NE(parse_shape(k.shape), nullptr) << k.kind << ": " << k.shape;
    EXPECT_FALSE(k.versions.empty());
  }
}

TEST(Shapes, TextsThatAreNone) {
  for (const char* text : {"a", "a:", "a:x", "a:[s", "a:{b:s", "a:s}", ":s", "a!s", "a:[]",
                           "a:[16s]", "a:[16 ]", "a:[0 s]"}) {
    EXPECT_EQ(parse_shape(text), nullptr) << text;
  }
}

struct Row {
  const char* clause;
  const char* yaml;
  std::vector<std::string> found;  // GP0706@line: message
  size_t objects;                  // that an API server would hold
};

const Row rows[] = {
    {"no text, no object", "", {}, 0},
    {"a comment only", "# nothing\n---\n---\n", {}, 0},
    {"several documents, default namespace, cluster scope",
     "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: "
     "networking.k8s.io/v1\nkind: IngressClass\n"
     "metadata: {name: b}\n",
     {},
     2},
    {"JSON", R"({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})", {}, 1},
    {"kind: List holds any objects",
     "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n"
     "- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: []}}\n",
     {},
     2},
    {"a typed list gives its items their kind",
     "apiVersion: v1\nkind: SecretList\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]\n",
     {},
     2},
    {"no kind",
     "apiVersion: v1\nmetadata: {name: a}\n",
     {"GP0701@1: this document is no Kubernetes object: apiVersion or kind is missing"},
     0},
    {"kinds that are not read are kept",
     "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
     {},
     1},
    {"unknown kind of a known group",
     "apiVersion: traefik.io/v1alpha1\nkind: Middlewear\nmetadata: {name: a}\nspec: {}\n",
     {"GP0703@2: no matches for kind \"Middlewear\" in traefik.io"},
     0},
    {"kind in the wrong group",
     "apiVersion: v1\nkind: IngressRoute\nmetadata: {name: a}\nspec: {routes: []}\n",
     {"GP0703@2: IngressRoute is not a kind of the core group: the API server refuses the object"},
     0},
    {"group of Traefik v2",
     "apiVersion: traefik.containo.us/v1alpha1\nkind: IngressRouteX\nmetadata: {name: a}\n",
     {"GP0703@2: Traefik v3 does not read the group traefik.containo.us"},
     0},
    {"old version of Ingress",
     "apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: a}\n",
     {"GP0703@2: version v1beta1 of Ingress is not read"},
     0},
    {"name in capitals",
     "apiVersion: v1\nkind: Secret\nmetadata: {name: Users}\n",
     {"GP0704@3: metadata.name \"Users\" is not valid: the API server refuses the object"},
     0},
    {"no name",
     "apiVersion: v1\nkind: Secret\nmetadata: {}\n",
     {"GP0704@1: metadata.name is missing: the API server refuses the object"},
     0},
    {"defined twice: the later wins",
     "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: v1\nkind: "
     "Secret\nmetadata: {name: a}\n",
     {"GP0702@7: Secret default/a is defined twice (test.yaml:3:18); the later definition replaces "
      "the earlier"},
     1},
    {"the same name in two namespaces is no conflict",
     "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\n"
     "metadata: {name: a, namespace: b}\n",
     {},
     2},
    {"unknown field: pruned, the object stays",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec:\n  "
     "entrypoints: [web]\n  routes: []\n",
     {"GP0705@5: unknown field \"spec.entrypoints\": `kubectl` refuses it, and the API server "
      "drops it without a word"},
     1},
    {"number where a text is wanted: an annotation",
     "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations:\n"
     "    traefik.ingress.kubernetes.io/router.priority: 42\n",
     {"GP0706@6: metadata.annotations.traefik.ingress.kubernetes.io/router.priority has to be a "
      "text: the API server "
      "refuses the object"},
     0},
    {"text where a number is wanted",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec:\n  routes:\n"
     "    - {match: x, priority: \"10\"}\n",
     {"GP0706@6: spec.routes.priority has to be an integer: the API server refuses the object"},
     0},
    {"required field missing",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec:\n  routes:\n "
     "   - {kind: Rule}\n",
     {"GP0706@6: spec.routes.match is missing: the API server refuses the object"},
     0},
    {"object where a list is wanted",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec: {routes: "
     "{match: x}}\n",
     {"GP0706@4: spec.routes has to be a list: the API server refuses the object"},
     0},
    {"null is as if the field were not there",
     "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec: {routes: [], "
     "tls: null}\n",
     {},
     1},
};

TEST(ObjectStore, Rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.clause);
    ObjectStore store;
    config::Findings findings;
    testing::add_yaml(store, row.yaml, findings);
    std::vector<std::string> found;
    for (const config::Finding& f : findings.list()) {
      found.push_back(f.code + "@" + std::to_string(f.span.line) + ": " + f.message);
      EXPECT_FALSE(f.remedy.empty());
    }
    EXPECT_EQ(found, row.found);
    size_t held = 0;
    for (const Object& o : store.all()) held += !o.refused;
    EXPECT_EQ(held, row.objects);
  }
}

TEST(ObjectStore, FindAndList) {
  ObjectStore store;
  config::Findings findings;
  testing::add_yaml(
      store,
      "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Secret\n"
      "metadata: {name: a, namespace: n}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: "
      "n}\n",
      findings);
  ASSERT_EQ(store.list(core_group, "Secret").size(), 2u);
  EXPECT_EQ(store.list(core_group, "Secret")[0]->label(), "Secret default/b");
  EXPECT_EQ(store.find(core_group, "Secret", "n", "a")->label(), "Secret n/a");
  EXPECT_EQ(store.find(core_group, "Namespace", "", "n")->label(), "Namespace n");
  EXPECT_EQ(store.find(core_group, "Secret", "default", "a"), nullptr);
  EXPECT_TRUE(store.list(traefik_group, "Secret").empty());
}

TEST(ObjectStore, ARefusedUpdateLeavesTheObjectAsItWas) {
  const Translated t(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: first\n---\napiVersion: v1\nkind: "
      "Secret\n"
      "metadata: {name: a}\ntype: 2\n");
  const Object* o = t.store.find(core_group, "Secret", "default", "a");
  ASSERT_NE(o, nullptr);
  EXPECT_EQ(text_at(o->root, "type"), "first");
  EXPECT_EQ(t.codes(), (std::vector<std::string>{"GP0706", "GP0702"}));
}

TEST(ObjectStore, IsManifest) {
  const auto manifest = [](const char* yaml) {
    return ObjectStore::is_manifest(*config::parse_document(yaml, "f.yaml", config::Format::yaml));
  };
  EXPECT_TRUE(manifest("apiVersion: v1\nkind: Secret\n"));
  EXPECT_FALSE(manifest("http: {routers: {}}\n"));
  EXPECT_FALSE(manifest("- apiVersion: v1\n  kind: Secret\n"));
  EXPECT_FALSE(manifest("apiVersion: [v1]\nkind: Secret\n"));
}

// Lines of users with their places, however the text is written; the placeholder of the guide is at its own line.
TEST(Secrets, CredentialLines) {
  struct Lines {
    const char* clause;
    const char* yaml;
    std::vector<std::pair<std::string, uint32_t>> lines;  // text, line of the file
  };
  const Lines cases[] = {
      {"block", "stringData:\n  users: |\n    a:x\n    b:y\n", {{"a:x", 5}, {"b:y", 6}}},
      {"block with blank lines",
       "stringData:\n  users: |\n\n    a:x\n\n    b:y\n",
       {{"a:x", 6}, {"b:y", 8}}},
      {"plain", "stringData:\n  users: a:x\n", {{"a:x", 4}}},
      {"quoted", "stringData: {users: \"a:x\"}\n", {{"a:x", 3}}},
      {"carriage returns and comments", "stringData: {users: \"a:x\\r\\n\"}\n", {{"a:x", 3}}},
      {"base64 points at the value", "data:\n  users: YTp4CmI6eQo=\n", {{"a:x", 4}, {"b:y", 4}}},
  };
  for (const Lines& c : cases) {
    SCOPED_TRACE(c.clause);
    const Translated t("apiVersion: v1\nkind: Secret\n" + std::string(c.yaml) +
                       "metadata: {name: s}\n");
    const Object* o = t.store.find(core_group, "Secret", "default", "s");
    ASSERT_NE(o, nullptr);
    config::Findings findings;
    const Secret secret = read_secret(*o, findings);
    ASSERT_EQ(secret.data.size(), 1u);
    std::vector<std::pair<std::string, uint32_t>> got;
    for (const Text& line : credential_lines(secret.data.begin()->second))
      got.emplace_back(line.value, line.span.line);
    EXPECT_EQ(got, c.lines);
  }
}

TEST(Secrets, DataThatIsNotBase64IsLeftOut) {
  const Translated t(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: \"!\", b: Yg==}\n");
  config::Findings findings;
  const Secret secret = read_secret(*t.store.find(core_group, "Secret", "default", "s"), findings);
  ASSERT_EQ(secret.data.size(), 1u);
  EXPECT_EQ(secret.data.at("b").value, "b");
  ASSERT_EQ(findings.list().size(), 1u);
  EXPECT_EQ(findings.list()[0].code, "GP0723");
}

std::shared_ptr<const config::Document> document(const std::string& yaml) {
  return std::make_shared<const config::Document>(
      std::move(*config::parse_document(yaml, "m.yaml", config::Format::yaml)));
}

std::string names(const ObjectStore& store, std::string_view kind) {
  std::string out;
  for (const Object* o : store.list(core_group, kind)) out += o->name + " ";
  return out;
}

TEST(Mirror, ReplacesAndRemovesSingleObjects) {
  ObjectStore store;
  config::Findings findings;
  const auto secret = [](const std::string& name, const std::string& data) {
    return document("apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + "}\ndata: " + data);
  };
  for (const char* name : {"a", "b", "c"}) store.put(secret(name, "{k: eA==}"), findings);
  const Object* a = store.find(core_group, "Secret", "default", "a");
  store.put(secret("b", "{k: eQ==}"), findings);
  EXPECT_TRUE(findings.list().empty());
  EXPECT_EQ(names(store, "Secret"), "a b c ");
  EXPECT_EQ(store.find(core_group, "Secret", "default", "b")->root->at("data.k")->str(), "eQ==");
  EXPECT_TRUE(store.remove(core_group, "Secret", "default", "b"));
  EXPECT_FALSE(store.remove(core_group, "Secret", "default", "b"));
  EXPECT_EQ(names(store, "Secret"), "a c ");
  EXPECT_EQ(store.find(core_group, "Secret", "default", "a"), a);
}

TEST(Mirror, ARefusedObjectIsThereForNobodyAndCostsNobody) {
  ObjectStore store;
  config::Findings findings;
  store.put(document("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"), findings);
  store.put(document("apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"), findings);
  store.put(document("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: [1]\n"), findings);
  EXPECT_EQ(findings.list().size(), 1u);
  EXPECT_EQ(names(store, "Secret"), "b ");
  store.put(document("apiVersion: x.io/v9\nkind: Other\nmetadata: {name: a}\n"), findings);
  EXPECT_EQ(findings.list().size(), 1u);
  store.put(document("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"), findings);
  EXPECT_EQ(names(store, "Secret"), "a b ");
}

}  // namespace
}  // namespace gateproof::kubernetes
