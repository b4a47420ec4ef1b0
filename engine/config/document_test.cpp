#include "engine/config/document.h"

#include <gtest/gtest.h>

namespace gateproof::config {
namespace {

std::string error_of(std::string_view text, const std::string& file,
                     const TextLimits& limits = {}) {
  const Result<Document> doc = parse_document(text, file, *format_of(file), limits);
  if (doc.has_value()) return "no error";
  EXPECT_GT(doc.error().span.line, 0u) << doc.error().message;
  EXPECT_GT(doc.error().span.column, 0u) << doc.error().message;
  return doc.error().span.to_string() + " " + doc.error().message;
}

std::string place(const Value* v) {
  if (!v) return "absent";
  return std::to_string(v->span.line) + ":" + std::to_string(v->span.column) + "+" +
         std::to_string(v->span.length) + (v->quoted ? " q " : " ") + v->text;
}

TEST(Yaml, SpansPointAtContent) {
  const std::string text =
      "# c\n"
      "http: &r\n"
      "  plain: Host(`x`)\n"
      "  double: \"b\"\n"
      "  single: 'c'\n"
      "  anchored: &x deep\n"
      "  tagged: !!str 12\n"
      "  block: |\n"
      "\n"
      "    text\n"
      "  flow: {k: [1, *x]}\n"
      "  none:\n"
      "  ref: *x\n";
  const Result<Document> doc = parse_document(text, "a.yml", Format::yaml);
  ASSERT_TRUE(doc.has_value());
  const std::pair<const char*, const char*> rows[] = {
      {"plain", "3:10+9 Host(`x`)"}, {"double", "4:12+1 q b"},  {"single", "5:12+1 q c"},
      {"anchored", "6:16+4 deep"},   {"tagged", "7:17+2 q 12"}, {"block", "10:5+0 q \ntext\n"},
      {"none", "12:3+4 "},           {"ref", "6:16+4 deep"}};
  for (const auto& [key, want] : rows)
    EXPECT_EQ(place(doc->root.at(std::string("http.") + key)), want) << key;
  const Value* list = doc->root.at("http.flow.k");
  ASSERT_TRUE(list && list->items.size() == 2);
  EXPECT_EQ(place(&list->items[0]), "11:14+1 1");
  EXPECT_EQ(doc->root.members[0].key_span.to_string(), "a.yml:2:1");
  EXPECT_EQ(doc->root.members[0].value.members[6].key_span.to_string(), "a.yml:11:3");
}

TEST(Yaml, MergeKeys) {
  const auto doc = parse_document(
      "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {y: 0, <<: [*a, *b]}\nd: {<<: *a}\n", "m.yml",
      Format::yaml);
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(doc->root.at("c.y")->text, "0");  // the own member wins
  EXPECT_EQ(doc->root.at("c.x")->text, "1");
  EXPECT_EQ(doc->root.at("c.z")->text, "4");
  EXPECT_EQ(doc->root.at("d.y")->text, "2");
  EXPECT_EQ(doc->root.at("c.<<"), nullptr);
  EXPECT_EQ(error_of("a: {<<: 3}", "m.yml"),
            "m.yml:1:5 map merge requires map or sequence of maps as the value");
}

TEST(Yaml, Documents) {
  const auto all = parse_documents("a: 1\n---\n---\nb: 2\n", "d.yml", Format::yaml);
  ASSERT_TRUE(all.has_value());
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[1].root.kind, Value::null);
  EXPECT_EQ((*all)[2].root.at("b")->span.line, 4u);
  EXPECT_EQ(parse_documents("a: 1\n...\n# c\nb: 2\n", "d.yml", Format::yaml)->size(), 2u);
  EXPECT_TRUE(parse_documents(",: x", "d.yml", Format::yaml).has_error());
  const auto first = parse_document("a: 1\n---\nb: [\n", "d.yml", Format::yaml);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->more);
  EXPECT_FALSE(parse_document("a: 1\n", "d.yml", Format::yaml)->more);
}

TEST(Yaml, EmptyTextsAreNull) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "\xEF\xBB\xBF"}) {
    const auto doc = parse_document(text, "e.yml", Format::yaml);
    ASSERT_TRUE(doc.has_value()) << text;
    EXPECT_EQ(doc->root.kind, Value::null);
  }
  EXPECT_EQ(parse_document("  ", "e.json", Format::json)->root.kind, Value::null);
  EXPECT_EQ(parse_document("", "e.toml", Format::toml)->root.kind, Value::mapping);
}

