#include "engine/base/utf8.h"

#include <gtest/gtest.h>

namespace gateproof::text {
namespace {

using namespace std::string_literals;

TEST(Utf8, CharactersAtTheEdgesOfTheirRanges) {
  for (const char* one : {"a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                          "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    const std::string s = one;
    EXPECT_EQ(utf8_length(s), s.size()) << s;
    EXPECT_EQ(utf8_length(s + "x"), s.size()) << s;
    EXPECT_TRUE(is_utf8(s + s));
    if (s.size() > 1) EXPECT_EQ(utf8_length(s.substr(0, s.size() - 1)), 0u) << s;
  }
  EXPECT_EQ(utf8_length("\0"s), 1u);
  EXPECT_EQ(utf8_length(""), 0u);
}

TEST(Utf8, CodePointsAtTheEdgesOfTheirLengths) {
  const std::pair<uint32_t, const char*> rows[] = {{0x7F, "\x7f"},
                                                   {0x80, "\xc2\x80"},
                                                   {0x7FF, "\xdf\xbf"},
                                                   {0x800, "\xe0\xa0\x80"},
                                                   {0xFFFF, "\xef\xbf\xbf"},
                                                   {0x10000, "\xf0\x90\x80\x80"},
                                                   {0x10FFFF, "\xf4\x8f\xbf\xbf"}};
  for (const auto& [code, expected] : rows) {
    std::string out = "x";
    append_utf8(out, code);
    EXPECT_EQ(out, "x"s + expected) << code;
  }
}

TEST(Utf8, BytesThatAreNoCharacter) {
  for (const char* none :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82("}) {
    EXPECT_EQ(utf8_length(none), 0u);
    EXPECT_FALSE(is_utf8(none));
  }
}

// Eight bytes of ASCII are passed over at once: a stray one counts wherever it stands.
TEST(Utf8, OneStrayByteAnywhere) {
  const std::string ascii(20, 'a');
  EXPECT_TRUE(is_utf8(ascii));
  for (size_t i = 0; i < ascii.size(); ++i) {
    std::string s = ascii;
    s[i] = '\xff';
    EXPECT_FALSE(is_utf8(s)) << i;
  }
}

TEST(Utf8, StrayBytesAreMended) {
  EXPECT_EQ(mended_utf8("a\xc3\xa4\xffz\xe2\x82"),
            "a\xc3\xa4\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(mended_utf8(""), "");
}

}  // namespace
}  // namespace gateproof::text
