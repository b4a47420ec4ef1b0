#include "engine/config/finding.h"

#include <gtest/gtest.h>

#include "engine/config/render.h"

namespace gateproof::config {
namespace {

SourceSpan at(const std::string& file, uint32_t line, uint32_t column, uint32_t length = 0) {
  return {std::make_shared<const std::string>(file), line, column, length};
}

TEST(FindingCodes, SortedUniqueAndWellFormed) {
  std::string_view last;
  for (const FindingCode& c : finding_codes()) {
    EXPECT_LT(last, c.code);
    EXPECT_EQ(c.code.size(), 6u) << c.code;
    EXPECT_TRUE(c.code.starts_with("GP")) << c.code;
    EXPECT_FALSE(c.title.empty()) << c.code;
    if (c.code.starts_with("GP11")) {
      EXPECT_NE(c.severity, Severity::error) << c.code;
    }
    EXPECT_EQ(find_code(c.code), &c);
    last = c.code;
  }
  EXPECT_EQ(find_code("GP9999"), nullptr);
  EXPECT_EQ(find_code(""), nullptr);
}

TEST(Findings, SortByPlaceAndDropDoubles) {
  Findings f;
  f.add("GP0102", at("b.yml", 1, 1), "", "m", "r");
  f.add("GP0102", at("a.yml", 10, 1), "", "m", "r");
  f.add("GP0102", at("a.yml", 9, 2), "", "m", "r");
  f.add("GP0101", at("a.yml", 9, 2), "", "m", "r");
  f.add("GP0102", at("a.yml", 9, 2), "", "m", "r");
  f.sort();
  ASSERT_EQ(f.list().size(), 4u);
  EXPECT_EQ(f.list()[0].code, "GP0101");
  EXPECT_EQ(f.list()[1].span.line, 9u);
  EXPECT_EQ(f.list()[2].span.line, 10u);
  EXPECT_EQ(f.list()[3].span.file_name(), "b.yml");
  EXPECT_TRUE(f.has_errors());
  Findings notes;
  notes.add("GP1104", {}, "", "m", "r");
  EXPECT_FALSE(notes.has_errors());
}

TEST(Findings, FromErrors) {
  EXPECT_EQ(finding_from(Error(Code::limit, "x")).code, "GP0003");
  EXPECT_EQ(finding_from(Error(Code::io, "x")).code, "GP0001");
  EXPECT_EQ(finding_from(Error(Code::not_found, "x")).code, "GP0001");
  const Finding f = finding_from(Error(Code::invalid, "x", at("a.yml", 3, 4), "mend"));
  EXPECT_EQ(f.code, "GP0002");
  EXPECT_EQ(f.remedy, "mend");
  EXPECT_EQ(f.span.to_string(), "a.yml:3:4");
}

TEST(Render, TextShowsTheLineAndACaret) {
  Findings f;
  f.add("GP0101", at("routes.yml", 14, 14, 10), "router shop@file", "no such matcher",
        "did you mean x?");
  const auto lines = [](std::string_view, uint32_t) -> std::optional<std::string> {
    return "      rule: \"Pathprefix(`/shop`)\"";
  };
  EXPECT_EQ(render_text(f, lines),
            "routes.yml:14:14: error GP0101: router shop@file: no such matcher\n"
            "   14 |       rule: \"Pathprefix(`/shop`)\"\n"
            "      |              ^~~~~~~~~~\n"
            "      help: did you mean x?\n");
}

TEST(Render, TextWithoutSourceAndWithHostileSource) {
  Findings f;
  f.add("GP0101", at("a.yml", 1, 400, 9999), "", "m", "");
  f.add("GP1104", {}, "", "n", "");
  const auto hostile = [](std::string_view, uint32_t) -> std::optional<std::string> {
    return std::string(300, '\x1b') + "\xC3\xA9";
  };
  const std::string shown = render_text(f, hostile);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_NE(shown.find("\nnote GP1104: n\n"), std::string::npos);
  EXPECT_EQ(render_text(f, nullptr), "a.yml:1:400: error GP0101: m\nnote GP1104: n\n");
}

TEST(Render, JsonHasExactlyTheAgreedMembers) {
  Findings f;
  f.add("GP0101", at("a.yml", 2, 3), "router x@file", "say \"hi\"", "r\xFF");
  EXPECT_EQ(render_json(f),
            "{\"findings\":[{\"code\":\"GP0101\",\"severity\":\"error\",\"file\":\"a.yml\","
            "\"line\":2,\"column\":3,"
            "\"object\":\"router x@file\",\"message\":\"say "
            "\\\"hi\\\"\",\"remedy\":\"r\xEF\xBF\xBD\"}]}");
  EXPECT_EQ(render_json(Findings{}), "{\"findings\":[]}");
}

TEST(Render, Sarif) {
  Findings f;
  f.add("GP0101", at("dir/a b.yml", 2, 3, 4), "", "m", "r");
  f.add("GP1104", at("traefik.yml", 0, 0), "", "n", "");
  const std::string sarif = render_sarif(f, "0.1.0");
  for (const char* part :
       {"\"version\":\"2.1.0\"", "\"name\":\"gateproof\",\"version\":\"0.1.0\"",
        "{\"id\":\"GP0101\",\"shortDescription\":{\"text\":\"unknown field\"}}",
        "\"ruleId\":\"GP0101\",\"level\":\"error\",\"message\":{\"text\":\"m. Remedy: r\"}",
        "\"uri\":\"dir/a%20b.yml\"},\"region\":{\"startLine\":2,\"startColumn\":3,\"endColumn\":7}",
        "\"artifactLocation\":{\"uri\":\"traefik.yml\"}}}"}) {
    EXPECT_NE(sarif.find(part), std::string::npos) << part << "\n" << sarif;
  }
}

}  // namespace
}  // namespace gateproof::config
