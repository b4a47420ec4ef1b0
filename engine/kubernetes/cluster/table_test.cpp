#include "engine/kubernetes/cluster/table.h"

#include <gtest/gtest.h>

namespace gateproof::kubernetes::cluster {
namespace {

Json json(std::string_view text) { return *parse_json(text); }

TEST(Table, AgesAsKubectlWritesThem) {
  const std::pair<int64_t, const char*> rows[] = {
      {-5, "<invalid>"},  {-1, "0s"},        {0, "0s"},      {119, "119s"},      {120, "2m"},
      {130, "2m10s"},     {599, "9m59s"},    {600, "10m"},   {10799, "179m"},    {10800, "3h"},
      {10860, "3h1m"},    {28799, "7h59m"},  {28800, "8h"},  {172799, "47h"},    {172800, "2d"},
      {176400, "2d1h"},   {691199, "7d23h"}, {691200, "8d"}, {63071999, "729d"}, {63072000, "2y"},
      {63158400, "2y1d"}, {252288000, "8y"}};
  for (const auto& [seconds, text] : rows) EXPECT_EQ(age_text(seconds), text) << seconds;
}

TEST(Table, Times) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:10Z"), 10);
  EXPECT_EQ(parse_time("2026-11-29T10:24:57Z"), 1795947897);
  EXPECT_EQ(parse_time("2026-11-29T10:24:57.123456Z"), 1795947897);
  for (const char* bad : {"", "2026-11-29", "2026-13-29T10:24:57Z", "2026-11-29T25:24:57Z",
                          "2026-11-29T10:24:57", "xxxx-11-29T10:24:57Z"}) {
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
  }
}

TEST(Table, JsonPathsOfPrinterColumns) {
  const Json o = json(R"({"spec":{"hosts":["a","b"],"n":3},"a.b":{"c":"dotted"},
    "status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Old","status":"False"}]}})");
  const std::pair<const char*, const char*> rows[] = {
      {".spec.n", "3"},
      {"{.spec.n}", "3"},
      {".spec.hosts[0]", R"("a")"},
      {".spec.hosts[-1]", R"("b")"},
      {".spec.hosts[5]", "null"},
      {".spec.hosts[*]", R"("a,b")"},
      {".spec.hosts", R"(["a","b"])"},
      {R"(.status.conditions[?(@.type=="Ready")].status)", R"("True")"},
      {".status.conditions[?(@.type=='Old')].status", R"("False")"},
      {R"(.status.conditions[?(@.type!="Old")].status)", R"("True")"},
      {R"(.a\.b.c)", R"("dotted")"},
      {".a['b']", "null"},
      {"['a.b'].c", R"("dotted")"},
      {".missing.x", "null"},
      {".spec.hosts[", "null"},
      {".spec.hosts[?(@.x)]", "null"}};
  for (const auto& [path, text] : rows) EXPECT_EQ(to_text(json_path(o, path)), text) << path;
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
