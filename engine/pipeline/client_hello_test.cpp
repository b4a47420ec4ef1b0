// What the first bytes of a connection are (catalogue 1.10 steps 2 to 4; corners observed).
#include "engine/pipeline/client_hello.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/text.h"

namespace gateproof::pipeline {
namespace {

// A ClientHello of OpenSSL 3 for Shop.Example.TEST, offering h2 and http/1.1.
constexpr std::string_view recorded =
    "1603010200010001fc03033836b89861839c3c1ecb5b6e4288aa924abaecd9bb72b79efee8e858109005c420e5a71d"
    "e85db0"
    "d194e482d9078e5ee0c195d6d29ada47918a22fa714d39f6dd8f0024130213031301c02cc030c02bc02fcca9cca8c0"
    "24c028"
    "c023c027009f009e006b006700ff0100018f00000016001400001153686f702e4578616d706c652e54455354000b00"
    "040300"
    "0102000a00160014001d0017001e0019001801000101010201030104002300000010000e000c02683208687474702f"
    "312e31"
    "0016000000170000000d002a0028040305030603080708080809080a080b0804080508060401050106010303030103"
    "020402"
    "05020602002b00050403040303002d00020101003300260024001d002041604cff5d253ae98aedac669b2e8dd3df83"
    "49131b"
    "5aeb2e29a0b2afc71e5857001500ca0000000000000000000000000000000000000000000000000000000000000000"
    "000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000"
    "0000000000000000000000000000000000";

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(text::hex_value(hex[i]) * 16 + text::hex_value(hex[i + 1]));
  return out;
}

std::string in_records(std::string_view hello, size_t bytes) {
  std::string out;
  for (std::string_view body = hello.substr(5); !body.empty();) {
    const std::string_view part = body.substr(0, bytes);
    out += hello.substr(0, 3);
    out += static_cast<char>(part.size() >> 8);
    out += static_cast<char>(part.size() & 0xFF);
    out += part;
    body.remove_prefix(part.size());
  }
  return out;
}

// A hello with these extensions and nothing else.
std::string with_extensions(std::string_view extensions) {
  const auto two = [](size_t n) {
    return std::string{static_cast<char>(n >> 8), static_cast<char>(n & 0xFF)};
  };
  std::string body = "\3\3" + std::string(32, 'r') + std::string(1, '\0') + two(2) + "\x13\x01" +
                     std::string("\1\0", 2) + two(extensions.size()) + std::string(extensions);
  std::string message = std::string("\1\0", 2) + two(body.size()) + body;
  return "\x16\3\1" + two(message.size()) + message;
}

struct Seen {
  Opening opening;
  ClientHello hello;
};
Seen look(std::string_view bytes, bool ended = false) {
  Seen s;
  s.opening = look_at_opening(bytes, ended, s.hello);
  return s;
}

TEST(ClientHello, NameAndProtocols) {
  const Seen s = look(bytes_of(recorded));
  EXPECT_EQ(s.opening, Opening::tls);
  EXPECT_EQ(s.hello.server_name, "shop.example.test");
  EXPECT_EQ(s.hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
}

TEST(ClientHello, SpreadOverRecords) {  // observed: routed by its name all the same
  for (size_t bytes : {1, 4, 20, 100, 500}) {
    const Seen s = look(in_records(bytes_of(recorded), bytes));
    EXPECT_EQ(s.opening, Opening::tls) << bytes;
    EXPECT_EQ(s.hello.server_name, "shop.example.test") << bytes;
  }
}

TEST(ClientHello, EveryPrefixNeedsMoreAndEndsClosed) {
  const std::string all = bytes_of(recorded);
  for (size_t n = 0; n < all.size(); ++n) {
    const std::string part = all.substr(0, n);
    EXPECT_EQ(look(part).opening, Opening::need_more) << n;
    EXPECT_EQ(look(part, true).opening, Opening::broken) << n;
  }
}

TEST(ClientHello, WhatElseMayOpenAConnection) {
  const std::string postgres(postgres_ssl_request);
  EXPECT_EQ(look(postgres).opening, Opening::postgres);
  EXPECT_EQ(look(postgres.substr(0, 7)).opening, Opening::need_more);
  EXPECT_EQ(look(postgres.substr(0, 7), true).opening, Opening::plain);
  EXPECT_EQ(look(postgres.substr(0, 4) + "x").opening, Opening::plain);
  EXPECT_EQ(look("GET / HTTP/1.1").opening, Opening::plain);
  EXPECT_EQ(look("\x80\x2e\x01").opening, Opening::tls);                     // SSLv2
  EXPECT_EQ(look(std::string("\x16\3\1\0\0", 5)).opening, Opening::broken);  // an empty record
  EXPECT_EQ(look("\x16\3\1\xff\xff").opening, Opening::broken);              // too long a record
  const std::string other("\x16\3\1\0\4\2\0\0\0", 9);  // no ClientHello: told when it is whole
  EXPECT_EQ(look(other).opening, Opening::broken);
  EXPECT_EQ(look(other.substr(0, 8)).opening, Opening::need_more);
}

TEST(ClientHello, BrokenHellosAreClosed) {
  const struct {
    std::string what, extensions, name;
  } rows[] = {
      {"a name", std::string("\0\0\0\6\0\4\0\0\1a", 10), "a"},
      {"two names", std::string("\0\0\0\12\0\10\0\0\1a\0\0\1b", 14), ""},
      {"a final dot", std::string("\0\0\0\7\0\5\0\0\2a.", 11), ""},
      {"an empty name", std::string("\0\0\0\5\0\3\0\0\0", 9), ""},
      {"an empty list", std::string("\0\0\0\2\0\0", 6), ""},
      {"bytes behind the list", std::string("\0\0\0\7\0\4\0\0\1ax", 11), ""},
      {"the extension twice", std::string("\0\0\0\6\0\4\0\0\1a\0\0\0\6\0\4\0\0\1b", 20), ""},
      {"an empty protocol", std::string("\0\0\0\6\0\4\0\0\1a\0\x10\0\3\0\1\0", 17), ""},
      {"a length beyond the end", std::string("\0\0\0\x60\0\4\0\0\1a", 10), ""},
  };
  for (const auto& row : rows) {
    const Seen s = look(with_extensions(row.extensions));
    EXPECT_EQ(s.opening, row.name.empty() ? Opening::broken : Opening::tls) << row.what;
    EXPECT_EQ(s.hello.server_name, row.name) << row.what;
    if (row.name.empty()) EXPECT_TRUE(s.hello.alpn.empty()) << row.what;
  }
}

TEST(ClientHello, ThousandsOfExtensionsAndOneOfThemTwice) {
  std::string extensions;
  for (int type = 100; type < 4000; ++type)
    extensions += {static_cast<char>(type >> 8), static_cast<char>(type & 0xFF), '\0', '\0'};
  EXPECT_EQ(look(with_extensions(extensions)).opening, Opening::tls);
  EXPECT_EQ(look(with_extensions(extensions + std::string("\0\x7f\0\0", 4))).opening,
            Opening::broken);
}

// A message of type ClientHello with a body of so many bytes, and only its first record.
std::string begin_of(size_t body_bytes) {
  const std::string message = {1, static_cast<char>(body_bytes >> 16),
                               static_cast<char>(body_bytes >> 8), static_cast<char>(body_bytes)};
  return std::string("\x16\3\1\0\4", 5) + message;
}

// client_hello_bytes_max: at the limit, one over, zero.
TEST(ClientHello, Limit) {
  EXPECT_EQ(look(begin_of(client_hello_bytes_max)).opening, Opening::need_more);
  EXPECT_EQ(look(begin_of(client_hello_bytes_max + 1)).opening, Opening::broken);
  EXPECT_EQ(look(begin_of(0)).opening, Opening::broken);
}

// client_hello_wire_bytes_max: one under, at the limit, nothing.
TEST(ClientHello, LimitOfTheRecords) {
  std::string bytes = begin_of(client_hello_bytes_max);
  while (bytes.size() < client_hello_wire_bytes_max) bytes += std::string("\x16\3\1\0\1", 5) + "x";
  EXPECT_EQ(look(std::string_view(bytes).substr(0, client_hello_wire_bytes_max - 1)).opening,
            Opening::need_more);
  EXPECT_EQ(look(std::string_view(bytes).substr(0, client_hello_wire_bytes_max)).opening,
            Opening::broken);
  EXPECT_EQ(look("").opening, Opening::need_more);
}

// Never reads over: each prefix is given in an allocation of its own, under the address sanitizer.
TEST(ClientHelloProperty, ChangedBytesNeverReadOver) {
  const bool ok = rc::check("any change, any cut", [] {
    std::string bytes = bytes_of(recorded);
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i)
      bytes[*rc::gen::inRange<size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    const std::string cut(
        bytes.begin(),
        bytes.begin() + static_cast<ptrdiff_t>(*rc::gen::inRange<size_t>(0, bytes.size() + 1)));
    const Seen s = look(cut);
    if (s.opening == Opening::need_more) RC_ASSERT(s.hello.server_name.empty());
    RC_ASSERT(look(cut, true).opening != Opening::need_more);
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::pipeline