TEST(Documents, MalformedTextsHavePlaces) {
  const std::tuple<std::string, const char*, const char*> rows[] = {
      {"http:\n\trouters: {}\n", "e.yml",
       "e.yml:2:9 found character that cannot start any token: a tab in the indentation"},
      {"a: 1\nb: [1, 2\nc: 3\n", "e.yml", "e.yml:3:2 yaml: end of sequence flow not found"},
      {"a: 1\na: 2\n", "e.yml", "e.yml:2:1 mapping key \"a\" already defined at line 1"},
      {std::string("a: \0\n", 5), "e.yml",
       "e.yml:1:4 control characters are not allowed: byte 0x00"},
      {"a: \xC3\x28", "e.yml", "e.yml:1:4 invalid UTF-8: byte 0xc3"},
      {"a: \xED\xA0\x80", "e.yml", "e.yml:1:4 invalid UTF-8: byte 0xed"},
      {"\x7F"
       "ELF\x02",
       "e.yml", "e.yml:1:1 control characters are not allowed: byte 0x7f"},
      {"a: \xC2\x80", "e.yml", "e.yml:1:4 control characters are not allowed: byte 0xc2"},
      {"a: *nope\n", "e.yml", "e.yml:1:4 yaml: the referenced anchor is not defined"},
      {"a: &x [*x]\n", "e.yml", "e.yml:1:8 anchor value contains itself"},
      {"? [a]\n: b\n", "e.yml", "e.yml:1:3 a list or an object cannot be a key"},
      {"a: {{ x }}", "e.yml", "e.yml:1:5 a list or an object cannot be a key"},
      {"{\"a\": 1, \"b\" 2}", "e.json", "e.json:1:14 expected ':' after the name"},
      {"{\"a\": 1, \"a\": 2}", "e.json", "e.json:1:11 mapping key \"a\" already defined at line 1"},
      {"{\"a\": \"x", "e.json", "e.json:1:7 the text is not closed"},
      {"{\"a\": 01}", "e.json", "e.json:1:7 expected a JSON value"},
      {"{} x", "e.json", "e.json:1:4 text after the end of the JSON value"},
      {"{\"a\": \"\\ud800\"}", "e.json", "e.json:1:8 half of a surrogate pair"},
      {"{\"a\": \"\\q\"}", "e.json", "e.json:1:8 unknown escape in a JSON text"},
      {",: x", "e.yml", "e.yml:1:1 did not find expected <document start>"},
      {"a\xC3\xA9 = 1", "e.toml", "e.toml:1:2 toml: this character cannot stand here"},
      {"a = 1 \xEF\xBB\xBF", "e.toml", "e.toml:1:7 toml: this character cannot stand here"},
      {"a = \"\"\"x \\\n \xC3\xA9\"\"\"", "e.toml",
       "e.toml:2:2 toml: this character cannot stand here"},
      {"a = 1\n[#[x]]\n", "e.toml", "e.toml:2:2 toml: malformed table header or key"},
      {"a = \n", "e.toml",
       "e.toml:1:5 toml: Error while parsing key-value pair: expected value, saw '\\n'"}};
  for (const auto& [text, file, want] : rows) EXPECT_EQ(error_of(text, file), want) << text;
}

TEST(Json, ValuesAndSpans) {
  const auto doc =
      parse_document("{\n  \"a\": \"x\\u00e9\\ud83d\\ude00\\n\",\n  \"b\": [1.50, true, null]\n}",
                     "j.json", Format::json);
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(doc->root.at("a")->text, "x\xC3\xA9\xF0\x9F\x98\x80\n");
  EXPECT_EQ(doc->root.at("a")->span.to_string(), "j.json:2:9");
  EXPECT_EQ(doc->root.members[0].key_span.to_string(), "j.json:2:4");
  const Value* b = doc->root.at("b");
  EXPECT_EQ(place(&b->items[0]), "3:9+4 1.50");
  EXPECT_EQ(b->items[2].kind, Value::null);
}

