#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

struct Row {
  const char *clause, *options, *peer;
  const char* forwarded;  // X-Forwarded-For, null: none
  int status;
};

const Row rows[] = {
    {"3.2 refused", "sourceRange: [10.0.0.0/8]", "127.0.0.1", nullptr, 403},
    {"3.2 one address", "sourceRange: [127.0.0.1]", "127.0.0.1", nullptr, 200},
    {"3.2 status", "{sourceRange: [10.0.0.1], rejectStatusCode: 404}", "127.0.0.1", nullptr, 404},
    {"3.2 status 0", "{sourceRange: [10.0.0.1], rejectStatusCode: 0}", "127.0.0.1", nullptr, 403},
    {"3.2 status without body", "{sourceRange: [10.0.0.1], rejectStatusCode: 204}", "127.0.0.1",
     nullptr, 204},
    {"3.1 peer without strategy", "sourceRange: [127.0.0.1]", "127.0.0.1", "10.0.0.1", 200},
    {"3.1 empty strategy", "{sourceRange: [127.0.0.1], ipStrategy: {}}", "127.0.0.1", "10.0.0.1",
     200},
    {"3.1 negative depth", "{sourceRange: [127.0.0.1], ipStrategy: {depth: -1}}", "127.0.0.1",
     "10.0.0.1", 200},
    {"IPv6 peer", "sourceRange: ['2001:db8::/32']", "2001:db8::1", nullptr, 200},
    {"IPv4 in IPv6 peer", "sourceRange: [10.0.0.0/8]", "::ffff:10.1.2.3", nullptr, 200},
};

constexpr const char* depth =
    "{sourceRange: [10.0.0.1, 'fe80::/10', '::1', 127.0.0.0/8], ipStrategy: {depth: 2}}";
constexpr const char* excluded =
    "{sourceRange: [10.0.0.1], ipStrategy: {excludedIPs: [10.0.0.2, 192.168.0.0/16]}}";
constexpr const char* subnet =
    "{sourceRange: ['2001:db8::'], ipStrategy: {depth: 1, ipv6Subnet: 64}}";

const Row strategy_rows[] = {
    {"3.1 depth, none", depth, "127.0.0.1", nullptr, 403},
    {"3.1 depth", depth, "127.0.0.1", "10.0.0.1, 1.1.1.1", 200},
    {"3.1 depth, too few", depth, "127.0.0.1", "1.1.1.1", 403},
    {"3.1 depth, blanks", depth, "127.0.0.1", "10.0.0.1 ,", 200},
    {"3.1 depth, port", depth, "127.0.0.1", "10.0.0.1:80, 1", 200},
    {"3.1 depth, zone", depth, "127.0.0.1", "fe80::1%eth0, 1", 200},
    {"3.1 depth, brackets", depth, "127.0.0.1", "[::1], 1", 403},
    {"3.1 depth, brackets and port", depth, "127.0.0.1", "[::1]:80, 1", 200},
    {"3.1 depth, no address", depth, "127.0.0.1", "bogus, 1", 403},
    {"3.1 depth, empty entry", depth, "127.0.0.1", ", 1", 403},
    {"3.1 depth, mapped", depth, "127.0.0.1", "::ffff:10.0.0.1, 1", 200},
    {"3.1 excluded", excluded, "127.0.0.1", "10.0.0.1, 10.0.0.2, 192.168.1.1", 200},
    {"3.1 excluded, blanks skipped", excluded, "127.0.0.1", "10.0.0.1, , 10.0.0.2,", 200},
    {"3.1 all excluded", excluded, "127.0.0.1", "10.0.0.2", 403},
    {"3.1 excluded, none", excluded, "10.0.0.1", nullptr, 403},
    {"3.1 first not excluded", excluded, "127.0.0.1", "10.0.0.1, 5.5.5.5", 403},
    {"3.1 excluded, port of the chosen", excluded, "127.0.0.1", "10.0.0.1:99, 10.0.0.2", 200},
    {"3.1 excluded, port of the excluded", excluded, "127.0.0.1", "10.0.0.1, 10.0.0.2:80", 403},
    {"3.1 ipv6Subnet", subnet, "127.0.0.1", "2001:db8::5", 200},
    {"3.1 ipv6Subnet, other", subnet, "127.0.0.1", "2001:db8:0:1::5", 403},
    {"3.1 ipv6Subnet, no address", subnet, "127.0.0.1", "[2001:db8::5]:80", 403},
    {"3.1 ipv6Subnet of the peer", "{sourceRange: ['2001:db8::'], ipStrategy: {ipv6Subnet: 64}}",
     "2001:db8::9", nullptr, 200},
};

void check(const Row& row, const char* type) {
  Rig rig;
  ASSERT_TRUE(rig.use(type, row.options)) << row.clause << ' ' << rig.why;
  auto x = rig.request("/");
  x->peer.ip = *IpAddress::parse(row.peer);
  if (row.forwarded) x->request.headers.add("X-Forwarded-For", row.forwarded);
  rig.run(*x);
  EXPECT_EQ(x->response.status, row.status) << row.clause;
  if (row.status == 200) return;
  EXPECT_EQ(rig.end->calls, 0) << row.clause;
  EXPECT_EQ(rig.body_of(*x), http::body_allowed(row.status) ? http::status_text(row.status) : "");
  EXPECT_TRUE(x->response.headers.empty()) << row.clause;
}

TEST(IpAllowList, Requests) {
  for (const Row& row : rows) check(row, "ipAllowList");
}
TEST(IpAllowList, Strategies) {
  for (const Row& row : strategy_rows) check(row, "ipAllowList");
}

TEST(IpAllowList, Errors) {
  Rig rig;
  const auto error = [&](const char* yaml) { return rig.build_error("ipAllowList", yaml); };
  EXPECT_EQ(error("sourceRange: []"), "sourceRange is empty, IPAllowLister not created");
  EXPECT_EQ(error("rejectStatusCode: 403"), "sourceRange is empty, IPAllowLister not created");
  EXPECT_EQ(error("sourceRange: [10.0.0.0/99]"),
            "cannot parse CIDRs [10.0.0.0/99]: parsing CIDR trusted IPs <nil>: invalid CIDR "
            "address: 10.0.0.0/99");
  EXPECT_EQ(error("sourceRange: [10.0.0.1, zz]"),
            "cannot parse CIDRs [10.0.0.1 zz]: parsing CIDR trusted IPs <nil>: invalid CIDR "
            "address: zz");
  EXPECT_EQ(error("{sourceRange: [10.0.0.1], rejectStatusCode: 999}"),
            "invalid HTTP status code 999");
  EXPECT_EQ(error("{sourceRange: [10.0.0.1], ipStrategy: {ipv6Subnet: 0}}"),
            "invalid IPv6 subnet 0 value, should be greater to 0 and lower or equal to 128");
  EXPECT_EQ(error("{sourceRange: [10.0.0.1], ipStrategy: {ipv6Subnet: 128}}"), "");
  EXPECT_EQ(error("{sourceRange: [10.0.0.1], ipStrategy: {ipv6Subnet: 129}}"),
            "invalid IPv6 subnet 129 value, should be greater to 0 and lower or equal to 128");
  EXPECT_EQ(error("{sourceRange: [10.0.0.1], ipStrategy: {excludedIPs: [zz]}}"),
            "parsing CIDR trusted IPs <nil>: invalid CIDR address: zz");
}

}  // namespace
}  // namespace gateproof::middleware
