#include "engine/upstream/health_check.h"

#include <gtest/gtest.h>

#include "engine/upstream/failover.h"
#include "engine/upstream/proxy.h"

namespace gateproof::upstream {
namespace {

TEST(ProbeTarget, ResolvesAsGoDoes) {  // catalogue 4.4 path; RFC 3986 section 5.2
  struct Row {
    std::string base, path, want;  // want "": refused
  };
  for (const Row& row : std::vector<Row>{{"", "", "/"},
                                         {"", "/h", "/h"},
                                         {"", "h", "/h"},
                                         {"/base/", "h", "/base/h"},
                                         {"/base", "h", "/h"},
                                         {"/base/", "", "/base/"},
                                         {"/base/", "/h?x=1", "/h?x=1"},
                                         {"/base/", "?x=1", "/base/?x=1"},
                                         {"/a/b/", "../h", "/a/h"},
                                         {"/a/", "./", "/a/"},
                                         {"/a/", "/h#frag", "/h"},
                                         {"/", "//h/x", ""},
                                         {"/", "http://h/x", ""},
                                         {"/", "/%zz", ""}}) {
    const Result<std::string> got = probe_target(row.base, row.path);
    EXPECT_EQ(got.has_value(), !row.want.empty()) << row.path;
    if (got) {
      EXPECT_EQ(*got, row.want) << row.base << " " << row.path;
    }
  }
}

HealthCheckSpec spec_of(const config::HealthCheckConfig& c, const std::string& url) {
  config::ServerConfig s;
  s.url.value = url;
  std::vector<http::OriginServer> servers = {*make_origin_server(s, {})};
  return make_health_check(
      "s@file", c, servers,
      std::make_shared<ServerHealth>(std::vector<std::string>{url}, std::vector<bool>{true}));
}

TEST(HealthCheck, ValuesThatAreNotPositiveBecomeTheDefaults) {
  using std::chrono::seconds;
  config::HealthCheckConfig c;
  c.interval = seconds(0);
  c.timeout = seconds(-1);
  const HealthCheckSpec zero = spec_of(c, "http://h");
  EXPECT_EQ(zero.interval, seconds(30));
  EXPECT_EQ(zero.unhealthy_interval, seconds(30));
  EXPECT_EQ(zero.timeout, seconds(5));
  c.interval = seconds(7);
  EXPECT_EQ(spec_of(c, "http://h").unhealthy_interval, seconds(7));
  c.unhealthy_interval = seconds(0);
  EXPECT_EQ(spec_of(c, "http://h").unhealthy_interval, seconds(30));
}

TEST(HealthCheck, PortHostnameAndHeaders) {
  config::HealthCheckConfig c;
  c.port = 81;
  c.headers = {{"x-a", "b"}, {"host", "ignored"}};
  HealthCheckSpec s = spec_of(c, "http://[::1]:80/base/");
  EXPECT_EQ(s.targets.at(0).server.authority, "[::1]:81");
  EXPECT_EQ(s.targets.at(0).server.address->port, 81);
  EXPECT_EQ(s.targets.at(0).host, "[::1]:81");
  ASSERT_EQ(s.headers.size(), 1u);
  EXPECT_EQ(s.headers[0].first, "X-A");
  c.hostname = "n";
  EXPECT_EQ(spec_of(c, "http://h").targets.at(0).host, "n");
  c.port = 0;
  EXPECT_EQ(spec_of(c, "https://h").targets.at(0).server.port, 443);
  c.scheme = "https";
  EXPECT_EQ(spec_of(c, "http://h").targets.at(0).server.port, 443);
  EXPECT_EQ(spec_of(c, "http://h:80").targets.at(0).server.port, 80);
  c.scheme.clear();
  EXPECT_EQ(spec_of(c, "h2c://h").targets.at(0).server.port, 80);
}

TEST(CodeRanges, OnesAndRanges) {  // catalogue 4.5 errors.status
  const auto parse = [](std::vector<std::string> texts) {
    std::vector<config::Text> list;
    for (std::string& t : texts) list.push_back({std::move(t), {}});
    return CodeRanges::parse(list);
  };
  const auto codes = parse({"500-502", "404"});
  ASSERT_TRUE(codes.has_value());
  for (int c : {500, 502, 404}) EXPECT_TRUE(codes->contains(c)) << c;
  for (int c : {499, 503, 403, 405}) EXPECT_FALSE(codes->contains(c)) << c;
  EXPECT_TRUE(parse({})->empty());
  for (const char* bad : {"abc", "500-", "-500", "", "5x"})
    EXPECT_FALSE(parse({bad}).has_value()) << bad;
  EXPECT_EQ(parse({"abc"}).error().message, "strconv.Atoi: parsing \"abc\": invalid syntax");
}

}  // namespace
}  // namespace gateproof::upstream
