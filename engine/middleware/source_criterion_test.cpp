#include "engine/middleware/source_criterion.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using By = SourceCriterion::By;

std::string key(const SourceCriterionOptions& o, By by_default,
                const std::vector<std::string>& lines) {
  testing::Rig rig;
  const auto source = SourceCriterion::compile(o, by_default);
  if (!source) return "error: " + source.error().message;
  return source->key(*rig.request("/", lines));
}

TEST(SourceCriterion, Keys) {
  SourceCriterionOptions none, host, header, depth;
  host.request_host = true;
  header.request_header_name = "x-key";
  depth.ip_strategy = IpStrategyOptions{.depth = 1};
  EXPECT_EQ(key(none, By::ip, {}), "127.0.0.1") << "3.1 rateLimit";
  EXPECT_EQ(key(none, By::host, {"Host: a.test:80"}), "a.test:80") << "3.1 inFlightReq";
  EXPECT_EQ(key(host, By::ip, {"Host: A.test"}), "A.test") << "3.1 as sent";
  EXPECT_EQ(key(header, By::ip, {"X-Key: a", "X-Key: b"}), "a") << "3.1 first value";
  EXPECT_EQ(key(header, By::ip, {}), "") << "3.1 absent: shared";
  EXPECT_EQ(key(depth, By::host, {"X-Forwarded-For: 1.1.1.1"}), "1.1.1.1");
  EXPECT_EQ(key(depth, By::host, {}), "") << "9.15";
}

// Whoever has the same key has the same token, and nobody else.
TEST(SourceCriterion, TokensTellKeysApart) {
  SourceCriterionOptions none, host, header, depth, masked;
  host.request_host = true;
  header.request_header_name = "x-key";
  depth.ip_strategy = IpStrategyOptions{.depth = 1};
  masked.ip_strategy = IpStrategyOptions{.ipv6_subnet = 64};
  for (const auto& options : {none, host, header, depth, masked}) {
    const auto criterion = SourceCriterion::compile(options, SourceCriterion::By::ip);
    ASSERT_TRUE(criterion);
    std::map<std::string, std::string> token_of;
    std::set<std::string> tokens;
    for (const char* peer : {"1.2.3.4", "1.2.3.5", "::ffff:1.2.3.4", "::1", "fe80::1", "fe80::2",
                             "102:304::", "49.46.50.46"}) {
      for (const char* text : {"a", "b"}) {
        gateproof::testing::FakeWorld world;
        http::Exchange x(world.env);
        x.peer.ip = *IpAddress::parse(peer);
        x.request.host = text;
        x.request.headers.add("X-Key", text);
        x.request.headers.add("X-Forwarded-For", text);
        std::string room;
        const std::string token = criterion->token(x, room);
        tokens.insert(token);
        const auto known = token_of.emplace(criterion->key(x), token);
        EXPECT_EQ(known.first->second, token) << peer << " " << text;
      }
    }
    EXPECT_EQ(tokens.size(), token_of.size());
  }
}

TEST(SourceCriterion, MutuallyExclusive) {
  SourceCriterionOptions o;
  o.request_host = true;
  o.request_header_name = "X";
  EXPECT_EQ(key(o, By::ip, {}), "error: requestHost and RequestHeaderName are mutually exclusive");
  o.ip_strategy = IpStrategyOptions{};
  EXPECT_EQ(key(o, By::ip, {}), "error: iPStrategy and RequestHeaderName are mutually exclusive");
  o.request_header_name.clear();
  EXPECT_EQ(key(o, By::ip, {}), "error: iPStrategy and RequestHost are mutually exclusive");
}

TEST(WithoutPort, GoSplitHostPort) {
  EXPECT_EQ(without_port("1.2.3.4:5"), "1.2.3.4");
  EXPECT_EQ(without_port("1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(without_port("[::1]:5"), "::1");
  EXPECT_EQ(without_port("[::1]"), "[::1]");
  EXPECT_EQ(without_port("::1"), "::1");
  EXPECT_EQ(without_port(""), "");
}

}  // namespace
}  // namespace gateproof::middleware
