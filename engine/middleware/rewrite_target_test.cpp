// rewrite-target of ingress-nginx (catalogue 6.7).
#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(RewriteTarget, RewritesOrRedirects) {
  const struct {
    const char *options, *url;
    int status;
    const char* target;  // or Location
  } rows[] = {
      {"{regex: '/app(/|$)(.*)', replacement: /new/$2}", "/app/x?q=1", 200, "/new/x?q=1"},
      {"{regex: '/app(/|$)(.*)', replacement: /new/$2}", "/APP/x", 200, "/new/x"},
      {"{regex: '/app(/|$)(.*)', replacement: /new/$2}", "/other", 200, "/other"},
      {"{regex: /a, replacement: ''}", "/a", 0, "replacement cannot be empty"},
      {"{regex: '/a(.*)', replacement: $1}", "/a", 500, ""},
      {"{regex: '/a(.*)', replacement: /x$1}", "/a//b", 200, "/x/b"},
      {"{replacement: /fixed$1}", "/a", 200, "/fixed"},
      {"{regex: /a, replacement: 'https://b.test/c'}", "/a/long?q=1", 302, "https://b.test/c?q=1"},
      {"{regex: '/a(.*)', replacement: 'https://b.test$1'}", "/a/c", 302, "https://b.test/c"},
      {"{regex: '(', replacement: /}", "/a", 0,
       "compiling regular expression (: error parsing regexp: missing closing ): `(?i)(`"},
  };
  for (const auto& row : rows) {
    Rig rig;
    if (row.status == 0) {
      EXPECT_EQ(rig.build_error("rewriteTarget", row.options), row.target);
      continue;
    }
    ASSERT_TRUE(rig.use("rewriteTarget", row.options)) << rig.why;
    const auto x = rig.send(row.url);
    EXPECT_EQ(x->response.status, row.status) << row.options << row.url;
    if (row.status == 302) EXPECT_EQ(x->response.headers.get("Location"), row.target);
    if (row.status == 200) EXPECT_EQ(rig.end->target, row.target) << row.options;
  }
}

TEST(RewriteTarget, TellsThePrefix) {
  Rig rig;
  ASSERT_TRUE(
      rig.use("rewriteTarget", "{regex: '/app/(.*)', replacement: /$1, xForwardedPrefix: /p/$1}"));
  rig.send("/app/x");
  EXPECT_EQ(rig.end->headers.get("X-Forwarded-Prefix"), "/p/x");
}

}  // namespace
}  // namespace gateproof::middleware
