#include "engine/http/url.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::http {
namespace {

// What the backend of a running Traefik 3.7.15 received for these targets (catalogue 1.5; all on an entry point with defaults).
TEST(Url, ForwardedPathsAreTraefiks) {
  const std::pair<const char*, const char*> rows[] = {
      {"/a%2fb", "/a%2Fb"},
      {"/%61pi", "/api"},
      {"//api//y", "/api/y"},
      {"/x/%2e%2e/api", "/api"},
      {"/api/..%2fsecret", "/api/..%2Fsecret"},
      {"/a;b", "/a;b"},
      {"/\xc3\xa9", "/%C3%A9"},
      {"/\xc3\xa9%2fx", "/%C3%A9/x"},  // raw form invalid: Go re-encodes
      {"/\xc3\xa9/../%2fx", "/x"},
      {"/%C3%A9%2fx", "/%C3%A9%2Fx"},
      {"/%c3%a9", "/%C3%A9"},
      {"/a%23b", "/a%23b"},
      {"/a%00b", "/a%00b"},
      {"/a\\b", "/a%5Cb"},
      {"/a\"b", "/a%22b"},
      {"/a|b", "/a%7Cb"},
      {"/a<b>", "/a%3Cb%3E"},
      {"/[x]", "/[x]"},
      {"/a%5Bx", "/a%5Bx"},
      {"/!%21", "/!%21"},
      {"/'%27", "/'%27"},
      {"/..", "/"},
      {"/../..", "/"},
      {"/a/.", "/a"},
      {"/a/./", "/a/"},
      {"/a/..", "/"},
      {"/a//", "/a/"},
      {"/a/b/..", "/a"},
      {"/%2F%2f", "/%2F%2F"},
      {"/%2e", "/"},
      {"/%2E%2e/", "/"},
      {"/a%20b/../c", "/c"},
      {"/a%2Fb/../c", "/c"},
      {"//", "/"},
      {"//foo/bar", "/foo/bar"},
      {"/./x", "/x"},
      {"/x%3fy", "/x%3Fy"},
      {"/%252f", "/%252f"},
      {"/%7e~", "/~~"},
      {"/^`{}", "/%5E%60%7B%7D"},
      {"/*", "/*"},
      {"/%2a", "/%2A"},
      {"/+%2b", "/+%2B"},
      {"", "/"}};
  for (const auto& [in, out] : rows) {
    const Result<UrlPath> path = canonical_path(in);
    ASSERT_TRUE(path) << in;
    EXPECT_EQ(path->escaped(), out) << in;
  }
}

TEST(Url, CanonicalPathRefuses) {
  for (const char* bad : {"/%zz", "/a%", "/a%2", "/a#b", "/\x01", "/\x7f", "/%g0"}) {
    const Result<UrlPath> path = canonical_path(bad);
    ASSERT_FALSE(path) << bad;
    EXPECT_EQ(path.error().code, Code::invalid);
  }
}

TEST(Url, WithoutSanitizePathNothingIsCollapsed) {  // catalogue 2.1 http.sanitizePath
  EXPECT_EQ(canonical_path("//a/../b/%2e%2e", false)->escaped(), "//a/../b/..");
}

TEST(Url, RoutingPathKeepsReservedEncoded) {  // catalogue 1.5
  EXPECT_EQ(routing_path("/ex%20act"), "/ex act");
  EXPECT_EQ(routing_path("/a%2fb"), "/a%2Fb");
  EXPECT_EQ(routing_path("/%25%3B%61%C3%A9"), "/%25%3Ba\xc3\xa9");
  for (char c : std::string_view(":/?#[]@!$&'()*+,;=%")) {
    const std::string escaped = "/" + escape_query(std::string(1, c));
    EXPECT_EQ(routing_path(escaped), escaped) << c;
  }
  for (char c : std::string_view("\"<>\\^`{|} ")) {
    EXPECT_EQ(routing_path("/%" + std::string(1, "0123456789ABCDEF"[c >> 4]) +
                           "0123456789ABCDEF"[c & 15]),
              "/" + std::string(1, c));
  }
}

TEST(Url, UrlPathRoundTripsAsGo) {
  const UrlPath plain = *UrlPath::parse("/a b");
  EXPECT_EQ(plain.path, "/a b");
  EXPECT_EQ(plain.raw, "/a b");
  EXPECT_EQ(plain.escaped(), "/a%20b");
  EXPECT_EQ(UrlPath::parse("/a%20b")->raw, "");  // the default encoding needs no raw form
  EXPECT_EQ(UrlPath::parse("/a%2Fb")->raw, "/a%2Fb");
  EXPECT_EQ((UrlPath{"/changed", "/a%2Fb"}).escaped(), "/changed");  // a stale raw form is ignored
  EXPECT_EQ((UrlPath{"*", ""}).escaped(), "*");
}

TEST(Url, CleanPathTable) {  // Go's path.Clean tests
  const std::pair<const char*, const char*> rows[] = {
      {"", "."},
      {"abc", "abc"},
      {"abc/def", "abc/def"},
      {".", "."},
      {"..", ".."},
      {"../..", "../.."},
      {"../../abc", "../../abc"},
      {"/abc", "/abc"},
      {"/", "/"},
      {"abc/", "abc"},
      {"abc//def", "abc/def"},
      {"//abc", "/abc"},
      {"///abc", "/abc"},
      {"abc/./def", "abc/def"},
      {"/./abc/def", "/abc/def"},
      {"abc/.", "abc"},
      {"abc/def/..", "abc"},
      {"abc/def/../..", "."},
      {"/abc/def/../..", "/"},
      {"abc/def/../../..", ".."},
      {"/abc/def/../../..", "/"},
      {"abc/def/../../../ghi/jkl/../../../mno", "../../mno"},
      {"abc/./../def", "def"},
      {"abc//./../def", "def"},
      {"abc/../../././../def", "../../def"}};
  for (const auto& [in, out] : rows) EXPECT_EQ(clean_path(in), out) << in;
}

std::string path_text(const std::vector<uint8_t>& picks) {
  static constexpr std::string_view parts[] = {"/",   "/",   ".",   "..",  "a",      "%2e",
                                               "%2F", "%61", "%25", "%7e", "%C3%A9", "\xc3\xa9",
                                               ";",   "%3b", " ",   "\""};
  std::string s = "/";
  for (uint8_t p : picks) s += parts[p % std::size(parts)];
  return s;
}

TEST(Url, CanonicalFormsAreFixedPoints) {
  EXPECT_TRUE(
      rc::check("idempotent; match(raw) = match(canonical)", [](const std::vector<uint8_t>& picks) {
        const std::string raw = path_text(picks);
        const std::string canonical = canonical_path(raw)->escaped();
        const std::string again = canonical_path(canonical)->escaped();
        RC_ASSERT(again == canonical);
        RC_ASSERT(routing_path(again) == routing_path(canonical));
        RC_ASSERT(routing_path(routing_path(canonical)) == routing_path(canonical));
        RC_ASSERT(*normalize_path(*normalize_path(raw)) == *normalize_path(raw));
        RC_ASSERT(sanitize_path(sanitize_path(raw)) == sanitize_path(raw));
        RC_ASSERT(canonical.find("//") == std::string::npos);
        RC_ASSERT(canonical.find("/../") == std::string::npos);
        RC_ASSERT(!canonical.ends_with("/.."));
      }));
}

// Most paths are their own canonical form, which one look tells; a neighbour takes the long way to the same.
TEST(Url, CanonicalAtFirstLookAsByTheLongWay) {
  EXPECT_TRUE(rc::check("canonical_path", [] {
    const auto path = *rc::gen::container<std::string>(rc::gen::element('a', '/', '.', ';', '~'));
    const auto direct = canonical_path("/" + path);
    const auto escaped = canonical_path("/" + path + "%41");  // an unreserved character: A
    RC_ASSERT(direct.has_value());
    RC_ASSERT(escaped.has_value());
    const auto plain = canonical_path("/" + path + "A");
    RC_ASSERT(plain.has_value());
    RC_ASSERT(plain->path == escaped->path);
    RC_ASSERT(plain->raw == escaped->raw);
    RC_ASSERT(canonical_path(direct->escaped())->path == direct->path);
  }));
}

TEST(Url, EscapesRoundTrip) {
  EXPECT_TRUE(rc::check("unescape(escape(s)) == s", [](const std::string& s) {
    RC_ASSERT(unescape_path(escape_path(s)) == s);
    RC_ASSERT(unescape_query(escape_query(s)) == s);
  }));
  EXPECT_EQ(unescape_query("a+b%2B"), "a b+");
  EXPECT_EQ(unescape_path("a+b"), "a+b");
}

TEST(Url, CanonicalHost) {  // catalogue 1.4
  const std::pair<const char*, const char*> rows[] = {{"Foo.Test:80", "foo.test"},
                                                      {"foo.test.", "foo.test."},
                                                      {"[::1]:80", "::1"},
                                                      {"[::1]", "::1"},
                                                      {"::1", "::1"},
                                                      {" a ", "a"},
                                                      {"", ""},
                                                      {"a:b:c", "a:b:c"}};
  for (const auto& [in, out] : rows) EXPECT_EQ(canonical_host(in), out) << in;
}

TEST(Url, ParseQueryAsGo) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_query("a=1&b=2&a=3"), (Pairs{{"a", "1"}, {"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(parse_query("a&b=&=c&&d=e=f"), (Pairs{{"a", ""}, {"b", ""}, {"", "c"}, {"d", "e=f"}}));
  EXPECT_EQ(parse_query("a=%zz&b=1;c=2&d=%20+"), (Pairs{{"d", "  "}}));
  EXPECT_TRUE(parse_query("").empty());
  const auto query_of = [](size_t n) {
    std::string q = "a";
    for (size_t i = 1; i < n; ++i) q += "&a";
    return q;
  };
  EXPECT_EQ(parse_query(query_of(query_parameters_max)).size(), query_parameters_max);
  EXPECT_TRUE(parse_query(query_of(query_parameters_max + 1)).empty());
}

TEST(Url, CleanQueryAsGo) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", ""},
      {"b=1&a=%20+", "b=1&a=%20+"},      // readable: as it is
      {"b=1&q=%zz&a=x y", "a=x+y&b=1"},  // a bad escape: what is left, by its keys
      {"b=2&b=1;c=3&a", "a=&b=2"},
      {"q=%", ""},
      {"q=%4", ""},
      {"=&q=%zz", "="}};
  for (const auto& [in, out] : rows) EXPECT_EQ(clean_query(in), out) << in;
}

TEST(Url, QuerySemicolons) {  // catalogue 2.1 http.encodeQuerySemicolons
  EXPECT_EQ(with_query_semicolons("a=1;b=2", false), "a=1&b=2");
  EXPECT_EQ(with_query_semicolons("a=1;b=2", true), "a=1%3Bb=2");
}

TEST(Url, TargetsByForm) {  // RFC 9112 section 3.2
  using Form = Target::Form;
  Target t = *parse_target("GET", "/a?b?c");
  EXPECT_TRUE(t.form == Form::origin && t.path == "/a" && t.query == "b?c" && t.has_query);
  t = *parse_target("GET", "/a?");
  EXPECT_TRUE(t.has_query && t.query.empty());
  t = *parse_target("GET", "http://Foo.test:80?q");
  EXPECT_TRUE(t.form == Form::absolute && t.scheme == "http" && t.authority == "Foo.test:80" &&
              t.path.empty() && t.query == "q");
  t = *parse_target("GET", "http://[::1]/x");
  EXPECT_TRUE(t.authority == "[::1]" && t.path == "/x");
  EXPECT_TRUE(parse_target("OPTIONS", "*")->form == Form::asterisk);
  t = *parse_target("CONNECT", "h.test:443");
  EXPECT_TRUE(t.form == Form::authority && t.authority == "h.test:443");
  for (const char* bad : {"",
                          "a",
                          "?x",
                          "foo:bar",
                          "http://",
                          "http:///x",
                          "http://u:p@h/",
                          "http://h:bad/",
                          "http://[::1/",
                          "http://a b/",
                          "/a b",
                          "/%zz",
                          "/a\x01",
                          "http:/x",
                          "://x",
                          "1a://x/",
                          "http://[1.2.3.4]/",
                          "http://a]/",
                          "http://a%2etest/",
                          "http://a%00/",
                          "http://a%zz/",
                          "http://%C3%A4/"}) {
    EXPECT_FALSE(parse_target("GET", bad)) << bad;
  }
  for (const char* bad : {"/", "h.test", "h.test:", "http://h:1/", "h:1/x", "*"})
    EXPECT_FALSE(parse_target("CONNECT", bad)) << bad;
}

TEST(Url, SplitUrl) {
  const auto u = split_url("https://u:p@h.test:8443/a%2Fb?c#d");
  ASSERT_TRUE(u);
  EXPECT_TRUE(u->scheme == "https" && u->userinfo == "u:p" && u->host == "h.test:8443" &&
              u->path == "/a%2Fb" && u->query == "c" && u->fragment == "d");
  EXPECT_TRUE(split_url("http://[::1]:80"));
  for (const char* bad :
       {"h.test", "/a", "http:a", "http://h:x", "http://a b", "http://[::1", "http://h/%zz"})
    EXPECT_FALSE(split_url(bad)) << bad;
}

}  // namespace
}  // namespace gateproof::http
