// The guide's own files and the clean corpus: what is wrong in the first is reported where it is wrong, and nothing in the
// second (scenarios/guide/expected.yaml, scenarios/clean).
#include <gtest/gtest.h>

#include "engine/check/config_set.h"
#include "engine/check/disk_files_test.h"

namespace gateproof::check {
namespace {

const std::string scenarios = std::string(GP_SOURCE_DIR) + "/scenarios/";

config::Findings check_paths(const std::string& root, const std::vector<std::string>& paths) {
  testing::DiskFiles files(root);
  return check_config_set(load_config_set(paths, files));
}

std::string row(const std::string& code, std::string_view file, const std::string& line,
                const std::string& object) {
  return code + " " + std::string(file) + ":" + line + " " + object;
}

std::vector<std::string> rows_of(const config::Findings& findings) {
  std::vector<std::string> out;
  for (const config::Finding& f : findings.list()) {
    out.push_back(row(f.code, f.span.file_name(), std::to_string(f.span.line), f.object));
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct ExpectedSet {
  std::vector<std::string> paths, rows;
};

std::vector<ExpectedSet> expected_sets() {
  testing::DiskFiles files(scenarios + "guide");
  const auto text = files.read("expected.yaml", 1u << 20);
  std::vector<ExpectedSet> out;
  if (!text) return out;
  const auto doc = config::parse_document(*text, "expected.yaml", config::Format::yaml);
  if (!doc) return out;
  for (const config::Value& v : doc->root.find("sets")->items) {
    ExpectedSet s;
    for (const config::Value& p : v.find("paths")->items) s.paths.push_back(p.text);
    for (const config::Value& f : v.find("findings")->items) {
      s.rows.push_back(row(f.find("code")->text, f.find("file")->text, f.find("line")->text,
                           f.find("object")->text));
    }
    std::sort(s.rows.begin(), s.rows.end());
    out.push_back(std::move(s));
  }
  return out;
}

TEST(Guide, EverySetSaysWhatIsWrongAndNothingElse) {
  const std::vector<ExpectedSet> sets = expected_sets();
  ASSERT_GE(sets.size(), 30u);
  for (const ExpectedSet& s : sets) {
    std::string name;
    for (const std::string& p : s.paths) name += p + " ";
    EXPECT_EQ(rows_of(check_paths(scenarios + "guide", s.paths)), s.rows) << name;
  }
}

TEST(Guide, EveryFindingHasPlaceMessageAndRemedy) {
  const config::Findings all =
      check_paths(scenarios + "guide", {"static", "dynamic", "kubernetes", "helm", "added"});
  for (const config::Finding& f : all.list()) {
    EXPECT_FALSE(f.span.file_name().empty()) << f.message;
    EXPECT_GT(f.span.line, 0u) << f.message;
    EXPECT_GT(f.span.column, 0u) << f.message;
    EXPECT_FALSE(f.message.empty());
    EXPECT_FALSE(f.remedy.empty()) << f.message;
  }
}

const config::Finding* find(const config::Findings& all, std::string_view code,
                            std::string_view file, uint32_t line) {
  for (const config::Finding& f : all.list()) {
    if (f.code == code && f.span.file_name() == file && f.span.line == line) return &f;
  }
  return nullptr;
}

// The guide's prose has namespace and name the wrong way round; the remedy shows the form and the middleware that was meant.
TEST(Guide, RemedyNamesTheRealForm) {
  const config::Findings all =
      check_paths(scenarios + "guide", {"kubernetes", "added/services.yaml"});
  const config::Finding* f = find(all, "GP0307", "kubernetes/ingress.yaml", 7);
  ASSERT_TRUE(f);
  EXPECT_NE(f->remedy.find("namespace-name@kubernetescrd"), std::string::npos);
  EXPECT_NE(f->remedy.find("default-api-auth@kubernetescrd"), std::string::npos);
  EXPECT_NE(f->message.find("fails open"), std::string::npos);
}

// What holds with one static file of several names it.
TEST(Guide, SaysWithWhichStaticFile) {
  const config::Findings all =
      check_paths(scenarios + "guide", {"static", "dynamic", "kubernetes", "helm", "added"});
  const config::Finding* resolver = find(all, "GP0601", "dynamic/my-app.yml", 11);
  ASSERT_TRUE(resolver);
  EXPECT_NE(resolver->message.find("(with static/traefik.yml and added/traefik-file.yml)"),
            std::string::npos)
      << resolver->message;
  const config::Finding* depth = find(all, "GP1006", "kubernetes/middlewares.yaml", 55);
  ASSERT_TRUE(depth);
  EXPECT_NE(depth->message.find("(with static/traefik.yml and helm/values.yaml)"),
            std::string::npos)
      << depth->message;
}

TEST(Clean, NothingIsFound) {
  testing::DiskFiles files(scenarios + "clean");
  const auto names = files.list(".");
  ASSERT_TRUE(names);
  size_t sets = 0;
  for (const std::string& name : *names) {
    if (!name.ends_with('/') || name == "guide-later/") continue;
    ++sets;
    EXPECT_EQ(rows_of(check_paths(scenarios + "clean", {name})), std::vector<std::string>())
        << name;
  }
  EXPECT_GE(sets, 21u);  // the guide, mended, and twenty more
}

// What the guide has beside that, mended: only notes about what is not acted on yet.
TEST(Clean, LaterPartsGiveNotesOnly) {
  const config::Findings found = check_paths(scenarios + "clean", {"guide-later"});
  for (const config::Finding& f : found.list()) {
    EXPECT_TRUE(f.code == "GP1104" || f.code == "GP1121" || f.code == "GP1109")
        << f.code << " " << f.span.to_string() << " " << f.message;
  }
}

}  // namespace
}  // namespace gateproof::check
