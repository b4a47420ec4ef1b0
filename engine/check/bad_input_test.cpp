// What is no configuration at all: each a finding with place and remedy, and everything else is still looked at.
#include <gtest/gtest.h>

#include "engine/check/config_set.h"
#include "engine/env/testing/fake.h"

namespace gateproof::check {
namespace {

using gateproof::testing::FakeFiles;

struct Case {
  const char* name;
  std::map<std::string, std::string> files;
  const char* code;
  const char* file;
  uint32_t line, column;
};

std::string router(const std::string& rule, const std::string& middleware = "") {
  return "http:\n  routers:\n    a:\n      rule: " + rule + "\n      service: s\n" +
         (middleware.empty() ? "" : "      middlewares: [m]\n") +
         "  services:\n    s:\n      loadBalancer:\n        servers:\n          - url: "
         "http://127.0.0.1\n" +
         (middleware.empty() ? "" : "  middlewares:\n    m:\n" + middleware);
}

std::string alias_bomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  return text;
}

std::string ten_megabytes() {
  std::string text = "http:\n  routers:\n";
  for (int i = 0; text.size() < 10u * 1024 * 1024; ++i) {
    text += "    r" + std::to_string(i) + ":\n      rule: Host(`h" + std::to_string(i) +
            ".test`)\n      service: noop@internal\n";
  }
  return text;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"unknown key",
       {{"d.yml", router("Path(`/`)") + "    x:\n      loadBalancer:\n        nope: 1\n"}},
       "GP0101",
       "d.yml",
       13,
       9},
      {"broken rule", {{"d.yml", router("Host(`a`")}}, "GP0301", "d.yml", 4, 0},
      {"bad regex", {{"d.yml", router("HostRegexp(`(`)")}}, "GP0301", "d.yml", 4, 0},
      {"bad regex in a middleware",
       {{"d.yml", router("Path(`/`)", "      redirectRegex: {regex: \"(\", replacement: x}\n")}},
       "GP0401",
       "d.yml",
       13,
       0},
      {"bad CIDR",
       {{"d.yml", router("Path(`/`)", "      ipAllowList: {sourceRange: [10.0.0.0/99]}\n")}},
       "GP0401",
       "d.yml",
       13,
       0},
      {"bad CIDR in a static file",
       {{"s.yml",
         "entryPoints:\n  web:\n    address: :80\n    forwardedHeaders:\n      trustedIPs: "
         "[nope]\nproviders:\n  docker: {}\n"}},
       "GP0202",
       "s.yml",
       5,
       0},
      {"10 MB of YAML", {{"d.yml", ten_megabytes()}}, "GP0003", "d.yml", 0, 0},
      {"alias bomb", {{"d.yml", alias_bomb()}}, "GP0003", "d.yml", 0, 0},
      {"deep nesting", {{"d.yml", std::string(100000, '[')}}, "GP0003", "d.yml", 1, 0},
      {"deep nesting of JSON", {{"d.json", std::string(100000, '[')}}, "GP0003", "d.json", 1, 0},
      {"binary garbage",
       {{"d.yml", std::string("\x7f"
                              "ELF\x02\x01\x00\xff\xfe\x00",
                              10)}},
       "GP0002",
       "d.yml",
       1,
       0},
      {"binary garbage as TOML",
       {{"d.toml", std::string("\xff\x00\x01=", 4)}},
       "GP0002",
       "d.toml",
       1,
       0},
      {"empty file", {{"d.yml", ""}}, "GP0005", "d.yml", 1, 1},
      {"comments only", {{"d.yml", "# nothing\n"}}, "GP0005", "d.yml", 1, 1},
      {"a list", {{"d.yml", "- a\n- b\n"}}, "GP0005", "d.yml", 1, 1},
      {"another kind of file", {{"d.md", "# words\n"}}, "GP0005", "d.md", 1, 1},
      {"a compose file without labels",
       {{"docker-compose.yml", "services:\n  web:\n    image: x\nvolumes:\n  data: {}\n"}},
       "GP0005",
       "docker-compose.yml",
       1,
       1},
      {"provider's file missing",
       {{"s.yml",
         "entryPoints:\n  web:\n    address: :80\nproviders:\n  file:\n    filename: none.yml\n"}},
       "GP0212",
       "s.yml",
       6,
       15},
      {"provider's directory missing",
       {{"s.yml",
         "entryPoints:\n  web:\n    address: :80\nproviders:\n  file:\n    directory: ./none\n"}},
       "GP0212",
       "s.yml",
       6,
       16},
  };
  return all;
}

