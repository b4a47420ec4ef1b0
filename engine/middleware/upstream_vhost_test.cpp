// upstream-vhost of ingress-nginx (catalogue 6.7).
#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(UpstreamVhost, HasVariables) {
  Rig rig;
  ASSERT_TRUE(rig.use("upstreamVHost", "{vHost: $service_name.$host, vars: {service_name: shop}}"))
      << rig.why;
  rig.send("/", {"Host: A.test:81"});
  EXPECT_EQ(rig.end->host, "shop.a.test");
  EXPECT_EQ(rig.build_error("upstreamVHost", "{vars: {a: b}}"), "vHost cannot be empty");
}

}  // namespace
}  // namespace gateproof::middleware
