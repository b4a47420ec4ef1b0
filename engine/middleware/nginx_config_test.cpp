// NGINX configuration text, as Traefik reads it (catalogue 6.7).
#include "engine/middleware/nginx_config.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/text.h"

namespace gateproof::middleware {
namespace {

constexpr std::string_view known[] = {"a", "b", "server"};

std::string shown(const std::vector<NginxDirective>& all) {
  std::string out;
  for (const NginxDirective& d : all) {
    out += d.name;
    for (const std::string& p : d.parameters) out += "|" + p;
    out += d.has_block ? "{" + shown(d.block) + "}" : ";";
  }
  return out;
}

std::string parsed(std::string_view text) {
  const auto got = parse_nginx_block("server{", text, known);
  return got ? shown(*got) : "! " + got.error().message;
}

TEST(NginxConfig, IsRead) {
  const struct {
    const char *text, *wanted;
  } rows[] = {
      {"", ""},
      {"a;", "a;"},
      {"a 1 2;\n\tb x;", "a|1|2;b|x;"},
      {"a\n  1\r\n  2;", "a|1|2;"},
      {"a {b 1;} b;", "a{b|1;}b;"},
      {"a ( $x = 1 ) { b; }", "a|(|$x|=|1|){b;}"},
      {"# nothing\na 1; # more\n", "a|1;"},
      {"a # in between\n 1;", "a|1;"},
      {";;; a;", "a;"},
      {"{ a; }", "a;"},  // ends with the block that was not asked for
      {"a \"b c\" 'd ;e' `f}`;", "a|\"b c\"|'d ;e'|`f}`;"},
      {R"(a "b\"c" '\"\n';)", R"(a|"b\"c"|'\"\n';)"},
      {R"(a "\\";)",  // the second backslash is before a quote
       "! unexpected end of file while scanning a string, maybe an unclosed quote?"},
      {"a b\"c d;", "a|b\"c|d;"},
      {"a ${x}y$z;", "a|${x}y$z;"},
      {"a x#y;", "a|x#y;"},
      {"a 1; } b 2; server {", "a|1;"},  // what is behind an early end is read and does not count
      {"a ^/x{2}$;", "! unknown directive '2' on line 1, column 13"},
      {"a 1", "! unexpected token BlockEnd (}) on line 1, column 10"},
      {"a 1; # eats the brace", "! unexpected eof in block"},
      {"a {", "! unexpected eof in block"},
      {"c 1;", "! unknown directive 'c' on line 1, column 7"},
      {"a 1;\n  c;", "! unknown directive 'c' on line 2, column 3"},
      {"\"a\" 1;", "! unknown directive '\"a\"' on line 1, column 7"},
      {"a \"b;", "! unexpected end of file while scanning a string, maybe an unclosed quote?"},
      {"a 1;} c;", "! unknown directive 'c' on line 1, column 13"},
  };
  for (const auto& row : rows) EXPECT_EQ(parsed(row.text), row.wanted) << row.text;
  EXPECT_EQ(parsed(std::string_view("a 1;\0b", 6)), "! unexpected eof in block");
}

TEST(NginxConfig, QuotesOfOneKindGo) {
  EXPECT_EQ(nginx_unquoted("\"a b\""), "a b");
  for (const char* kept : {"'a'", "\"", "a\"", "", "\"a"}) EXPECT_EQ(nginx_unquoted(kept), kept);
}

TEST(NginxConfig, Limits) {
  const auto with = [](size_t n, const std::string& piece, const std::string& end = "") {
    std::string out;
    for (size_t i = 0; i < n; ++i) out += piece;
    for (size_t i = 0; i < n; ++i) out += end;
    return out;
  };
  const std::string bytes = "a " + std::string(nginx_config_bytes_max - 3, 'x') + ";";
  EXPECT_FALSE(parsed(bytes).starts_with("!"));
  EXPECT_EQ(parsed(bytes + " "), "! longer than 262144 bytes");
  // The block around the text is a directive, too, and a block.
  EXPECT_FALSE(parsed(with(nginx_config_directives_max - 1, "a;")).starts_with("!"));
  EXPECT_EQ(parsed(with(nginx_config_directives_max, "a;")), "! more than 10000 directives");
  EXPECT_FALSE(parsed(with(nginx_config_depth_max - 1, "a{", "}")).starts_with("!"));
  EXPECT_EQ(parsed(with(nginx_config_depth_max, "a{", "}")), "! blocks within more than 32 others");
}

NginxDirective drawn(int depth) {
  NginxDirective d;
  d.name = *rc::gen::element<std::string>("a", "b");
  d.parameters = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("1", "\"x ;{\"", "'}'", "$v", "${v}w", "`\n`", "^/\\d+$"));
  d.has_block = depth > 0 && *rc::gen::arbitrary<bool>();
  for (int n = d.has_block ? *rc::gen::inRange(0, 3) : 0; n > 0; --n)
    d.block.push_back(drawn(depth - 1));
  return d;
}

std::string written(const NginxDirective& d) {
  std::string out = d.name;
  for (const std::string& p : d.parameters) out += *rc::gen::element(" ", "\n\t", " #c\n") + p;
  if (!d.has_block) return out + ";";
  out += " {";
  for (const NginxDirective& inner : d.block) out += written(inner) + "\n";
  return out + "}";
}

TEST(NginxConfig, WhatIsWrittenIsRead) {
  EXPECT_TRUE(rc::check("any tree, with any blanks", [] {
    const NginxDirective d = drawn(3);
    RC_ASSERT(parsed(written(d)) == shown({d}));
  }));
}

}  // namespace
}  // namespace gateproof::middleware
