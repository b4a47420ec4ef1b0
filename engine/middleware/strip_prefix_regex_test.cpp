#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

TEST(StripPrefixRegex, Requests) {
  struct Row {
    const char *clause, *url, *target, *prefix;
  };
  const Row rows[] = {
      {"3.2", "/v12/x", "/x", "/v12"},
      {"3.2 only at the beginning", "/a/v1/x", "/a/v1/x", "-"},
      {"3.2 anchored", "/t/abc1?q", "/1?q", "/t/abc"},
      {"3.2 whole path", "/v3", "/", "/v3"},
      {"P2 raw form", "/v3/a%2fb", "/a%2Fb", "/v3"},
      {"P2 raw rest unfit", "/v3%2fa", "/a", "/v3"},
      {"P2 dots", "/v1../b", "400", ""},
      {"decoded path is matched", "/b%20b/c%2fd", "/c%2Fd", "/b b"},
      {"expressions are trimmed", "/trim%20x", "/%20x", "/trim"},
      {"empty matches do not count", "/zz", "/zz", "-"},
      {"the text counts, not the place", "/k/x/k", "/x/k", "/k"},
      {"match elsewhere only", "/a/k", "/a/k", "-"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("stripPrefixRegex",
                        "regex: ['/v[0-9]+', '^/t/[a-z]+', '/b b', '/trim ', '^', '/k$']"))
        << rig.why;
    const auto x = rig.send(row.url);
    if (std::string_view(row.target) == "400") {
      EXPECT_EQ(x->response.status, 400) << row.clause;
      continue;
    }
    EXPECT_EQ(rig.end->target, row.target) << row.clause;
    EXPECT_EQ(lines_of(rig.end->headers, "X-Forwarded-Prefix"), row.prefix) << row.clause;
  }
}

TEST(StripPrefixRegex, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("stripPrefixRegex", "regex: ['(']"),
            "error parsing regexp: missing closing ): `(`");
  EXPECT_EQ(rig.build_error("stripPrefixRegex", "regex: []"), "");
}

}  // namespace
}  // namespace gateproof::middleware
