#include "engine/base/address.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof {
namespace {

TEST(IpAddress, ParsesAndPrintsAsNetip) {
  const std::pair<const char*, const char*> rows[] = {
      {"1.2.3.4", "1.2.3.4"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},  // RFC 5952 4.2.3: the first of equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},  // one group is not shortened
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"::1.2.3.4", "::102:304"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"fe80::0:1", "fe80::1"}};
  for (const auto& [in, out] : rows) {
    const auto ip = IpAddress::parse(in);
    ASSERT_TRUE(ip) << in;
    EXPECT_EQ(ip->to_string(), out) << in;
  }
}

TEST(IpAddress, Refuses) {
  for (const char* bad : {"",
                          "1",
                          "1.2.3",
                          "1.2.3.4.5",
                          "1.2.3.256",
                          "01.2.3.4",
                          "1.2.3.4 ",
                          " 1.2.3.4",
                          "1..3.4",
                          "1.2.3.",
                          ".1.2.3",
                          "1.2.3.1000",
                          "+1.2.3.4",
                          ":",
                          ":::",
                          "1:",
                          ":1",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1::2::3",
                          "12345::",
                          "g::",
                          "1:2:3:4:5:6:7::8",
                          "::1%eth0",
                          "[::1]",
                          "::1.2.3",
                          "1.2.3.4::",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "1:2:3:4:5:6:7:8::",
                          "::ffff:01.2.3.4",
                          "1:2:3:4:5:6:7:"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
}

TEST(IpAddress, RoundTrip) {
  EXPECT_TRUE(
      rc::check("parse(to_string(x)) == x", [](const std::array<uint8_t, 16>& bytes, bool v6) {
        IpAddress ip;
        ip.v6 = v6;
        std::copy_n(bytes.begin(), v6 ? 16 : 4, ip.bytes.begin());
        if (v6 && bytes[0] % 3 == 0) std::fill_n(ip.bytes.begin() + bytes[1] % 10, 4, uint8_t{0});
        RC_ASSERT(IpAddress::parse(ip.to_string()) == ip);
      }));
}

TEST(IpNetwork, ContainsAsGo) {
  struct Row {
    const char *network, *ip;
    bool inside;
  };
  const Row rows[] = {{"10.0.0.0/8", "10.255.0.1", true},
                      {"10.0.0.0/8", "11.0.0.0", false},
                      {"10.1.2.3/8", "10.9.9.9", true},
                      {"0.0.0.0/0", "1.2.3.4", true},
                      {"0.0.0.0/0", "::1", false},
                      {"::/0", "::1", true},
                      {"::/0", "1.2.3.4", false},
                      {"1.2.3.4", "1.2.3.4", true},
                      {"1.2.3.4", "1.2.3.5", false},
                      {"10.0.0.0/31", "10.0.0.1", true},
                      {"10.0.0.0/31", "10.0.0.2", false},
                      {"10.0.0.0/8", "::ffff:10.0.0.1", true},  // a mapped peer is its IPv4 address
                      {"::ffff:10.0.0.0/104", "10.1.1.1", true},
                      {"::ffff:10.0.0.0/104", "11.1.1.1", false},
                      {"2001:db8::/33", "2001:db8:7fff::1", true},
                      {"2001:db8::/33", "2001:db8:8000::1", false}};
  for (const Row& r : rows) {
    const auto n = IpNetwork::parse(r.network);
    ASSERT_TRUE(n) << r.network;
    EXPECT_EQ(n->contains(*IpAddress::parse(r.ip)), r.inside) << r.network << " " << r.ip;
  }
}

// Inside is who has the same leading bits: those of masked().
TEST(IpNetwork, ContainsWhatHasTheSameMask) {
  EXPECT_TRUE(rc::check([] {
    IpAddress base, ip;
    base.v6 = ip.v6 = *rc::gen::arbitrary<bool>();
    const unsigned total = base.v6 ? 128 : 32;
    for (unsigned i = 0; i < total / 8; ++i)
      base.bytes[i] = ip.bytes[i] = *rc::gen::arbitrary<uint8_t>();
    const auto flipped = *rc::gen::inRange<unsigned>(0, total);
    ip.bytes[flipped / 8] ^= static_cast<uint8_t>(0x80u >> flipped % 8);
    const auto bits = *rc::gen::inRange<unsigned>(0, total + 1);
    const IpNetwork network{base.masked(bits), bits};
    RC_ASSERT(network.contains(ip) == (ip.masked(bits) == base.masked(bits)));
    RC_ASSERT(network.contains(ip) == (flipped >= bits));
    RC_ASSERT(network.contains(base));
  }));
}

TEST(IpNetwork, RefusesWithTheText) {
  for (const char* bad : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8",
                          "10.0.0/8", "a/8", "/8", "10.0.0.0/8/8"}) {
    const auto n = IpNetwork::parse(bad);
    ASSERT_FALSE(n) << bad;
    EXPECT_EQ(n.error().code, Code::invalid);
    EXPECT_NE(n.error().message.find(bad), std::string::npos);
  }
}

TEST(SocketAddress, ParseAndPrint) {
  for (const char* good : {"127.0.0.1:80", "[::1]:65535", "0.0.0.0:0"})
    EXPECT_EQ(SocketAddress::parse(good)->to_string(), good);
  for (const char* bad : {"127.0.0.1", "::1:80", "[127.0.0.1]:80", "127.0.0.1:", "127.0.0.1:65536",
                          "[::1]", ":80", "[::1]80"}) {
    EXPECT_FALSE(SocketAddress::parse(bad)) << bad;
  }
}

TEST(HostPort, SplitsAsGo) {
  struct Row {
    const char *text, *host, *port;
  };
  const Row rows[] = {{"a:80", "a", "80"},
                      {"a", "a", ""},
                      {"a:", "a", ""},
                      {":80", "", "80"},
                      {"", "", ""},
                      {"[::1]:80", "::1", "80"},
                      {"[::1]", "::1", ""},
                      {"::1", "::1", ""},
                      {"a:b:c", "a:b:c", ""},
                      {"[::1", "[::1", ""},
                      {"[::1]x:80", "[::1]x:80", ""},
                      {"a]:80", "a]:80", ""},
                      {"[a]:80:90", "[a]:80:90", ""}};
  for (const Row& r : rows) {
    const HostPort got = split_host_port(r.text);
    EXPECT_EQ(got.host, r.host) << r.text;
    EXPECT_EQ(got.port, r.port) << r.text;
  }
}

TEST(HostPort, FailsWhereGoFails) {
  for (const char* good : {"a:80", "a:", ":80", "[::1]:80", "[]:1"})
    EXPECT_TRUE(parse_host_port(good)) << good;
  for (const char* bad :
       {"a", "", "[::1]", "::1", "a:b:c", "[::1", "[::1]x:80", "a]:80", "a:8]", "[a]:80:90"})
    EXPECT_FALSE(parse_host_port(bad)) << bad;
}

}  // namespace
}  // namespace gateproof
