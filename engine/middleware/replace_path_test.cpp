#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

TEST(ReplacePath, Requests) {
  struct Row {
    const char *clause, *path, *url, *target, *before;
  };
  const Row rows[] = {
      {"3.2 query kept", "/new", "/old%2fx?a=1", "/new?a=1", "/old%2Fx"},
      {"3.2", "/new", "/", "/new", "/"},
      {"3.2 raw form that does not fit", "/n%2Fw x", "/o", "/n/w%20x", "/o"},
      {"3.2 a question mark is path", "/n?x=1", "/o?a=1", "/n%3Fx=1?a=1", "/o"},
      {"3.2 relative", "rel", "/o?a=1", "rel?a=1", "/o"},
      {"3.2 not cleaned", "/a/../b", "/o", "/a/../b", "/o"},
      {"3.2 empty", "", "/o?a=1", "/?a=1", "/o"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("replacePath", "path: '" + std::string(row.path) + "'")) << rig.why;
    rig.send(row.url);
    EXPECT_EQ(rig.end->target, row.target) << row.clause;
    EXPECT_EQ(lines_of(rig.end->headers, "X-Replaced-Path"), row.before) << row.clause;
  }
}

TEST(ReplacePath, BadEscapeIsAnError) {
  Rig rig;
  ASSERT_TRUE(rig.use("replacePath", "path: /a%zz"));
  const auto x = rig.send("/");
  EXPECT_EQ(x->response.status, 500);
  EXPECT_EQ(rig.body_of(*x), "invalid URL escape \"%zz\"\n");
  EXPECT_EQ(rig.end->calls, 0);
}

TEST(ReplacePath, ClientsOwnHeaderStays) {
  Rig rig;
  ASSERT_TRUE(rig.use("replacePath", "path: /new"));
  rig.send("/", {"X-Replaced-Path: mine"});
  EXPECT_EQ(lines_of(rig.end->headers, "X-Replaced-Path"), "mine | /");
}

}  // namespace
}  // namespace gateproof::middleware
