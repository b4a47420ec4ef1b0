// PROXY protocol headers, both ways (catalogue 2.1, 4.8; HAProxy's proxy-protocol.txt sections 2.1 and 2.2).
#include "engine/pipeline/proxy_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::pipeline {
namespace {

SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

TEST(ProxyProtocol, Written) {
  const SocketAddress a = at("10.1.2.3:4000"), b = at("127.0.0.1:80"), c = at("[2001:db8::1]:9");
  EXPECT_EQ(proxy_header(1, a, b), "PROXY TCP4 10.1.2.3 127.0.0.1 4000 80\r\n");
  EXPECT_EQ(proxy_header(1, c, c), "PROXY TCP6 2001:db8::1 2001:db8::1 9 9\r\n");
  EXPECT_EQ(proxy_header(2, a, b),
            signature + std::string("\x21\x11\0\x0c\x0a\1\2\3\x7f\0\0\1\x0f\xa0\0\x50", 16));
  EXPECT_EQ(proxy_header(2, c, b).size(), 16u + 36u);  // one family: IPv6 if either is
}

struct Row {
  std::string bytes;
  ProxyHeader::Kind kind;
  std::string source;  // "": none
};

TEST(ProxyProtocol, Read) {
  const std::string v2 = proxy_header(2, at("10.1.2.3:4000"), at("127.0.0.1:80"));
  for (const Row& row : std::vector<Row>{
           {"PROXY TCP4 10.1.2.3 127.0.0.1 4000 80\r\nGET", ProxyHeader::header, "10.1.2.3:4000"},
           {"PROXY TCP6 ::1 ::2 4000 80\r\n", ProxyHeader::header, "[::1]:4000"},
           {"PROXY UNKNOWN\r\n", ProxyHeader::header, ""},
           {"PROXY UNKNOWN what ever\r\n", ProxyHeader::header, ""},
           {"PROXY TCP4 ::1 127.0.0.1 4000 80\r\n", ProxyHeader::invalid, ""},
           {"PROXY TCP4 10.1.2.3 127.0.0.1 4000\r\n", ProxyHeader::invalid, ""},
           {"PROXY TCP4 10.1.2.3 127.0.0.1 4000 70000\r\n", ProxyHeader::invalid, ""},
           {"PROXY TCP4 10.1.2.3 127.0.0.1 4000 80 \r\n", ProxyHeader::header, "10.1.2.3:4000"},
           {"PROXY UDP4 10.1.2.3 127.0.0.1 4000 80\r\n", ProxyHeader::invalid, ""},
           {"PROXYX", ProxyHeader::need_more, ""},
           {"PROX", ProxyHeader::need_more, ""},
           {"PROPFIND / HTTP/1.1", ProxyHeader::none, ""},
           {"GET / HTTP/1.1", ProxyHeader::none, ""},
           {"\r\n\r\nGET", ProxyHeader::none, ""},
           {v2 + "GET", ProxyHeader::header, "10.1.2.3:4000"},
           {v2.substr(0, 20), ProxyHeader::need_more, ""},
           {signature + std::string("\x20\0\0\0", 4), ProxyHeader::header, ""},    // LOCAL
           {signature + std::string("\x21\x31\0\0", 4), ProxyHeader::header, ""},  // UNIX
           {signature + std::string("\x20\x41\0\0", 4), ProxyHeader::header,
            ""},  // LOCAL: not looked at
           {signature + std::string("\x21\x41\0\0", 4), ProxyHeader::invalid, ""},
           {signature + std::string("\x21\x13\0\x0c", 4), ProxyHeader::invalid, ""},
           {signature + std::string("\x31\x11\0\x0c", 4), ProxyHeader::invalid, ""},
           {signature + std::string("\x22\x11\0\x0c", 4), ProxyHeader::invalid, ""},
           {signature + std::string("\x21\x11\0\x0b", 4), ProxyHeader::invalid, ""},
       }) {
    const ProxyHeader h = read_proxy_header(row.bytes, false);
    EXPECT_EQ(h.kind, row.kind) << row.bytes;
    EXPECT_EQ(h.source ? h.source->to_string() : "", row.source) << row.bytes;
  }
  EXPECT_EQ(read_proxy_header("", true).kind, ProxyHeader::none);
  EXPECT_EQ(read_proxy_header("PROX", true).kind, ProxyHeader::none);
  EXPECT_EQ(read_proxy_header("PROXY TCP4", true).kind, ProxyHeader::invalid);
  EXPECT_EQ(read_proxy_header(v2.substr(0, 20), true).kind, ProxyHeader::invalid);
}

TEST(ProxyProtocol, VersionOneEndsWithinItsLimit) {  // at the limit, one over, empty
  const std::string fits =
      "PROXY UNKNOWN " + std::string(proxy_header_v1_bytes_max - 16, 'x') + "\r\n";
  EXPECT_EQ(read_proxy_header(fits, false).bytes, proxy_header_v1_bytes_max);
  const std::string over =
      "PROXY UNKNOWN " + std::string(proxy_header_v1_bytes_max - 15, 'x') + "\r\n";
  EXPECT_EQ(read_proxy_header(over, false).kind, ProxyHeader::invalid);
  EXPECT_EQ(read_proxy_header("", false).kind, ProxyHeader::need_more);
}

TEST(ProxyProtocolProperty, ReadsWhatItWrites) {
  const bool ok = rc::check("any addresses, any version", [] {
    const auto address = [] {
      SocketAddress a;
      a.ip.v6 = *rc::gen::arbitrary<bool>();
      for (size_t i = 0; i < (a.ip.v6 ? 16u : 4u); ++i)
        a.ip.bytes[i] = *rc::gen::arbitrary<uint8_t>();
      a.ip = a.ip.unmapped();
      a.port = *rc::gen::arbitrary<uint16_t>();
      return a;
    };
    const SocketAddress from = address(), to = address();
    const std::string header = proxy_header(*rc::gen::inRange(1, 3), from, to);
    const ProxyHeader h = read_proxy_header(header + "rest", false);
    RC_ASSERT(h.kind == ProxyHeader::header);
    RC_ASSERT(h.bytes == header.size());
    RC_ASSERT(*h.source == from);
    RC_ASSERT(*h.destination == to);
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::pipeline