TEST(Json, FromTheWireIsAtOnePlace) {
  SourceSpan at;
  at.file = std::make_shared<const std::string>("Thing a/b");
  const JsonMember without{"metadata", "managedFields"};
  const auto v = parse_json_at(
      R"({"managedFields":1,"metadata":{"name":"b","managedFields":[{"f:\n":{".":{}}},"x",2.5,null],"x":{"managedFields":2}},"s":["\u0041"]})",
      at, without);
  ASSERT_TRUE(v) << v.error().message;
  const Value& metadata = *v->find("metadata");
  ASSERT_EQ(metadata.members.size(), 2u);
  EXPECT_EQ(metadata.at("x.managedFields")->str(), "2");
  EXPECT_EQ(v->find("managedFields")->str(), "1");
  const Value& letter = v->find("s")->items.at(0);
  EXPECT_EQ(letter.str(), "A");
  EXPECT_EQ(letter.span.to_string(), "Thing a/b");
  EXPECT_EQ(metadata.members[0].key_span.to_string(), "Thing a/b");
}

TEST(Json, WhatIsPassedOverHasToBeJsonToo) {
  const JsonMember without{"m", "x"};
  TextLimits limits;
  limits.depth_max = 4;
  limits.nodes_max = 6;
  const auto read = [&](const std::string& value) {
    return parse_json_at(R"({"m":{"x":)" + value + "}}", {}, without, limits);
  };
  for (const char* good : {"1", "null", "\"a\\n\"", "[]", "{}", "[1,2]", R"({"a":[1]})"})
    EXPECT_TRUE(read(good)) << good;
  for (const char* bad : {"", "nul", "01", "\"a", "\"\\x\"", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}",
                          "{1:2}", "{\"a\":1,}", "[", "{"})
    EXPECT_FALSE(read(bad)) << bad;
  EXPECT_TRUE(read("[[1]]"));
  EXPECT_EQ(read("[[[]]]").error().code, Code::limit) << "depth";
  EXPECT_TRUE(read("[1,2,3]"));
  EXPECT_EQ(read("[1,2,3,4]").error().code, Code::limit) << "values";
}

TEST(Json, UnderAYamlNameFallsBackToYaml) {
  const auto doc = parse_document("{a: 1, 'b': [x]}", "f.yml", Format::yaml);
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(doc->root.at("a")->text, "1");
}

TEST(Toml, ValuesAndSpans) {
  const std::string text =
      "[http.routers.a]\n  rule = \"Host(`x`)\"\n  \"\xC3\xA9 k\" = 'lit'\n  prio = 0x1F\n  f = "
      "12.0\n  l = [1, \"a\"]\n"
      "[[http.x]]\na.b = true\n";
  const auto doc = parse_document(text, "t.toml", Format::toml);
  ASSERT_TRUE(doc.has_value());
  EXPECT_EQ(place(doc->root.at("http.routers.a.rule")), "2:11+9 q Host(`x`)");
  EXPECT_EQ(place(doc->root.at("http.routers.a.\xC3\xA9 k")), "3:13+3 q lit");
  EXPECT_EQ(doc->root.at("http.routers.a.prio")->text, "31");
  EXPECT_EQ(doc->root.at("http.routers.a.f")->text, "12");
  EXPECT_EQ(doc->root.at("http.x")->items[0].at("a.b")->text, "true");
  EXPECT_EQ(parse_document("# \xC3\xA9\na = \"\"\"\\\\\xC3\xA9\"\"\"\nb = '\xC3\xA9'", "t.toml",
                           Format::toml)
                ->root.at("a")
                ->text,
            "\\\xC3\xA9");
  const auto& members = doc->root.at("http.routers.a")->members;
  ASSERT_EQ(members.size(), 5u);
  EXPECT_EQ(members[0].key, "rule");  // file order, not the order of names
  EXPECT_EQ(members[4].key, "l");
}

// Limits: at, one over, zero.

TEST(Limits, FileBytes) {
  TextLimits limits;
  limits.file_bytes_max = 6;
  EXPECT_EQ(error_of("a: 123", "l.yml", limits), "no error");
  EXPECT_EQ(error_of("a: 1234", "l.yml", limits),
            "l.yml:1:7 the configuration is too large: 7 bytes, the limit is 6");
  limits.file_bytes_max = 0;
  EXPECT_EQ(error_of("", "l.yml", limits), "no error");
  EXPECT_EQ(error_of("a", "l.yml", limits),
            "l.yml:1:1 the configuration is too large: 1 bytes, the limit is 0");
}

