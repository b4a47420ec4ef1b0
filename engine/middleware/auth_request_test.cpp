#include "engine/middleware/auth_request.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

const std::vector<std::string> client = {"X-Forwarded-For: 10.0.0.1",
                                         "X-Forwarded-Proto: https",
                                         "X-Forwarded-Prefix: /p",
                                         "Connection: X-Gone",
                                         "X-Gone: 1",
                                         "X-Kept: 2"};

TEST(AuthRequest, OldWayMakesSomeFieldsAndLetsOthersLeak) {  // 3.2 trustForwardHeader unset
  Rig rig;
  const auto x = rig.request("/a?b", client, "POST");
  const http::Headers h = auth_request_headers(*x, {});
  EXPECT_EQ(lines_of(h, "X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Proto"), "http");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Method"), "POST");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Host"), "x.test");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Uri"), "/a?b");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Prefix"), "/p");
  EXPECT_EQ(lines_of(h, "X-Gone"), "-");
  EXPECT_EQ(lines_of(h, "X-Kept"), "2");
  EXPECT_EQ(lines_of(h, "User-Agent"), "Go-http-client/1.1");
}

TEST(AuthRequest, TrustDecidesWhatStays) {
  Rig rig;
  const auto x = rig.request("/a", client);
  AuthRequestPolicy policy;
  policy.trust_forward_header = false;
  http::Headers h = auth_request_headers(*x, policy);
  EXPECT_EQ(lines_of(h, "X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Prefix"), "-");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Port"), "80");
  EXPECT_EQ(lines_of(h, "User-Agent"), "-");
  policy.trust_forward_header = true;
  h = auth_request_headers(*x, policy);
  EXPECT_EQ(lines_of(h, "X-Forwarded-For"), "10.0.0.1, 127.0.0.1");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Proto"), "https");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Port"), "443");
}

TEST(AuthRequest, OnlyAllowedFieldsGo) {  // 3.2 authRequestHeaders
  Rig rig;
  const auto x = rig.request("/a", client);
  AuthRequestPolicy policy;
  policy.allowed = {"x-kept"};
  http::Headers h = auth_request_headers(*x, policy);
  EXPECT_EQ(lines_of(h, "X-Kept"), "2");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Prefix"), "-");
  policy.trust_forward_header = true;  // managed fields are allowed with it
  policy.allowed = {"X-Other"};
  h = auth_request_headers(*x, policy);
  EXPECT_EQ(lines_of(h, "X-Kept"), "-");
  EXPECT_EQ(lines_of(h, "X-Forwarded-Prefix"), "/p");
  EXPECT_EQ(lines_of(h, "User-Agent"), "Go-http-client/1.1");  // the list leaves the empty one out
}

}  // namespace
}  // namespace gateproof::middleware
