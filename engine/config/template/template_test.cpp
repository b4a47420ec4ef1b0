// Rows {template, output or error}: each was taken from Traefik 3.7.15, whose Go library is the judge.
#include "engine/config/template.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/config/template/rows_test.h"

namespace gateproof::config {
namespace {

std::string render(std::string_view text, const TemplateLimits& limits = {}) {
  static const MapEnvironment environment(
      std::map<std::string, std::string, std::less<>>{{"FOO", "bar"}});
  const Result<RenderedText> r = render_template(text, "f.yml", environment, limits);
  return r ? r->text : "ERROR " + r.error().span.to_string().substr(6) + " " + r.error().message;
}

std::string text_without_backquote(std::string s) {
  std::erase(s, '`');
  return s;
}

TEST(Template, RendersWhatGoRenders) {
  for (const auto& [text, expected] : rows) EXPECT_EQ(render(text), expected) << text;
}

TEST(Template, FailsWhereGoFails) {
  for (const auto& [text, expected] : error_rows) {
    const std::string got = render(text);
    ASSERT_TRUE(got.starts_with("ERROR ")) << text << " made " << got;
    // Behind the place; of the context Go prints the node that was evaluated last, here it is the argument's.
    const auto tail = [](std::string_view s) {
      const size_t at = s.find(">: ");
      return std::string(at == s.npos ? s : s.substr(at + 3));
    };
    const size_t template_at = got.find("template: ");
    EXPECT_EQ(tail(got.substr(template_at + 10)), tail(expected)) << text;
  }
}

TEST(Template, PlacesOfFailures) {
  const std::pair<const char*, const char*> table[] = {
      {"a\n b {{ .Foo }}", "ERROR 2:7 template: at <.Foo>: can't evaluate field Foo in type bool"},
      {"{{ if true }}", "ERROR 1:14 template: unexpected EOF"},
      {"x\n{{ upper (nope) }}", "ERROR 2:11 template: function \"nope\" not defined"},
      {"{{ genCA \"a\" 1 }}",
       "ERROR 1:4 template: the template function \"genCA\" is not executed here"},
      {"{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
       "ERROR 1:17 template: exceeded maximum template depth (200)"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(render(text), expected) << text;
}

TEST(Template, EveryActionOfAFileWithoutActionsStays) {
  EXPECT_EQ(render("a: '}} {'\n"), "a: '}} {'\n");
  EXPECT_EQ(render(""), "");
}

TEST(Template, OriginOfEveryPlace) {
  const std::string source = "a: 1\n{{ range until 2 }}b{{ . }}: {{ print `x` }}z\n{{ end }}c: 3\n";
  const auto r = render_template(source, "f.yml", empty_environment());
  ASSERT_TRUE(r);
  EXPECT_EQ(r->text, "a: 1\nb0: xz\nb1: xz\nc: 3\n");
  const auto origin = [&](uint32_t line, uint32_t column) {
    return r->origin({std::make_shared<const std::string>("f.yml"), line, column, 1}).to_string();
  };
  EXPECT_EQ(origin(1, 4), "f.yml:1:4");
  EXPECT_EQ(origin(2, 1), "f.yml:2:20");  // the copied b
  EXPECT_EQ(origin(3, 1), "f.yml:2:20");
  EXPECT_EQ(origin(3, 2), "f.yml:2:21");  // {{ . }}
  EXPECT_EQ(origin(3, 5), "f.yml:2:30");  // {{ print `x` }}
  EXPECT_EQ(origin(3, 6), "f.yml:2:45");  // the copied z
  EXPECT_EQ(origin(4, 4), "f.yml:3:13");
}

// Each limit: at it, one over, and zero.
TEST(TemplateLimits, OutputBytes) {
  TemplateLimits limits;
  limits.output_bytes_max = 3;
  EXPECT_EQ(render("{{ `abc` }}", limits), "abc");
  EXPECT_EQ(render("{{ `abcd` }}", limits),
            "ERROR 1:1 template: the template prints more than 3 bytes");
  limits.output_bytes_max = 0;
  EXPECT_EQ(render("{{ `` }}", limits), "");
  EXPECT_TRUE(render("{{ 1 }}", limits).starts_with("ERROR"));
}

TEST(TemplateLimits, Steps) {
  TemplateLimits limits;
  limits.steps_max = 1000;
  EXPECT_EQ(render("{{ range 100 }}{{ end }}x", limits), "x");
  EXPECT_NE(render("{{ range 1000 }}{{ end }}x", limits).find("takes more than 1000 steps"),
            std::string::npos);
  limits.steps_max = 2;  // the list, the text
  EXPECT_EQ(render("a{{/* */}}", limits), "a");
  limits.steps_max = 1;
  EXPECT_TRUE(render("a{{/* */}}", limits).starts_with("ERROR"));
  limits.steps_max = 0;
  EXPECT_TRUE(render("{{/* */}}", limits).starts_with("ERROR"));
}

TEST(TemplateLimits, MemoryBytes) {
  TemplateLimits limits;
  limits.memory_bytes_max = 1 << 16;
  EXPECT_EQ(render("{{ repeat 100 `x` | len }}", limits), "100");
  for (const char* text :
       {"{{ repeat 70000 `x` }}", "{{ repeat 9223372036854775807 `xy` }}", "{{ until 99999 }}",
        "{{ printf \"%999999d\" 1 }}", "{{ indent 99999 `a` }}",
        "{{ $x := `ab` }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}",
        "{{ $x := list 1 }}{{ range 90 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := list 1 }}{{ range 90 }}{{ $x = list $x $x }}{{ end }}{{ $x }}"}) {
    EXPECT_TRUE(render(text, limits).starts_with("ERROR ")) << text;
  }
  limits.memory_bytes_max = 0;
  EXPECT_EQ(render("a{{ if 0 }}b{{ end }}", limits), "a");
  EXPECT_TRUE(render("{{ list }}", limits).starts_with("ERROR"));
}

TEST(TemplateLimits, NestingCallsAndValues) {
  TemplateLimits limits;
  limits.nesting_max = 2;
  EXPECT_EQ(render("{{ ((1)) }}", limits), "1");
  EXPECT_EQ(render("{{ (((1))) }}", limits),
            "ERROR 1:6 template: nested too deeply: the limit is 2 levels");
  EXPECT_TRUE(render("{{if 1}}{{if 1}}{{if 1}}{{end}}{{end}}{{end}}", limits).starts_with("ERROR"));
  limits.nesting_max = 0;
  EXPECT_TRUE(render("{{ (1) }}", limits).starts_with("ERROR"));
  const char* nested =
      "{{define `a`}}a{{end}}{{define `b`}}{{template `a`}}b{{end}}{{template `b`}}";
  limits = {};
  limits.call_depth_max = 2;
  EXPECT_EQ(render(nested, limits), "ab");
  limits.call_depth_max = 1;
  EXPECT_TRUE(render(nested, limits).starts_with("ERROR"));
  limits.call_depth_max = 0;
  EXPECT_EQ(render("{{ 1 }}", limits), "1");
  limits = {};
  limits.value_depth_max = 2;
  EXPECT_EQ(render("{{ list (list 1) }}", limits), "[[1]]");
  EXPECT_TRUE(render("{{ list (list (list 1)) }}", limits).starts_with("ERROR"));
  limits.value_depth_max = 0;
  EXPECT_EQ(render("{{ 1 }}", limits), "1");
  // A map in itself is no endless text.
  EXPECT_TRUE(render("{{ $d := dict }}{{ set $d `a` $d }}").starts_with("ERROR"));
}

// A file without actions comes out as it went in; text around an action is copied byte for byte.
TEST(TemplateProperty, CopiedTextIsExact) {
  EXPECT_TRUE(rc::check([] {
    std::string text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \n:-}{'")));
    for (size_t at; (at = text.find("{{")) != text.npos;) text.erase(at, 1);
    if (text.ends_with('{')) text.pop_back();
    RC_ASSERT(render(text) == text);
    RC_ASSERT(render(text + "{{ 1 }}" + text) == text + "1" + text);
    // Every byte of copied text comes from the same byte.
    const auto r = render_template(text + "{{ 1 }}" + text, "f.yml", empty_environment());
    for (const auto& p : r->pieces) {
      if (p.length == 0) RC_ASSERT(p.source == p.output || p.source == p.output + 6);
    }
  }));
}

TEST(TemplateProperty, QuoteIsReadBack) {
  EXPECT_TRUE(rc::check([] {
    std::string s =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab\"\\\n\t x")));
    std::string literal = render("{{ quote `" + text_without_backquote(s) + "` }}");
    RC_ASSERT(render("{{ " + literal + " }}") == text_without_backquote(s));
  }));
}

}  // namespace
}  // namespace gateproof::config
