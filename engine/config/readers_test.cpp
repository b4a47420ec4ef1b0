// Conversions of Traefik's file decoder. Rows without another name were observed on Traefik 3.7.15.
#include <gtest/gtest.h>

#include "engine/config/plain_scalar.h"
#include "engine/config/schema.h"
#include "engine/config/testing_types.h"

namespace gateproof::config {
namespace {

struct Everything {
  std::string text;
  bool flag = false;
  int64_t number = 0;
  int small = 0;
  Duration duration{};
  std::vector<std::string> list;
  std::map<std::string, std::string> map;
  double real = 0;
  std::vector<double> reals;
};

const Schema<Everything>& everything() {
  static const Schema<Everything> schema = [] {
    Schema<Everything> s;
    s.field("text", &Everything::text, "string").field("flag", &Everything::flag, "bool");
    s.field("number", &Everything::number, "integer").field("small", &Everything::small, "integer");
    s.field("duration", &Everything::duration, "duration")
        .field("list", &Everything::list, "list of strings");
    s.field("map", &Everything::map, "map").field("real", &Everything::real, "number");
    s.field("reals", &Everything::reals, "list of numbers");
    return s;
  }();
  return schema;
}

struct Decoded {
  Everything value;
  Findings findings;
  bool failed = false;
};

Decoded decode(const std::string& yaml) {
  Decoded d;
  const Result<Document> doc = parse_document(yaml, "t.yml", Format::yaml);
  EXPECT_TRUE(doc.has_value()) << yaml << ": " << (doc.has_error() ? doc.error().message : "");
  if (doc.has_error()) return d;
  DecodeContext c{d.findings, "thing t"};
  everything().decode(doc->root, &d.value, c);
  d.failed = c.failed;
  return d;
}

TEST(Readers, TextIsWhatGoWouldPrint) {
  const std::pair<const char*, const char*> rows[] = {
      {"text: abc", "abc"},
      {"text: 12", "12"},
      {"text: 1.5", "1.500000"},
      {"text: 12.0", "12"},
      {"text: 0x1F", "31"},
      {"text: 017", "15"},
      {"text: 0o17", "15"},
      {"text: 08", "8"},
      {"text: True", "true"},
      {"text: yes", "yes"},
      {"text: 1e3", "1000"},
      {"text: 1_000", "1000"},
      {"text: .inf", "+Inf"},
      {"text: -.inf", "-Inf"},
      {"text: .nan", "NaN"},
      {"text: '1.5'", "1.5"},
      {"text: \"True\"", "True"},
      {"text: !!str 0x1F", "0x1F"},
      {"text: 99999999999999999999", "100000000000000000000"},
      {"text: -0", "0"},
      {"text: [a, b]",
       "\xE2\x95\x91"
       "24"
       "\xE2\x95\x91"
       "a"
       "\xE2\x95\x91"
       "b"},
      {"text: 18446744073709551615", "18446744073709551615"},
      {"text: 1.2.3.4", "1.2.3.4"},
      {"text: '2001-12-14'", "2001-12-14"},
      {"text: 2001-13-14", "2001-13-14"},
      {"text: .5", "0.500000"}};
  for (const auto& [yaml, want] : rows) {
    const Decoded d = decode(yaml);
    EXPECT_EQ(d.value.text, want) << yaml;
    EXPECT_FALSE(d.failed) << yaml;
  }
}

TEST(Readers, NullIsAsIfTheKeyWereNotThere) {
  for (const char* yaml : {"text:", "text: ~", "text: null", "nope: null", "nope:"}) {
    const Decoded d = decode(yaml);
    EXPECT_FALSE(d.failed) << yaml;
    EXPECT_TRUE(d.findings.list().empty()) << yaml;
  }
}

TEST(Readers, Errors) {
  const std::pair<const char*, const char*> rows[] = {
      {"text: {a: b}", "GP0102 1:7 expected a text, found an object"},
      {"text: [a, [b]]", "GP0102 1:11 expected a text, found a list with a list"},
      {"text: [{a: b}]", "GP0102 1:8 expected a text, found a list with an object"},
      {"text: 2001-12-14",
       "GP0102 1:7 this is read as a date, which no option takes: uses unsupported type: struct"},
      {"number: 12.5", "GP0104 1:9 strconv.ParseInt: parsing \"12.500000\": invalid syntax"},
      {"number: abc", "GP0104 1:9 strconv.ParseInt: parsing \"abc\": invalid syntax"},
      {"number: ''", "GP0104 1:10 strconv.ParseInt: parsing \"\": invalid syntax"},
      {"number: 9223372036854775808",
       "GP0104 1:9 strconv.ParseInt: parsing \"9223372036854775808\": value out of range"},
      {"flag: yes", "GP0105 1:7 strconv.ParseBool: parsing \"yes\": invalid syntax"},
      {"duration: 1.5", "GP0106 1:11 time: invalid duration \"1.500000\""},
      {"duration: '1.5'", "GP0106 1:12 time: invalid duration \"1.5\""},
      {"list: [a, null]", "GP0102 1:11 expected a text in this list, found nothing"},
      {"list: [a, {b: c}]", "GP0102 1:11 expected a text in this list, found an object"},
      {"list: [a, [b]]", "GP0102 1:11 expected a text in this list, found a list"},
      {"map: {}", "GP0103 1:6 map cannot be a standalone element"},
      {"map: x", "GP0103 1:6 map cannot be a standalone element"},
      {"map: {a: ~}", "GP0103 1:6 map cannot be a standalone element"},
      {"texd: x", "GP0101 1:1 field not found, node: texd"},
      {"real: x", "GP0104 1:7 strconv.ParseFloat: parsing \"x\": invalid syntax"}};
  for (const auto& [yaml, want] : rows) {
    const Decoded d = decode(yaml);
    EXPECT_EQ(testing::brief(d.findings), want) << yaml;
    EXPECT_TRUE(d.failed) << yaml;
    ASSERT_FALSE(d.findings.list().empty());
    EXPECT_FALSE(d.findings.list()[0].remedy.empty()) << yaml;
    EXPECT_EQ(d.findings.list()[0].object, "thing t");
  }
}

TEST(Readers, AllProblemsInFileOrder) {
  const Decoded d = decode("flag: maybe\nnope: 1\nnumber: x\n");
  EXPECT_EQ(testing::brief(d.findings),
            "GP0105 1:7 strconv.ParseBool: parsing \"maybe\": invalid syntax\n"
            "GP0101 2:1 field not found, node: nope\n"
            "GP0104 3:9 strconv.ParseInt: parsing \"x\": invalid syntax");
}

TEST(Readers, Lists) {
  const std::pair<const char*, std::vector<std::string>> rows[] = {
      {"list: [a, b]", {"a", "b"}},
      {"list: 'web, traefik'", {"web", "traefik"}},
      {"list: ['a,b']", {"a,b"}},
      {"list: [' a ', b]", {"a", "b"}},
      {"list: []", {}},
      {"list: [1, true]", {"1", "true"}},
      {"list: ''", {}},
      {"list: x", {"x"}},
      {"list: {a: b}", {}}};
  for (const auto& [yaml, want] : rows) {
    const Decoded d = decode(yaml);
    EXPECT_EQ(d.value.list, want) << yaml;
    EXPECT_FALSE(d.failed) << yaml;
  }
}

TEST(Readers, MapsAreFlattened) {
  const Decoded d = decode("map: {X: 1, Z: null, V: '', W: {q: r}}");
  const std::map<std::string, std::string> want = {{"X", "1"}, {"V", ""}, {"W.q", "r"}};
  EXPECT_EQ(d.value.map, want);
}

TEST(Readers, NamesInAnyCaseAndTwins) {
  Decoded d = decode("TEXT: a\nFlag: T\nNUMBER: '7'");
  EXPECT_EQ(d.value.text, "a");
  EXPECT_TRUE(d.value.flag);
  EXPECT_EQ(d.value.number, 7);
  // The decoder goes through keys in byte order, so the lower-case one is the last to write.
  d = decode("text: a\nText: b");
  EXPECT_EQ(d.value.text, "a");
  EXPECT_EQ(testing::brief(d.findings), "GP0110 2:1 `Text` and `text` are the same option");
}

TEST(Readers, UnknownNamesAreSuggested) {
  const Decoded d = decode("numbr: 1");
  ASSERT_EQ(d.findings.list().size(), 1u);
  EXPECT_EQ(d.findings.list()[0].remedy, "did you mean `number`?");
}

TEST(Readers, IntegersAtTheirBounds) {
  EXPECT_EQ(decode("number: 9223372036854775807").value.number, INT64_MAX);
  EXPECT_EQ(decode("number: -9223372036854775808").value.number, INT64_MIN);
  EXPECT_EQ(decode("small: 2147483647").value.small, INT32_MAX);
  EXPECT_TRUE(decode("small: 2147483648").failed);
  EXPECT_EQ(decode("number: +5").value.number, 5);
}

TEST(Readers, Booleans) {
  for (const char* yes : {"1", "t", "T", "TRUE", "true", "True"})
    EXPECT_EQ(parse_bool(yes), true) << yes;
  for (const char* no : {"0", "f", "F", "FALSE", "false", "False"})
    EXPECT_EQ(parse_bool(no), false) << no;
  for (const char* bad : {"", "yes", "tRUE", "2", " true"})
    EXPECT_EQ(parse_bool(bad), std::nullopt) << bad;
}

TEST(Durations, ParseLikeGo) {
  const std::pair<const char*, int64_t> rows[] = {{"500", 500'000'000'000},
                                                  {"0", 0},
                                                  {"-3", -3'000'000'000},
                                                  {"300ms", 300'000'000},
                                                  {"1m30s", 90'000'000'000},
                                                  {"1.5h", 5'400'000'000'000},
                                                  {"1h1.5s", 3'601'500'000'000},
                                                  {"-1.5s", -1'500'000'000},
                                                  {"+5s", 5'000'000'000},
                                                  {"1us", 1'000},
                                                  {"1\xC2\xB5s", 1'000},
                                                  {".5s", 500'000'000},
                                                  {"1.s", 1'000'000'000},
                                                  {"9223372036854775807ns", INT64_MAX},
                                                  {"-9223372036854775808ns", INT64_MIN},
                                                  {"0.3333333333333333333h", 1'200'000'000'000},
                                                  {"+0", 0}};
  for (const auto& [text, want] : rows) {
    const auto d = parse_duration(text);
    ASSERT_TRUE(d.has_value()) << text;
    EXPECT_EQ(d->count(), want) << text;
  }
  for (const char* bad :
       {"", "1.5", "s", ".s", "1x", "1 s", "--1s", "9223372036854775808ns", "1e3s", "3000000h"}) {
    EXPECT_FALSE(parse_duration(bad).has_value()) << bad;
  }
}

TEST(Durations, PrintLikeGo) {
  const std::pair<int64_t, const char*> rows[] = {{0, "0s"},
                                                  {1, "1ns"},
                                                  {1'500, "1.5\xC2\xB5s"},
                                                  {2'000'000, "2ms"},
                                                  {1'500'000'000, "1.5s"},
                                                  {500'000'000'000, "8m20s"},
                                                  {3'600'000'000'000, "1h0m0s"},
                                                  {3'601'500'000'000, "1h0m1.5s"},
                                                  {-90'000'000'000, "-1m30s"},
                                                  {INT64_MIN, "-2562047h47m16.854775808s"}};
  for (const auto& [ns, want] : rows) EXPECT_EQ(format_duration(Duration(ns)), want);
}

}  // namespace
}  // namespace gateproof::config
