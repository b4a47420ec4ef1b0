#include "engine/config/file_set.h"

#include <gtest/gtest.h>

#include "engine/config/testing_types.h"
#include "engine/env/testing/fake.h"

namespace gateproof::config {
namespace {

struct Loaded {
  FileSet set;
  Findings findings;
};

Loaded load(std::map<std::string, std::string> content, const std::string& directory,
            const std::string& filename = "", const FileSetLimits& limits = {}) {
  static const testing::FewTypes types;
  gateproof::testing::FakeFiles files;
  files.files = std::move(content);
  FileProviderConfig provider;
  provider.directory.value = directory;
  provider.filename.value = filename;
  Loaded l;
  l.set = load_file_set(files, provider, types, l.findings, limits);
  return l;
}

std::string router(const std::string& name, const std::string& rule) {
  return "http: {routers: {" + name + ": {rule: '" + rule + "', service: s}}}\n";
}

TEST(FileSet, LexicalOrderFirstDefinitionWins) {
  const Loaded l = load({{"/d/b.yml", router("r", "b")},
                         {"/d/a.yaml", router("r", "a")},
                         {"/d/a/z.yml", router("r", "in directory a")},
                         {"/d/c.toml", "[http.routers.t]\nrule = 'c'\n"},
                         {"/d/c.json", "{\"http\": 3}"},
                         {"/d/readme.txt", "{{{"}},
                        "/d");
  ASSERT_TRUE(l.set.config) << testing::brief(l.findings);
  EXPECT_EQ(l.set.files,
            (std::vector<std::string>{"/d/a/z.yml", "/d/a.yaml", "/d/b.yml", "/d/c.toml"}));
  EXPECT_EQ(l.set.config->routers.at("r@file").rule.value, "in directory a");
  EXPECT_TRUE(l.set.config->routers.count("t@file"));
  EXPECT_EQ(testing::brief(l.findings),
            "GP0004 1:18 router r@file is already configured at /d/a/z.yml:1:18; this definition "
            "is skipped\n"
            "GP0004 1:18 router r@file is already configured at /d/a/z.yml:1:18; this definition "
            "is skipped");
}

TEST(FileSet, OneBadFileRejectsTheUpdate) {
  const Loaded l =
      load({{"/d/a.yml", router("r", "a")}, {"/d/b.yml", "http: {nope: 1}"}, {"/d/c.yml", "a: ["}},
           "/d");
  EXPECT_FALSE(l.set.config);
  EXPECT_EQ(l.set.files.size(), 3u);  // all problems are found
  EXPECT_EQ(l.findings.list().size(), 2u) << testing::brief(l.findings);
}

TEST(FileSet, EmptyFileIsAValidEmptyConfiguration) {
  for (const char* text : {"", "# nothing\n", "http:\n"}) {
    const Loaded l = load({{"/f.yml", text}}, "", "/f.yml");
    ASSERT_TRUE(l.set.config) << text;
    EXPECT_TRUE(l.set.config->routers.empty());
    EXPECT_TRUE(l.findings.list().empty());
  }
}

TEST(FileSet, DirectoryWinsOverFilename) {
  const Loaded l =
      load({{"/d/a.yml", router("r", "a")}, {"/f.yml", router("f", "f")}}, "/d", "/f.yml");
  ASSERT_TRUE(l.set.config);
  EXPECT_TRUE(l.set.config->routers.count("r@file"));
  EXPECT_FALSE(l.set.config->routers.count("f@file"));
}

TEST(FileSet, WhatCannotBeRead) {
  Loaded l = load({}, "", "/nope.yml");
  EXPECT_FALSE(l.set.config);
  EXPECT_EQ(l.findings.list()[0].code, "GP0001");
  EXPECT_EQ(l.findings.list()[0].span.file_name(), "/nope.yml");
  l = load({{"/f.json", "{}"}}, "", "/f.json");
  EXPECT_EQ(testing::brief(l.findings), "GP0002 0:0 unsupported file extension: /f.json");
  l = load({}, "", "");
  EXPECT_FALSE(l.set.config);
  EXPECT_NE(testing::brief(l.findings).find("neither filename nor directory is defined"),
            std::string::npos);
}

TEST(FileSet, TemplatesAreReportedNotExecuted) {
  const Loaded l = load(
      {{"/f.yml", "http:\n  routers:\n    r: {rule: 'Host(`{{ env \"X\" }}`)'}\n"}}, "", "/f.yml");
  ASSERT_TRUE(l.set.config);
  EXPECT_EQ(l.findings.list()[0].code, "GP1106");
  EXPECT_EQ(l.findings.list()[0].span.to_string(), "/f.yml:3:22");
  const Loaded bad =
      load({{"/f.yml", "{{ range $i := until 3 }}\na: 1\n{{ end }}\n"}}, "", "/f.yml");
  EXPECT_FALSE(bad.set.config);
  EXPECT_EQ(bad.findings.list()[0].code, "GP1106");
}

TEST(FileSetLimits, DirectoryDepth) {
  const std::map<std::string, std::string> content = {{"/d/a/b/x.yml", router("r", "a")}};
  FileSetLimits limits;
  limits.directory_depth_max = 2;
  EXPECT_TRUE(load(content, "/d", "", limits).set.config);
  limits.directory_depth_max = 1;
  const Loaded over = load(content, "/d", "", limits);
  EXPECT_FALSE(over.set.config);
  EXPECT_EQ(over.findings.list()[0].code, "GP0003");
  limits.directory_depth_max = 0;
  EXPECT_FALSE(load(content, "/d", "", limits).set.config);
  EXPECT_TRUE(load({{"/d/x.yml", ""}}, "/d", "", limits).set.config);
}

}  // namespace
}  // namespace gateproof::config