TEST(BadInput, IsFoundWithItsPlaceAndARemedy) {
  for (const Case& c : cases()) {
    if (!*c.code) continue;
    FakeFiles files;
    files.files = c.files;
    const config::Findings found =
        check_config_set(load_config_set({c.files.begin()->first}, files));
    bool there = false;
    for (const config::Finding& f : found.list()) {
      EXPECT_FALSE(f.span.file_name().empty()) << c.name << ": " << f.message;
      EXPECT_FALSE(f.remedy.empty()) << c.name << ": " << f.message;
      there = there || (f.code == c.code && f.span.file_name() == c.file &&
                        (c.line == 0 || f.span.line == c.line) &&
                        (c.column == 0 ? f.span.column > 0 : f.span.column == c.column));
    }
    std::string all;
    for (const config::Finding& f : found.list())
      all += "\n" + f.span.to_string() + " " + f.code + " " + f.message;
    EXPECT_TRUE(there) << c.name << all;
  }
}

TEST(BadInput, MissingMiddleware) {
  FakeFiles files;
  files.files["d.yml"] =
      "http:\n  routers:\n    a:\n      rule: Path(`/`)\n      service: noop@internal\n      "
      "middlewares: [gone]\n";
  const config::Findings found = check_config_set(load_config_set({"d.yml"}, files));
  ASSERT_EQ(found.list().size(), 1u);
  const config::Finding& f = found.list().front();
  EXPECT_EQ(f.code, "GP0307");
  EXPECT_EQ(f.span.to_string(), "d.yml:6:21");
  EXPECT_EQ(f.object, "router a@file");
}

TEST(BadInput, PathsThatAreNotThere) {
  FakeFiles files;
  for (const char* path : {"none.yml", "none", "none/"}) {
    const config::Findings found = check_config_set(load_config_set({path}, files));
    ASSERT_EQ(found.list().size(), 1u) << path;
    EXPECT_EQ(found.list().front().code, "GP0001") << path;
    EXPECT_EQ(found.list().front().span.line, 1u);
    EXPECT_FALSE(found.list().front().remedy.empty());
  }
}

// A file that lists and cannot be read.
class Locked final : public Files {
 public:
  Result<std::string> read(const std::string& path, size_t) override {
    return Error(Code::io, path + ": permission denied");
  }
  Result<std::vector<std::string>> list(const std::string& d) override {
    if (d != "conf") return Error(Code::not_found, d);
    return std::vector<std::string>{"a.yml", "locked/"};
  }
  Result<FileStamp> stamp(const std::string&) override { return FileStamp{1, 1, 1}; }
};

TEST(BadInput, UnreadableFileAndDirectory) {
  Locked files;
  const config::Findings found = check_config_set(load_config_set({"conf"}, files));
  ASSERT_EQ(found.list().size(), 2u);
  EXPECT_EQ(found.list()[0].span.to_string(), "conf/a.yml:1:1");
  EXPECT_EQ(found.list()[1].span.to_string(), "conf/locked:1:1");
  for (const config::Finding& f : found.list()) EXPECT_EQ(f.code, "GP0001");
}

// A directory in itself, as a circle of links shows it: `depth` below, at the limit and one over.
class Deep final : public Files {
 public:
  explicit Deep(size_t depth) : depth_(depth) {}
  Result<std::string> read(const std::string& path, size_t) override {
    return std::string("http: {}\n");
  }
  Result<std::vector<std::string>> list(const std::string& d) override {
    const size_t here = static_cast<size_t>(std::count(d.begin(), d.end(), '/'));
    return here < depth_ ? std::vector<std::string>{"d/"} : std::vector<std::string>{};
  }
  Result<FileStamp> stamp(const std::string&) override { return FileStamp{1, 1, 1}; }

 private:
  size_t depth_;
};

TEST(BadInput, DirectoriesEndSomewhere) {
  for (const auto& [depth, findings] : std::vector<std::pair<size_t, size_t>>{
           {0, 0}, {directory_depth_max, 0}, {directory_depth_max + 1, 1}}) {
    Deep files(depth);
    const config::Findings found = check_config_set(load_config_set({"d"}, files));
    ASSERT_EQ(found.list().size(), findings) << depth;
    if (findings) EXPECT_EQ(found.list().front().code, "GP0003");
  }
}

// One bad file does not hide what is wrong in the others.
TEST(BadInput, TheRestIsStillLookedAt) {
  FakeFiles files;
  files.files["conf/a.yml"] = "http: [\n";
  files.files["conf/b.yml"] = router("Host(`a`");
  const config::Findings found = check_config_set(load_config_set({"conf"}, files));
  std::set<std::string> codes;
  for (const config::Finding& f : found.list()) codes.insert(f.code);
  EXPECT_EQ(codes, (std::set<std::string>{"GP0002", "GP0301"}));
}

}  // namespace
}  // namespace gateproof::check
