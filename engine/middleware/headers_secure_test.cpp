#include "engine/middleware/headers_secure.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

TEST(HeadersSecure, StrictTransport) {
  struct Row {
    const char* clause;
    std::optional<int64_t> seconds;
    bool subdomains, preload, forced, development, tls;
    const char* expected;
  };
  const Row rows[] = {
      {"3.3 over TLS", 1, false, false, false, false, true, "max-age=1"},
      {"3.3 not without TLS", 1, false, false, false, false, false, "-"},
      {"3.3 forced", 1, false, false, true, false, false, "max-age=1"},
      {"3.3 zero is off", 0, true, true, true, false, true, "-"},
      {"3.3 not written", std::nullopt, true, true, true, false, true, "-"},
      {"3.3 below zero", -1, false, false, false, false, true, "max-age=-1"},
      {"3.3 subdomains", 5, true, false, false, false, true, "max-age=5; includeSubDomains"},
      {"3.3 preload", 5, false, true, false, false, true, "max-age=5; preload"},
      {"3.3 both", 5, true, true, false, false, true, "max-age=5; includeSubDomains; preload"},
      {"3.3 development", 5, true, true, true, true, true, "-"},
  };
  for (const Row& row : rows) {
    HeadersOptions o;
    o.sts_seconds = row.seconds;
    o.sts_include_subdomains = row.subdomains;
    o.sts_preload = row.preload;
    o.force_sts_header = row.forced;
    o.is_development = row.development;
    Rig rig;
    auto x = rig.request("/");
    x->tls = row.tls;
    const SecureHeaders made(o);  // outlives what it has edited, as a snapshot does
    made.edit_response(*x);
    EXPECT_EQ(lines_of(x->response.headers, "Strict-Transport-Security"), row.expected)
        << row.clause;
  }
}

TEST(HeadersSecure, ReplacesTheServersLines) {
  HeadersOptions o;
  o.frame_deny = true;
  Rig rig;
  auto x = rig.request("/");
  x->response.headers.add("X-Frame-Options", "a");
  x->response.headers.add("X-Frame-Options", "b");
  const SecureHeaders made(o);
  made.edit_response(*x);
  EXPECT_EQ(lines_of(x->response.headers, "X-Frame-Options"), "DENY");
  EXPECT_EQ(x->response.headers.size(), 1u) << "an empty option is not sent";
}

TEST(HeadersSecure, Hosts) {
  HeadersOptions o;
  o.allowed_hosts = {"a.test"};
  o.hosts_proxy_headers = {"X-One", "X-Two"};
  struct Row {
    std::vector<std::string> lines;
    bool allowed;
  };
  const Row rows[] = {
      {{"Host: A.TEST"}, true},
      {{"Host: a.test:80"}, false},
      {{"X-One:", "X-Two: a.test", "Host: b"}, true},
      {{"X-One: b", "X-Two: a.test", "Host: a.test"}, false},
  };
  for (const Row& row : rows) {
    Rig rig;
    EXPECT_EQ(SecureHeaders(o).host_allowed(rig.request("/", row.lines)->request), row.allowed)
        << row.lines.front();
  }
  o.is_development = true;
  Rig rig;
  EXPECT_TRUE(SecureHeaders(o).host_allowed(rig.request("/", {"Host: b"})->request));
}

}  // namespace
}  // namespace gateproof::middleware
