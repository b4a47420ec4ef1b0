// Compose files and dumps in sets of files.
#include "engine/check/flat_inputs.h"

#include <gtest/gtest.h>

#include "engine/check/config_set.h"
#include "engine/check/constraints.h"
#include "engine/env/testing/fake.h"

namespace gateproof::check {
namespace {

using gateproof::testing::FakeFiles;

const std::string compose =
    "services:\n"
    "  web:\n"
    "    image: x\n"
    "    expose: [80]\n"
    "    labels:\n"
    "      - traefik.http.routers.r.rule=Path(`/a`)\n";
const std::string statics = "entryPoints: {web: {address: \":80\"}}\nproviders: {docker: {}}\n";

struct Checked {
  ConfigSet set;
  std::string findings;
};
Checked check_files(const std::map<std::string, std::string>& texts) {
  FakeFiles files;
  files.files = texts;
  std::vector<std::string> paths;
  for (const auto& [path, text] : texts) paths.push_back(path);
  Checked c{load_config_set(paths, files), ""};
  const config::Findings found = check_config_set(c.set);
  for (const config::Finding& f : found.list())
    c.findings += (c.findings.empty() ? "" : "\n") + f.span.to_string() + " " + f.code;
  return c;
}

TEST(FlatInputs, AComposeFileAloneIsDockers) {
  const Checked c = check_files({{"shop/compose.yml", compose}});
  EXPECT_EQ(c.findings, "");
  ASSERT_EQ(c.set.assemblies.size(), 1u);
  const config::DynamicConfig& docker = c.set.assemblies[0].providers.at("docker");
  EXPECT_EQ(docker.routers.at("r@docker").rule.span.to_string(), "shop/compose.yml:6:37");
  EXPECT_EQ(docker.routers.at("r@docker").service.value, "web-shop");
}

TEST(FlatInputs, FindingsPointIntoLabels) {
  const std::string bad = compose + "      - traefik.http.routers.b.rule=Pathh(`/a`)\n";
  EXPECT_EQ(check_files({{"c.yml", bad}}).findings, "c.yml:7:37 GP0301");
  const std::string unknown = compose + "      - traefik.http.routers.b.rul=x\n";
  EXPECT_EQ(check_files({{"c.yml", unknown}}).findings, "c.yml:2:3 GP1201\nc.yml:7:32 GP0101");
}

TEST(FlatInputs, WhoseLabels) {
  const std::string deploy =
      "services:\n  web:\n    expose: [80]\n    deploy:\n      labels: "
      "[\"traefik.http.routers.r.rule=Path(`/`)\"]\n";
  // Alone they can only be swarm's; beside a docker provider they are nobody's.
  EXPECT_TRUE(check_files({{"c.yml", deploy}}).set.assemblies[0].providers.contains("swarm"));
  const Checked c = check_files({{"c.yml", deploy}, {"s.yml", statics}});
  EXPECT_NE(c.findings.find("c.yml:5:17 GP1212"), std::string::npos) << c.findings;
  EXPECT_NE(
      check_files({{"c.yml", compose},
                   {"s.yml", "entryPoints: {web: {address: \":80\"}}\nproviders: {swarm: {}}\n"}})
          .findings.find("c.yml:6:9 GP1212"),
      std::string::npos);
  EXPECT_NE(
      check_files({{"c.yml", compose},
                   {"s.yml",
                    "entryPoints: {web: {address: \":80\"}}\nproviders: {file: {directory: d}}\n"}})
          .findings.find("c.yml:1:1 GP1011"),
      std::string::npos);
  EXPECT_EQ(check_files({{"c.yml", "services: {web: {image: x}}\n"}}).findings, "c.yml:1:1 GP0005");
}

TEST(FlatInputs, ATraefikInTheComposeFileHasItsOptionsThere) {
  const std::string traefik =
      "  proxy:\n"
      "    image: traefik:v3.7\n"
      "    command:\n"
      "      - --providers.docker.exposedByDefault=false\n"
      "      - --entryPoints.door.address=:8000\n";
  const Checked c = check_files({{"c.yml", compose + traefik}});
  ASSERT_EQ(c.set.statics.size(), 1u);
  EXPECT_EQ(c.set.statics[0]->entry_points.count("door"), 1u);
  EXPECT_NE(c.findings.find("c.yml:2:3 GP1202"), std::string::npos) << c.findings;
  const std::string mistake = traefik + "      - --entryPoint.x.address=:1\n";
  EXPECT_NE(check_files({{"c.yml", compose + mistake}}).findings.find("c.yml:12:9 "),
            std::string::npos)
      << check_files({{"c.yml", compose + mistake}}).findings;
  const std::string text =
      "  proxy:\n    image: docker.io/library/traefik\n"
      "    command: traefik --providers.docker '--entryPoints.door.address=:8000'\n";
  const Checked d = check_files({{"c.yml", compose + text}});
  ASSERT_EQ(d.set.statics.size(), 1u);
  EXPECT_EQ(d.set.statics[0]->entry_points.count("door"), 1u);
  // A static file that is given counts alone; one that the command names is not known.
  EXPECT_EQ(check_files({{"c.yml", compose + traefik}, {"s.yml", statics}}).set.statics.size(), 1u);
  EXPECT_TRUE(check_files({{"c.yml", compose + traefik + "      - --configFile=/t.yml\n"}})
                  .set.statics.empty());
}

TEST(FlatInputs, AMiddlewareOfAFileWithoutItsProvider) {
  FakeFiles files;
  files.files["c.yml"] = compose + "      - traefik.http.routers.r.middlewares=auth\n";
  files.files["d.yml"] = "http: {middlewares: {auth: {addPrefix: {prefix: /a}}}}\n";
  const config::Findings found = check_config_set(load_config_set({"c.yml", "d.yml"}, files));
  const config::Finding* f = nullptr;
  for (const config::Finding& one : found.list()) f = one.code == "GP0307" ? &one : f;
  ASSERT_TRUE(f);
  EXPECT_EQ(f->span.to_string(), "c.yml:7:44");
  EXPECT_EQ(f->remedy, "did you mean `auth@file` (middleware auth@file)?");
}

TEST(FlatInputs, WhoseDump) {
  const std::string lines = "traefik/http/routers/r/rule = Path(`/`)\n";
  const std::string alternating = "traefik/http/routers/r/rule\nPath(`/`)\n";
  const auto provider = [](const Checked& c) {
    return c.set.assemblies[0].providers.begin()->first;
  };
  EXPECT_EQ(provider(check_files({{"dump.kv", lines}})), "redis");
  EXPECT_EQ(provider(check_files({{"dump.txt", alternating}})), "etcd");
  EXPECT_EQ(provider(check_files({{"my-consul.kv", lines}})), "consul");
  EXPECT_EQ(provider(check_files({{"d.json",
                                   "[{\"key\": \"traefik/http/routers/r/rule\", \"flags\": 0, "
                                   "\"value\": \"UGF0aChgL2Ap\"}]"}})),
            "consul");
  EXPECT_EQ(provider(check_files({{"d.yml", "traefik/http/routers/r/rule: Path(`/`)\n"}})),
            "redis");
  EXPECT_EQ(provider(check_files({{"d.kv", lines},
                                  {"s.yml",
                                   "entryPoints: {web: {address: \":80\"}}\nproviders: {zooKeeper: "
                                   "{}}\n"}})),
            "zookeeper");
  const Checked other = check_files(
      {{"d.kv", lines},
       {"s.yml",
        "entryPoints: {web: {address: \":80\"}}\nproviders: {redis: {rootKey: other}}\n"}});
  EXPECT_NE(other.findings.find("d.kv:1:1 GP1215"), std::string::npos) << other.findings;
  const Checked unread = check_files({{"consul.kv", lines}, {"s.yml", statics}});
  EXPECT_NE(unread.findings.find("consul.kv:1:1 GP1011"), std::string::npos) << unread.findings;
}

TEST(FlatInputs, PairsThatCannotBeDecoded) {
  EXPECT_EQ(check_files({{"d.kv", "traefik/http/routers/r/colour = red\n"}}).findings,
            "d.kv:1:1 GP1214\nd.kv:1:24 GP0101");
}

TEST(Constraints, OverLabels) {
  const std::map<std::string, std::string> labels = {{"a", "1"}, {"b", "xyz"}};
  const std::pair<const char*, bool> rows[] = {
      {"", true},
      {"Label(`a`, `1`)", true},
      {"Label(\"a\",\"2\")", false},
      {"!Label(`a`,`2`) && LabelRegex(`b`, `^x.z$`)", true},
      {"Label(`a`,`2`) || (Label(`c`, ``) && !LabelRegex(`b`, `q`))", true},
      {"LabelRegex(`b`, `(`)", false},
      {"Label(`a`,`1`) && Label(`a`,`1`) && Label(`a`,`2`)", false},
  };
  for (const auto& [text, wanted] : rows) {
    const Result<bool> got = constraints_match(text, labels);
    ASSERT_TRUE(got) << text << ": " << got.error().message;
    EXPECT_EQ(*got, wanted) << text;
  }
  for (const char* text :
       {"Label(`a`", "Tag(`a`)", "Label(`a`)", "Label(`a`,`b`,`c`)", "a", "-Label(`a`,`b`)",
        "Label(`a`,`1`) == Label(`a`,`1`)", "`a`", "Label(a, b)"}) {
    EXPECT_FALSE(constraints_match(text, labels)) << text;
  }
  EXPECT_FALSE(constraints_match(std::string(constraints_bytes_max + 1, ' '), labels));
  EXPECT_EQ(constraints_match(std::string(constraints_bytes_max, 'x'), labels).error().code,
            Code::invalid);
}

}  // namespace
}  // namespace gateproof::check
