// TCP middlewares (catalogue 3.4; error texts observed).
#include "engine/middleware/tcp_middleware.h"

#include <gtest/gtest.h>

namespace gateproof::middleware {
namespace {

const IpAddress here = IpAddress::v4(127, 0, 0, 1), there = IpAddress::v4(10, 0, 0, 1);

config::IpRangesConfig ranges(std::vector<std::string> entries) {
  config::IpRangesConfig c;
  for (std::string& e : entries) c.source_range.push_back({std::move(e), {}});
  return c;
}

std::string error_of(const config::TcpMiddlewareConfig& m) {
  const auto built = build_tcp_middleware("m@file", m);
  return built ? "" : built.error().message;
}

TEST(TcpIpAllowList, LetsListedPeersThrough) {
  config::TcpMiddlewareConfig c;
  c.ip_allow_list = ranges({"127.0.0.0/8", "::1"});
  auto m = *build_tcp_middleware("m@file", c);
  std::string why;
  EXPECT_TRUE(m->enter(here, &why));
  EXPECT_EQ(why, "127.0.0.1 is in sourceRange");
  EXPECT_FALSE(m->enter(there, &why));
  EXPECT_EQ(why, "10.0.0.1 is not in sourceRange");
  EXPECT_TRUE(m->enter(*IpAddress::parse("::ffff:127.0.0.1"), nullptr));
  EXPECT_EQ(m->stage, "middleware m@file");
}

TEST(TcpIpAllowList, Errors) {
  config::TcpMiddlewareConfig allow, white;
  allow.ip_allow_list = ranges({});
  EXPECT_EQ(error_of(allow), "sourceRange is empty, IPAllowLister not created");
  allow.ip_allow_list = ranges({"x", "y"});
  EXPECT_EQ(error_of(allow),
            "cannot parse CIDRs [x y]: parsing CIDR trusted IPs <nil>: invalid CIDR address: x");
  white.ip_white_list = ranges({});
  EXPECT_EQ(error_of(white), "sourceRange is empty, IPWhiteLister not created");
  white.ip_white_list = ranges({"x"});
  EXPECT_EQ(error_of(white),
            "cannot parse CIDR whitelist [x]: parsing CIDR trusted IPs <nil>: invalid CIDR "
            "address: x");
  EXPECT_EQ(error_of({}),
            "invalid middleware \"m@file\" configuration: invalid middleware type or middleware "
            "does not exist");
}

TEST(InFlightConn, AtTheLimitOneOverAndZero) {
  config::TcpMiddlewareConfig c;
  c.in_flight_conn = config::InFlightConnConfig{2};
  auto m = *build_tcp_middleware("m@file", c);
  std::string why;
  EXPECT_TRUE(m->enter(here, nullptr));
  EXPECT_TRUE(m->enter(here, nullptr));
  EXPECT_FALSE(m->enter(here, &why));
  EXPECT_EQ(why, "2 of 2 connections of 127.0.0.1 are open");
  EXPECT_TRUE(m->enter(there, nullptr));  // each address has its own count
  m->leave(here);
  EXPECT_TRUE(m->enter(here, nullptr));
  for (const int64_t none : {0, -1}) {
    c.in_flight_conn->amount = none;
    EXPECT_FALSE((*build_tcp_middleware("m@file", c))->enter(here, nullptr));
  }
}

TEST(TcpMiddleware, OfSeveralKindsTheListsWin) {  // observed: such an object is enabled
  config::TcpMiddlewareConfig c;
  c.in_flight_conn = config::InFlightConnConfig{0};
  c.ip_white_list = ranges({"10.0.0.0/8"});
  EXPECT_TRUE((*build_tcp_middleware("m@file", c))->enter(there, nullptr));
  c.ip_allow_list = ranges({"127.0.0.1"});
  EXPECT_TRUE((*build_tcp_middleware("m@file", c))->enter(here, nullptr));
}

}  // namespace
}  // namespace gateproof::middleware
