#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

struct Row {
  const char *clause, *regex, *replacement, *url, *target, *before;
};

TEST(ReplacePathRegex, Requests) {
  const Row rows[] = {
      {"3.2 escaped path", "^/foo/(.*)", "/bar/$1", "/foo/x%2fy?q=1", "/bar/x%2Fy?q=1",
       "/foo/x%2Fy"},
      {"3.2 no match", "^/foo/(.*)", "/bar/$1", "/other/foo/x", "/other/foo/x", "-"},
      {"3.2 every match", "o", "0", "/foo/boo", "/f00/b00", "/foo/boo"},
      {"3.2 trimmed", "  ^/t  ", "  /u  ", "/t1", "/u1", "/t1"},
      {"groups", "^/(\\w+)/(\\w+)", "/${2}x/${1}", "/aa/bb/c", "/bbx/aa/c", "/aa/bb/c"},
      {"longest group name", "^/(\\w+)", "/$1x", "/aa", "/", "/aa"},
      {"dollar", "^/(\\w+)", "/$$1", "/aa/b", "/$1/b", "/aa/b"},
      {"a question mark is path", "^/(\\w+)", "/p?id=$1", "/aa?z=1", "/p%3Fid=aa?z=1", "/aa"},
      {"relative", "^/a", "b", "/a", "b", "/a"},
      {"encoded dots are kept", "^/a", "/b/%2e%2e/x", "/a", "/b/%2e%2e/x", "/a"},
      {"empty result", "^.*", "", "/a?z=1", "/?z=1", "/a"},
      {"unchanged still counts", "^/(.*)$", "/$1", "/same", "/same", "/same"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("replacePathRegex", "regex: '" + std::string(row.regex) +
                                                "'\nreplacement: '" + row.replacement + "'"))
        << rig.why;
    rig.send(row.url);
    EXPECT_EQ(rig.end->target, row.target) << row.clause;
    EXPECT_EQ(lines_of(rig.end->headers, "X-Replaced-Path"), row.before) << row.clause;
  }
}

TEST(ReplacePathRegex, Refused) {
  const Row rows[] = {
      {"9.58 dots", "^/a", "/b/../x", "/a", "400", "Bad Request\n"},
      {"9.58 one dot", "^/a", "/b/./x", "/a", "400", "Bad Request\n"},
      {"9.58 slashes", "^/a", "/b//x", "/a", "400", "Bad Request\n"},
      {"9.58 matches everywhere", "", "/z", "/a", "400", "Bad Request\n"},
      {"3.2 undecodable", "^/a", "/b%zz", "/a", "500", "invalid URL escape \"%zz\"\n"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("replacePathRegex", "regex: '" + std::string(row.regex) +
                                                "'\nreplacement: '" + row.replacement + "'"))
        << rig.why;
    const auto x = rig.send(row.url);
    EXPECT_EQ(std::to_string(x->response.status), row.target) << row.clause;
    EXPECT_EQ(rig.body_of(*x), row.before) << row.clause;
    EXPECT_EQ(rig.end->calls, 0) << row.clause;
  }
}

TEST(ReplacePathRegex, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("replacePathRegex", "{regex: '(', replacement: x}"),
            "error compiling regular expression (: error parsing regexp: missing closing ): `(`");
}

// A rule that keeps the leading slash never yields a path without one.
TEST(ReplacePathRegex, KeepsLeadingSlash) {
  EXPECT_TRUE(rc::check("leading slash", [] {
    const auto text = rc::gen::container<std::string>(rc::gen::elementOf(std::string("/.%2Fab ?")));
    Rig rig;
    RC_PRE(rig.use("replacePathRegex", "regex: '^/([^/]*)'\nreplacement: '/$1/$1'"));
    rig.send("/" + *text);
    if (rig.end->calls) RC_ASSERT(rig.end->target.starts_with('/'));
  }));
}

}  // namespace
}  // namespace gateproof::middleware
