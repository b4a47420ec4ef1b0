#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

struct Row {
  const char *clause, *options, *url;
  const char* target;  // "400": refused
  const char* prefix;  // X-Forwarded-Prefix, all lines
};

void check(const Row& row) {
  Rig rig;
  ASSERT_TRUE(rig.use("stripPrefix", row.options)) << rig.why;
  const auto x = rig.send(row.url);
  if (std::string_view(row.target) == "400") {
    EXPECT_EQ(x->response.status, 400) << row.clause << ' ' << row.url;
    EXPECT_EQ(rig.body_of(*x), "Bad Request\n");
    EXPECT_EQ(x->response.headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(x->response.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(rig.end->calls, 0) << row.clause;
    return;
  }
  EXPECT_EQ(rig.end->target, row.target) << row.clause << ' ' << row.url;
  EXPECT_EQ(lines_of(rig.end->headers, "X-Forwarded-Prefix"), row.prefix) << row.clause;
}

TEST(StripPrefix, Requests) {
  constexpr const char* api = "prefixes: [/api, /api/v2]";
  constexpr const char* odd = "prefixes: ['/b b', /x/, ' /t']";
  const Row rows[] = {
      {"9.19 first listed, not longest", api, "/api/v2/x", "/v2/x", "/api"},
      {"9.19 character-wise", api, "/apifoo", "/foo", "/api"},
      {"3.2 empty rest", api, "/api", "/", "/api"},
      {"3.2 query kept", api, "/api?x=1", "/?x=1", "/api"},
      {"3.2 no match", api, "/other", "/other", "-"},
      {"3.2 case counts", api, "/API/x", "/API/x", "-"},
      {"P2 both forms cut at one place", api, "/api/a%2fb%20c", "/a%2Fb%20c", "/api"},
      {"P2 raw rest no longer fits", api, "/api%2fx", "/x", "/api"},
      {"P2 escapes of the rest kept", api, "/api%21%2fx", "/%21%2Fx", "/api"},
      {"P2 dots", api, "/api..", "400", ""},
      {"P2 dots and more", api, "/api../admin", "400", ""},
      {"P2 encoded dots", api, "/api%2e%2e/admin", "400", ""},
      {"P2 one dot", api, "/api%2e/admin", "400", ""},
      {"P2 encoded slash before dots", api, "/api%2f../x", "400", ""},
      {"P2 dots within a segment", api, "/api/..%2fx", "/..%2Fx", "/api"},
      {"3.2 prefix is decoded text", odd, "/b%20b/c%2fd", "/c%2Fd", "/b b"},
      {"P2 prefix with escapes, rest unfit", odd, "/b%20b%2fd/e%2ff", "/d/e/f", "/b b"},
      {"9.19 slash of the prefix counts", odd, "/x", "/x", "-"},
      {"3.2 slash in the prefix", odd, "/x/y", "/y", "/x/"},
      {"prefixes are trimmed", odd, "/t/1", "/1", "/t"},
      {"empty prefix matches", "prefixes: [api, '']", "/api/x", "/api/x", ""},
      {"none listed", "forceSlash: true", "/x", "/x", "-"},
      {"forceSlash", "{prefixes: [/p], forceSlash: true}", "/p", "/", "/p"},
      {"forceSlash off", "{prefixes: [/p], forceSlash: false}", "/p", "/", "/p"},
  };
  for (const Row& row : rows) check(row);
}

TEST(StripPrefix, AddsALineForEachCut) {
  Rig rig;
  ASSERT_TRUE(rig.use("stripPrefix", "prefixes: [/one, /two]"));
  auto x = rig.request("/one/two/x");
  rig.run(*x);
  rig.run(*x);
  EXPECT_EQ(x->request.target(), "/x");
  EXPECT_EQ(lines_of(x->request.headers, "X-Forwarded-Prefix"), "/one | /two");
}

// Whatever is cut, what goes on has a leading slash and no dot segment.
TEST(StripPrefix, RestIsClean) {
  EXPECT_TRUE(rc::check("rest is clean", [] {
    const auto text = rc::gen::container<std::string>(rc::gen::elementOf(std::string("/.%2eaF ")));
    Rig rig;
    RC_PRE(rig.use("stripPrefix", "prefixes: [/a, /., '']"));
    const auto x = rig.send("/" + *text);
    if (rig.end->calls == 0) return;
    RC_ASSERT(rig.end->target.starts_with('/'));
    const std::string wrapped = rig.end->target + "/";
    RC_ASSERT(wrapped.find("/../") == std::string::npos);
    RC_ASSERT(wrapped.find("/./") == std::string::npos);
  }));
}

}  // namespace
}  // namespace gateproof::middleware
