// app-root of ingress-nginx (catalogue 6.7).
#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(AppRoot, SendsTheRootThere) {
  Rig rig;
  ASSERT_TRUE(rig.use("appRoot", "path: /home")) << rig.why;
  const auto x = rig.send("/?q=1");
  EXPECT_EQ(x->response.status, 302);
  EXPECT_EQ(x->response.headers.get("Location"), "http://x.test/home");
  rig.send("/a");
  EXPECT_EQ(rig.end->calls, 1);
  EXPECT_EQ(rig.build_error("appRoot", "path: home"), "path should start with /");
}

TEST(AppRoot, IsOfThePathAlone) {
  Rig rig;
  ASSERT_TRUE(rig.use("appRoot", "path: /home")) << rig.why;
  auto x = rig.request("/");
  x->tls = true;
  rig.run(*x);
  EXPECT_EQ(x->response.headers.get("Location"), "https://x.test/home");
  EXPECT_EQ(rig.build_error("appRoot", "path: ''"), "path cannot be empty");
}

}  // namespace
}  // namespace gateproof::middleware
