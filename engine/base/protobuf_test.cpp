#include "engine/base/protobuf.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::protobuf {
namespace {

using namespace std::string_literals;

// "number:value" and "number=bytes" of each field; "bad" behind what was read when it is malformed.
std::string fields(std::string_view bytes) {
  Reader r(bytes);
  Field f;
  std::string out;
  while (r.next(f)) {
    out += std::to_string(f.number);
    out += f.wire == 2 ? "=" + std::string(f.bytes) : ":" + std::to_string(f.value);
    out += ' ';
  }
  return out + (r.bad() ? "bad" : "");
}

TEST(Protobuf, Fields) {
  struct Row {
    std::string bytes, expected;
  };
  for (const Row& row : std::vector<Row>{
           {"", ""},
           {"\x08\x96\x01", "1:150 "},
           {"\x12\x02hi", "2=hi "},
           {"\x1d\x01\x00\x00\x00\x21\x02\x00\x00\x00\x00\x00\x00\x00"s, "3:1 4:2 "},
           {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "1:18446744073709551615 "},
           {"\x08", "bad"},
           {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "bad"},  // eleven bytes
           {"\x12\x03hi", "bad"},
           {"\x08\x01\x0b", "1:1 bad"},  // a group
           {"\x00\x01"s, "bad"},         // field 0
           {"\xfa\xff\xff\xff\x0f\x01x", "536870911=x "},
           {"\xfa\xff\xff\xff\x1f\x01x", "bad"},  // one more than the largest number
       })
    EXPECT_EQ(fields(row.bytes), row.expected) << row.bytes;
}

TEST(Protobuf, WhatSaysNothingStaysOut) {
  Writer inner, w;
  w.number(1, 0);
  w.bytes(2, "");
  w.message(3, inner);
  w.number(4, 150);
  w.text(5, "a\xff");
  EXPECT_EQ(w.written(), "\x1a\x00\x20\x96\x01\x2a\x02"s + "a!");
}

TEST(Protobuf, WhatIsWrittenIsRead) {
  const bool ok = rc::check("any numbers and bytes", [] {
    const auto numbers = *rc::gen::arbitrary<std::vector<uint64_t>>();
    const auto blobs = *rc::gen::arbitrary<std::vector<std::string>>();
    Writer w;
    std::string expected;
    for (const uint64_t n : numbers) {
      w.number(7, n);
      if (n != 0) expected += "7:" + std::to_string(n) + " ";
    }
    for (const std::string& b : blobs) {
      w.bytes(8, b);
      if (!b.empty()) expected += "8=" + b + " ";
    }
    RC_ASSERT(fields(w.written()) == expected);
  });
  EXPECT_TRUE(ok);
}

TEST(Protobuf, TextsAreMendedByteByByte) {
  EXPECT_EQ(as_utf8("x\xc3\xbcy"), "x\xc3\xbcy");
  struct Row {
    std::string bad, mended;
  };
  for (const Row& row : std::vector<Row>{{"\xff", "!"},
                                         {"\xc0\xaf", "!!"},            // overlong
                                         {"\xe0\x9f\xbf", "!!!"},       // overlong
                                         {"\xed\xa0\x80", "!!!"},       // a surrogate
                                         {"\xf4\x90\x80\x80", "!!!!"},  // beyond the last one
                                         {"a\xc3", "a!"},
                                         {"\xe4\xb8z", "!!z"}}) {
    EXPECT_EQ(as_utf8(row.bad), row.mended);
  }
}

}  // namespace
}  // namespace gateproof::protobuf