TEST(Limits, JsonBytes) {
  TextLimits limits;
  limits.file_bytes_max = 3;
  limits.json_bytes_max = 8;
  EXPECT_EQ(error_of("{\"a\": 1}", "l.yml", limits), "no error");
  EXPECT_EQ(error_of("{\"a\": 12}", "l.yml", limits),
            "l.yml:1:9 the configuration is too large: 9 bytes, the limit is 8");
  // A text in braces that is no JSON may be YAML, but has no claim to JSON's greater limit.
  EXPECT_EQ(error_of("{a: 1}", "l.yml", limits), "l.yml:1:2 expected a name in double quotes");
  limits.json_bytes_max = 0;
  EXPECT_EQ(error_of("{}", "l.json", limits),
            "l.json:1:1 the configuration is too large: 2 bytes, the limit is 0");
}

TEST(Limits, TenMegabytesOfYamlAreTooLargeByDefault) {
  std::string text;
  while (text.size() < 10u << 20) text += "a" + std::to_string(text.size()) + ": 1\n";
  const auto doc = parse_document(text, "big.yml", Format::yaml);
  ASSERT_TRUE(doc.has_error());
  EXPECT_EQ(doc.error().code, Code::limit);
  EXPECT_GT(doc.error().span.line, 1000u);
}

std::string nested(size_t depth) {
  return "a: " + std::string(depth - 1, '[') + std::string(depth - 1, ']');
}

TEST(Limits, Depth) {
  TextLimits limits;
  EXPECT_EQ(error_of(nested(64), "l.yml"), "no error");
  EXPECT_EQ(error_of(nested(65), "l.yml"), "l.yml:1:67 nested too deeply: the limit is 64 levels");
  const std::string json = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(error_of(json, "l.json"), "no error");
  EXPECT_EQ(error_of("[" + json + "]", "l.json"),
            "l.json:1:65 nested too deeply: the limit is 64 levels");
  EXPECT_EQ(error_of("a = " + json, "l.toml"),
            "l.toml:1:68 nested too deeply: the limit is 64 levels");
  limits.depth_max = 0;
  EXPECT_EQ(error_of("a", "l.yml", limits), "no error");
  EXPECT_EQ(error_of("[]", "l.yml", limits), "l.yml:1:1 nested too deeply: the limit is 0 levels");
}

TEST(Limits, R7_HostileNestingEndsBeforeRecursionHurts) {
  std::string dots, maps, dashes, questions;
  for (int i = 0; i < 200'000; ++i) {
    dots += "a.";
    maps += "{a: ";
    dashes += "- ";
    questions += "? ";
  }
  EXPECT_NE(error_of(std::string(200'000, '['), "l.yml").find("nested too deeply"),
            std::string::npos);
  EXPECT_NE(error_of(maps, "l.yml").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(dashes, "l.yml").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(questions, "l.yml").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(dots + "a = 1", "l.toml").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of("a = " + std::string(200'000, '['), "l.toml").find("exceeded maximum nested"),
            std::string::npos);
  EXPECT_NE(error_of(std::string(200'000, '['), "l.json").find("nested too deeply"),
            std::string::npos);
}

TEST(Limits, Nodes) {
  TextLimits limits;
  limits.nodes_max = 4;  // the list and three elements; a YAML root counts as well
  EXPECT_EQ(error_of("[1, 2, 3]", "l.json", limits), "no error");
  EXPECT_EQ(error_of("[1, 2, 3, 4]", "l.json", limits),
            "l.json:1:11 too many values: the limit is 4");
  EXPECT_EQ(error_of("[1, 2, 3, 4]", "l.yml", limits),
            "l.yml:1:11 too many values: the limit is 4");
  limits.nodes_max = 0;
  EXPECT_EQ(error_of("1", "l.json", limits), "l.json:1:1 too many values: the limit is 0");
}

TEST(Limits, AliasNodes) {
  TextLimits limits;
  limits.alias_nodes_max = 3;
  EXPECT_EQ(error_of("a: &a [1, 2]\nb: *a\n", "l.yml", limits), "no error");
  EXPECT_EQ(error_of("a: &a [1, 2, 3]\nb: *a\n", "l.yml", limits),
            "l.yml:2:4 document contains excessive aliasing: the limit is 3 values from aliases");
  limits.alias_nodes_max = 0;
  EXPECT_EQ(error_of("a: &a 1\n", "l.yml", limits), "no error");
  EXPECT_EQ(error_of("a: &a 1\nb: *a\n", "l.yml", limits),
            "l.yml:2:4 document contains excessive aliasing: the limit is 0 values from aliases");
}

TEST(Limits, R7_AliasBomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k ? ", " : "") + last;
    bomb += "]\n";
  }
  EXPECT_NE(error_of(bomb, "bomb.yml").find("excessive aliasing"), std::string::npos);
}

}  // namespace
}  // namespace gateproof::config
