#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(IpWhiteList, Requests) {
  struct Row {
    const char *clause, *options, *forwarded;
    int status;
  };
  const Row rows[] = {
      {"3.2 refused", "sourceRange: [10.0.0.0/8]", "10.0.0.1", 403},
      {"3.2 allowed", "sourceRange: [127.0.0.1]", "10.0.0.1", 200},
      {"3.1 strategy", "{sourceRange: [10.0.0.0/8], ipStrategy: {depth: 1}}", "10.0.0.1", 200},
      {"3.1 empty strategy", "{sourceRange: [127.0.0.1], ipStrategy: {}}", "10.0.0.1", 200},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("ipWhiteList", row.options)) << rig.why;
    const auto x = rig.send("/", {"X-Forwarded-For: " + std::string(row.forwarded)});
    EXPECT_EQ(x->response.status, row.status) << row.clause;
  }
}

TEST(IpWhiteList, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("ipWhiteList", "{ipStrategy: {depth: 1}}"),
            "sourceRange is empty, IPWhiteLister not created");
  EXPECT_EQ(rig.build_error("ipWhiteList", "sourceRange: [zz]"),
            "cannot parse CIDR whitelist [zz]: parsing CIDR trusted IPs <nil>: invalid CIDR "
            "address: zz");
  EXPECT_EQ(rig.build_error("ipWhiteList", "{sourceRange: [::1], rejectStatusCode: 404}"),
            "schema: field not found, node: rejectStatusCode");
}

}  // namespace
}  // namespace gateproof::middleware
