#include "engine/middleware/status_ranges.h"

#include <gtest/gtest.h>

namespace gateproof::middleware {
namespace {

TEST(StatusRanges, Texts) {
  struct Row {
    const char* text;
    int inside, outside;
    const char* error = "";
  };
  const Row rows[] = {
      {"404", 404, 405},
      {"500-599", 599, 600},
      {"500-599", 500, 499},
      {"+500", 500, 501},
      {"500-502-504", 502, 503},
      {"599-500", 0, 550},
      {"5xx", 0, 0, "strconv.Atoi: parsing \"5xx\": invalid syntax"},
      {"500-", 0, 0, "strconv.Atoi: parsing \"\": invalid syntax"},
      {"", 0, 0, "strconv.Atoi: parsing \"\": invalid syntax"},
      {"99999999999999999999", 0, 0,
       "strconv.Atoi: parsing \"99999999999999999999\": value out of range"},
  };
  for (const Row& row : rows) {
    const auto got = StatusRanges::parse({row.text});
    if (*row.error) {
      ASSERT_FALSE(got) << row.text;
      EXPECT_EQ(got.error().message, row.error);
      continue;
    }
    ASSERT_TRUE(got) << row.text;
    if (row.inside) {
      EXPECT_TRUE(got->contains(row.inside)) << row.text;
    }
    EXPECT_FALSE(got->contains(row.outside)) << row.text;
  }
  EXPECT_FALSE(StatusRanges().contains(500));
}

}  // namespace
}  // namespace gateproof::middleware
