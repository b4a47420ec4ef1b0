#include "engine/middleware/compress_encoding.h"

#include <gtest/gtest.h>

namespace gateproof::middleware {
namespace {

const std::vector<Coding> all = {Coding::gzip, Coding::brotli, Coding::zstd};

// "gzip", "gzip (vary)" where the gzip stage compresses nothing, "-" for none.
std::string chosen(std::optional<std::string_view> accept, const std::vector<Coding>& preference,
                   std::optional<Coding> fallback = {}) {
  const auto c = choose_coding(accept, preference, fallback);
  if (!c) return "-";
  return std::string(coding_name(c->coding)) + (c->only_vary ? " (vary)" : "");
}

TEST(CompressEncoding, Names) {
  for (Coding c : all) EXPECT_EQ(coding_by_name(coding_name(c)), c);
  for (const char* none : {"", "GZIP", "gzip ", "deflate", "x-gzip", "identity", "*"})
    EXPECT_EQ(coding_by_name(none), std::nullopt) << none;
}

TEST(CompressEncoding, AListedTwiceNameHasItsLastPlace) {
  const std::vector<Coding> twice = {Coding::brotli, Coding::gzip, Coding::brotli};
  EXPECT_EQ(chosen("br, gzip", twice), "gzip");
  EXPECT_EQ(chosen("br, gzip;q=0.9", twice), "br");
  EXPECT_EQ(chosen("*", twice), "br");  // the first of the list
}

TEST(CompressEncoding, Choice) {
  struct Row {
    const char *clause, *accept, *expected;
  };
  const Row rows[] = {
      {"3.2 highest q", "gzip;q=0.1, br;q=0.2, zstd;q=0.15", "br"},
      {"3.2 ties by the list's order", "zstd, br, gzip", "gzip"},
      {"3.2 one over a tie", "gzip;q=0.500, br;q=0.501", "br"},
      {"3.2 q=0 removed", "gzip;q=0, br;q=0.000", "-"},
      {"3.2 smallest q", "br;q=0.001", "br"},
      {"3.2 q above 1 is a number like others", "gzip, br;q=2", "br"},
      {"3.2 q below 0 is a number like others", "br;q=-1", "br"},
      {"q that is none", "br;q=high", "-"},
      {"q that is not a number", "br;q=nan", "-"},
      {"Q in upper case is not seen", "br;Q=0", "br"},
      {"3.2 unknown ignored", "deflate, x, br;q=0.1", "br"},
      {"3.2 empty value", "", "-"},
      {"only commas", ",,", "-"},
      {"identity wins by q", "identity, br;q=0.9", "-"},
      {"identity loses a tie", "identity, br", "br"},
      {"3.2 star with gzip first", "*", "gzip (vary)"},
      {"star and gzip", "*, gzip;q=0.1", "gzip"},
      {"star with q=0", "*;q=0", "-"},
  };
  for (const Row& row : rows) EXPECT_EQ(chosen(row.accept, all), row.expected) << row.clause;
}

TEST(CompressEncoding, DefaultAndPreference) {
  EXPECT_EQ(chosen(std::nullopt, all), "-") << "3.2 no Accept-Encoding";
  EXPECT_EQ(chosen(std::nullopt, all, Coding::brotli), "br") << "3.2 unless defaultEncoding";
  EXPECT_EQ(chosen(std::nullopt, all, Coding::gzip), "gzip (vary)");
  EXPECT_EQ(chosen("", all, Coding::brotli), "-") << "3.2 an empty value is one";
  EXPECT_EQ(chosen("*", all, Coding::zstd), "zstd");
  EXPECT_EQ(chosen("gzip, br", {Coding::brotli, Coding::gzip}), "br");
  EXPECT_EQ(chosen("gzip", {Coding::brotli}), "-") << "not in the list";
  const auto second_line = choose_coding("br;q=0, gzip", all, {}, "br;q=0");
  ASSERT_TRUE(second_line);
  EXPECT_TRUE(second_line->only_vary) << "the gzip stage looks at the first line only";
}

}  // namespace
}  // namespace gateproof::middleware
