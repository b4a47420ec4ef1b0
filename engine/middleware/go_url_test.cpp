#include "engine/middleware/go_url.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::middleware {
namespace {

// RFC 3986 section 5.4, as Go resolves.
TEST(GoUrl, Resolve) {
  const std::pair<const char*, const char*> rows[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d?q#s"},
      {"", "http://a/b/c/d?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"/a%2fb", "http://a/a%2fb"},
      {"//", "http://a/b/c/d?q"},
  };
  const auto base = parse_go_url("http://a/b/c/d?q");
  ASSERT_TRUE(base);
  for (const auto& [reference, want] : rows) {
    const auto url = parse_go_url(reference);
    ASSERT_TRUE(url) << reference;
    EXPECT_EQ(base->resolve(*url).to_string(), want) << reference;
  }
}

TEST(GoUrl, NormalForm) {
  struct Url {
    const char *text, *expected;  // "!": refused
  };
  const Url urls[] = {
      {"http://h/p?q#f", "http://h/p?q#f"},
      {"HTTP://H/", "http://H/"},
      {"http://h", "http://h"},
      {"http://h?", "http://h?"},
      {"//h/p", "//h/p"},
      {"///p", "///p"},
      {"mailto:a@b", "mailto:a@b"},
      {"http:/p", "http:/p"},
      {"a:b:c", "a:b:c"},
      {":x", "!"},
      {"1a:b", "!"},
      {"/a:b", "/a:b"},
      {"http://u:p@h/", "http://u:p@h/"},
      {"http://u@@h/", "http://u%40@h/"},
      {"http://[::1]:80/", "http://[::1]:80/"},
      {"http://[::1]x/", "!"},
      {"http://[a]/", "!"},
      {"http://[127.0.0.1]/", "!"},
      {"http://[]/", "!"},
      {"http://[::ffff:1.2.3.4]/", "http://[::ffff:1.2.3.4]/"},
      {"http://[fe80::1%25en0]/", "http://[fe80::1%25en0]/"},
      {"http://[fe80::1%25]/", "!"},
      {"http://h:/", "http://h:/"},
      {"http://a b/", "!"},
      {"http://h/%41", "http://h/%41"},
      {"http://h/%4", "!"},
      {"http://%41/", "!"},
      {"http://h/\x01", "!"},
      {"http://h/#%zz", "!"},
      {"*", "*"},
  };
  for (const Url& u : urls) {
    const auto made = go_url_normal_form(u.text);
    EXPECT_EQ(made ? *made : "!", u.expected) << u.text;
  }
}

TEST(GoUrl, AuthorityPathAndFragment) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"?", "?"},
      {"#", ""},
      {"a/b", "a/b"},
      {"./a:b", "./a:b"},
      {"a:b/c", "a:b/c"},
      {"b%2fc:d/e", "!"},
      {"http://h:80a/", "!"},
      {"http://h::1/", "!"},
      {"wss://::1/w", "wss://::1/w"},
      {"wss://::1:81/", "wss://::1:81/"},
      {"wss://fe80::a/", "!"},
      {"http://[::1/", "!"},
      {"http://u:p:q@h", "http://u:p%3Aq@h"},
      {"http://u<@h/", "!"},
      {"http://%c3%a9/", "http://%C3%A9/"},
      {"http://h%", "!"},
      {"http://h/a b", "http://h/a%20b"},
      {"http://h/a%2fb", "http://h/a%2fb"},
      {"http://h?a b", "http://h?a b"},
      {"http://h/#a b", "http://h/#a%20b"},
      {"http://h/#a%20b", "http://h/#a%20b"},
      {"http://h/\x7f", "!"},
  };
  for (const auto& [text, expected] : rows) {
    const auto made = go_url_normal_form(text);
    EXPECT_EQ(made ? *made : "!", expected) << text;
  }
}

// What it prints it reads, and prints again the same.
TEST(GoUrl, NormalFormIsAFixedPoint) {
  EXPECT_TRUE(rc::check("fixed point", [] {
    const auto text =
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("ahtp:/?#%4f[]@ .<\xc3")));
    const auto once = go_url_normal_form(*text);
    if (!once) return;
    const auto twice = go_url_normal_form(*once);
    RC_ASSERT(twice.has_value());
    RC_ASSERT(*twice == *once);
  }));
}

}  // namespace
}  // namespace gateproof::middleware
