#include "engine/middleware/ip_strategy.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

std::string client(const IpStrategyOptions& o, std::string_view forwarded,
                   std::string_view peer = "127.0.0.1") {
  Rig rig;
  auto x = rig.request("/", {"X-Forwarded-For: " + std::string(forwarded)});
  x->peer = {*IpAddress::parse(peer), 1};
  const auto strategy = IpStrategy::compile(o);
  return strategy ? strategy->client_ip(*x) : "error: " + strategy.error().message;
}

TEST(IpStrategy, Depth) {
  const std::tuple<const char*, int64_t, const char*, const char*> rows[] = {
      {"3.1 rightmost", 1, "1.1.1.1, 2.2.2.2", "2.2.2.2"},
      {"3.1 at the number of entries", 2, "1.1.1.1, 2.2.2.2", "1.1.1.1"},
      {"3.1 one over", 3, "1.1.1.1, 2.2.2.2", ""},
      {"3.1 zero is the peer", 0, "1.1.1.1", "127.0.0.1"},
      {"below zero is the peer", -1, "1.1.1.1", "127.0.0.1"},
      {"no address is told as it is", 1, "banana", "banana"},
      {"no line", 1, "", ""},
      {"blanks count as entries", 2, "1.1.1.1, ", "1.1.1.1"},
  };
  for (const auto& [clause, depth, forwarded, expected] : rows)
    EXPECT_EQ(client({.depth = depth}, forwarded), expected) << clause;
  EXPECT_EQ(client({.depth = 1, .excluded_ips = {"2.2.2.2"}}, "1.1.1.1, 2.2.2.2"), "2.2.2.2")
      << "3.1 depth wins";
}

TEST(IpStrategy, Excluded) {
  const IpStrategyOptions o{.excluded_ips = {"10.0.0.0/8", "2.2.2.2"}};
  EXPECT_EQ(client(o, "1.1.1.1, 2.2.2.2, 10.1.2.3"), "1.1.1.1");
  EXPECT_EQ(client(o, "1.1.1.1, , 2.2.2.2"), "1.1.1.1") << "3.1 blanks skipped";
  EXPECT_EQ(client(o, "2.2.2.2"), "") << "3.1 none left";
  EXPECT_EQ(client({.excluded_ips = {"zz"}}, ""),
            "error: parsing CIDR trusted IPs <nil>: invalid CIDR address: zz");
}

TEST(IpStrategy, Subnet) {
  const auto error = [](int64_t bits) {
    return "error: invalid IPv6 subnet " + std::to_string(bits) +
           " value, should be greater to 0 and lower or equal to 128";
  };
  const char* peer = "2001:db8::ffff";
  EXPECT_EQ(client({.ipv6_subnet = 0}, "", peer), error(0)) << "zero";
  EXPECT_EQ(client({.ipv6_subnet = 1}, "", peer), "::");
  EXPECT_EQ(client({.ipv6_subnet = 32}, "", peer), "2001:db8::");
  EXPECT_EQ(client({.ipv6_subnet = 128}, "", peer), peer) << "at the limit";
  EXPECT_EQ(client({.ipv6_subnet = 129}, "", peer), error(129)) << "one over";
  EXPECT_EQ(client({.ipv6_subnet = 1}, "", "1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(client({.depth = 1, .ipv6_subnet = 16}, "2001:db8::1"), "2001::");
  EXPECT_EQ(client({.excluded_ips = {"::1"}, .ipv6_subnet = 16}, "2001:db8::1"), "2001:db8::1")
      << "3.1 not with excludedIPs";
}

TEST(IpList, Contains) {
  const std::vector<std::string> entries = {"10.0.0.0/30", "fe80::/64", "1.2.3.4"};
  const IpList list = IpList::parse(entries).value();
  const std::pair<const char*, bool> rows[] = {
      {"10.0.0.3", true},     {"10.0.0.4", false},     {"1.2.3.4", true}, {"::ffff:1.2.3.4", true},
      {"fe80::1%eth0", true}, {"fe80:0:0:1::", false}, {"", false},       {"banana", false},
  };
  for (const auto& [address, in] : rows) EXPECT_EQ(list.contains(address), in) << address;
  EXPECT_FALSE(IpList::parse({}).value().contains("1.2.3.4")) << "an empty list";
}

}  // namespace
}  // namespace gateproof::middleware
