#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(AddPrefix, Requests) {
  struct Row {
    const char *clause, *prefix, *url, *target;
  };
  const Row rows[] = {
      {"3.2 /", "/pre", "/", "/pre/"},
      {"3.2 query kept", "/pre", "/a?b=c", "/pre/a?b=c"},
      {"3.2 raw path likewise", "/pre", "/a%2fb%20c", "/pre/a%2Fb%20c"},
      {"3.2 forced leading slash", "pre", "/n", "/pre/n"},
      {"3.2 not cleaned", "/pre/", "/s", "/pre//s"},
      {"3.2 decoded text", "/p%2Fq", "/e", "/p%252Fq/e"},
      {"3.2 raw form does not fit any more", "/p%2Fq", "/e%2fx", "/p%252Fq/e/x"},
      {"3.2 dots are the operator's", "/p/../q", "/x%2fy", "/p/../q/x%2Fy"},
      {"3.2 bytes above ASCII", "/é x", "/x", "/%C3%A9%20x/x"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("addPrefix", "prefix: \"" + std::string(row.prefix) + "\"")) << rig.why;
    rig.send(row.url);
    EXPECT_EQ(rig.end->target, row.target) << row.clause;
    EXPECT_FALSE(rig.end->headers.has("X-Forwarded-Prefix")) << row.clause;
  }
}

TEST(AddPrefix, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("addPrefix", "prefix: \"\""), "prefix cannot be empty");
  EXPECT_EQ(rig.build_error("addPrefix", "prefiks: /a"), "schema: field not found, node: prefiks");
}

// stripPrefix(addPrefix(p)) is the path that was there before.
TEST(AddPrefix, StripUndoesIt) {
  EXPECT_TRUE(rc::check("strip undoes add", [] {
    const auto segment = rc::gen::nonEmpty(
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab%2Fz09~;=!"))));
    const std::string prefix = "/" + text::replace_all(*segment, "%", "p");
    std::string path = "/" + text::replace_all(*segment, "%", "%2f");
    Rig rig;
    const std::string quoted = "'" + prefix + "'";
    RC_PRE(rig.use("addPrefix", "prefix: " + quoted));
    auto x = rig.request(path);
    const std::string before = x->request.target();
    rig.run(*x);
    RC_PRE(rig.use("stripPrefix", "prefixes: [" + quoted + "]"));
    rig.run(*x);
    RC_ASSERT(x->request.target() == before);
    RC_ASSERT(x->request.headers.get("X-Forwarded-Prefix") == prefix);
  }));
}

}  // namespace
}  // namespace gateproof::middleware
