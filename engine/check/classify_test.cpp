#include <gtest/gtest.h>

#include "engine/check/config_set.h"
#include "engine/check/paths.h"

namespace gateproof::check {
namespace {

FileKind kind_of(const std::string& text, const std::string& name = "a.yml") {
  const auto documents = config::parse_documents(text, name, *config::format_of(name));
  return documents ? classify(*documents, name) : FileKind::unknown;
}

TEST(Classify, KindsByTheirKeys) {
  struct Row {
    const char* text;
    FileKind kind;
    const char* name = "a.yml";
  };
  const Row rows[] = {
      {"entryPoints: {web: {address: \":80\"}}", FileKind::statics},
      {"ENTRYPOINTS: {web: {address: \":80\"}}", FileKind::statics},
      {"providers: {file: {filename: x.yml}}", FileKind::statics},
      {"api: {}\nlog: {level: INFO}", FileKind::statics},
      {"[api]\ndashboard = true\n", FileKind::statics, "a.toml"},
      {"http: {routers: {}}", FileKind::dynamics},
      {"tls: {certificates: []}", FileKind::dynamics},
      {"udp: {}\ntcp: {}", FileKind::dynamics},
      {"{\"http\": {}}", FileKind::dynamics, "a.json"},
      {"apiVersion: v1\nkind: Service", FileKind::manifests},
      {"# nothing\n---\napiVersion: v1\nkind: List\nitems: []", FileKind::manifests},
      {"deployment: {replicas: 3}", FileKind::helm_values},
      {"ports: {web: {port: 8000}}", FileKind::helm_values},
      {"additionalArguments: [--api]", FileKind::helm_values},
      {"providers: {kubernetesCRD: {enabled: true}}", FileKind::helm_values},
      // both: the chart's `api` and `log` are Traefik's too
      {"api: {dashboard: true}\nlog: {level: INFO}\nports: {web: null}\ndeployment: {}",
       FileKind::helm_values},
      {"log: {level: INFO}", FileKind::helm_values, "values.yaml"},
      {"log: {level: INFO}", FileKind::statics, "traefik.yml"},
      // a file that is started with and read again by its own file provider
      {"entryPoints: {web: {address: \":80\"}}\nhttp: {routers: {}}", FileKind::statics},
      {"services: {web: {image: x}}\nvolumes: {a: {}}", FileKind::compose},
      {"on: push\nenv: {A: b}\njobs: {}", FileKind::unknown},  // a workflow
      {"image: {repository: x}\nservice: {type: ClusterIP}\ningress: {enabled: true}",
       FileKind::unknown},  // another chart
      {"anything: 1", FileKind::unknown},
      {"- a", FileKind::unknown},
      {"text", FileKind::unknown},
      {"", FileKind::unknown},
  };
  for (const Row& r : rows)
    EXPECT_EQ(to_string(kind_of(r.text, r.name)), to_string(r.kind)) << r.text;
}

TEST(Paths, OneSpellingEach) {
  EXPECT_EQ(plain_path("a/./b//c/../d"), "a/b/d");
  EXPECT_EQ(plain_path("../x"), "../x");
  EXPECT_EQ(plain_path("a/../../x"), "../x");
  EXPECT_EQ(plain_path("/a/../../x"), "/x");
  EXPECT_EQ(plain_path(""), ".");
  EXPECT_EQ(plain_path("./"), ".");
  EXPECT_EQ(plain_path("/"), "/");
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path(".", "b"), "b");
  EXPECT_EQ(join_path("a", "/b"), "/b");
  EXPECT_EQ(directory_of("a/b.yml"), "a");
  EXPECT_EQ(directory_of("b.yml"), ".");
  EXPECT_EQ(directory_of("/b.yml"), "/");
}

}  // namespace
}  // namespace gateproof::check
