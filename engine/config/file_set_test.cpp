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

TEST(FileSet, TemplatesAreExecuted) {
  const Loaded l =
      load({{"/d/f.yml",
             "{{ $d := \"x.test\" }}http:\n  routers:\n{{ range $i := until 2 }}"
             "    r{{ $i }}: {rule: 'Host(`{{ $i }}.{{ $d }}`)'}\n{{ end }}"},
            {"/d/t.toml", "[http.routers.{{ upper `t` }}]\nrule = '{{ env \"NOPE\" }}'\n"}},
           "/d");
  ASSERT_TRUE(l.set.config) << testing::brief(l.findings);
  EXPECT_EQ(l.set.config->routers.at("r1@file").rule.value, "Host(`1.x.test`)");
  EXPECT_TRUE(l.set.config->routers.contains("T@file"));
  EXPECT_EQ(testing::brief(l.findings),
            "GP0008 0:0 the environment variable \"NOPE\" is not given: the template takes an "
            "empty text for it");
  // Places are those of the template: the text of line 3 stands there for both routers.
  EXPECT_EQ(l.set.config->routers.at("r1@file").span.to_string(), "/d/f.yml:3:30");
  EXPECT_EQ(l.set.config->routers.at("r1@file").rule.span.to_string(), "/d/f.yml:3:49");
}

TEST(FileSet, TemplateThatFailsRejectsTheUpdate) {
  const std::tuple<const char*, const char*, const char*> table[] = {
      // clause, text, finding
      {"action that fails", "a: 1\nb: {{ .Foo }}\n",
       "GP0007 2:7 template: at <.Foo>: can't evaluate field Foo in type bool"},
      {"syntax", "a: {{ if }}\n", "GP0007 1:10 template: missing value for if"},
      {"unknown function", "a: {{ nope }}\n", "GP0007 1:7 template: function \"nope\" not defined"},
      {"later function", "a: {{ genCA \"x\" 1 }}\n",
       "GP0009 1:7 template: the template function \"genCA\" is not executed here"},
      {"YAML error in what an action made", "http:\n  routers:\n    r: {{ \"[\" }}\n",
       "GP0002 4:1 yaml: end of sequence flow not found"},
      {"decode error in copied text", "{{ $x := 1 }}http:\n  routers:\n    r: {nope: {{ $x }}}\n",
       "GP0101 3:9 field not found, node: nope"},
      {"decode error in printed text", "http:\n  routers:\n    r: {priority: {{ `x` }}}\n",
       "GP0104 3:19"},
  };
  for (const auto& [clause, text, finding] : table) {
    const Loaded l = load({{"/f.yml", text}}, "", "/f.yml");
    EXPECT_FALSE(l.set.config) << clause;
    EXPECT_TRUE(testing::brief(l.findings).starts_with(finding))
        << clause << ": " << testing::brief(l.findings);
  }
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
