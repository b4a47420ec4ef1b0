#include "engine/middleware/path_rewrite.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

TEST(PathRewrite, CutsBothFormsAtOnePlace) {
  struct Row {
    const char *escaped, *prefix, *expected;
  };
  const Row rows[] = {
      {"/a/b", "/a", "/b"},       {"/a/b", "", "/a/b"},         {"/a", "/a", ""},
      {"/ab", "/a", "/b"},        {"/a%2Fb%2Fc", "/a/b", "/c"}, {"/%61%2Fb", "/a", "/b"},
      {"/a%20b/c", "/a b", "/c"},
  };
  for (const Row& row : rows) {
    http::UrlPath url = http::UrlPath::parse(row.escaped).value();
    cut_prefix(url, row.prefix);
    EXPECT_EQ(url.escaped(), row.expected) << row.escaped << " - " << row.prefix;
  }
}

TEST(PathRewrite, WhatIsLeftOfAPath) {
  http::UrlPath url = http::UrlPath::parse("/a%2Fb").value();
  cut_prefix(url, "/a/b");
  EXPECT_EQ(url, http::UrlPath());
  url = http::UrlPath::parse("/a").value();
  cut_prefix(url, "/a", Rest::forced_slash);
  EXPECT_EQ(url.path, "/");
  url = http::UrlPath::parse("/a/").value();
  cut_prefix(url, "/a", Rest::forced_slash);
  EXPECT_EQ(url.path, "/");
}

// 3.2 replacePath: its text stays as it is for the next rewrite, also where it is no valid encoding.
TEST(PathRewrite, ReplacementsStartFromTheText) {
  Rig rig;
  auto x = rig.request("/old");
  replace_and_continue(*x, "/a|b", false);
  replace_and_continue(*x, "/c|d", true);
  replace_and_continue(*x, "/e", false);
  EXPECT_EQ(lines_of(x->request.headers, "X-Replaced-Path"), "/old | /a|b | /c%7Cd");
}

std::string led(std::string path) {
  lead_with_slash(path);
  return path;
}

TEST(PathRewrite, Clean) {
  const std::pair<const char*, bool> rows[] = {
      {"", true},       {"/", true},      {"/a/", true},        {"//", false},
      {"/a//b", false}, {"/./a", false},  {"/a/..", false},     {"/a..", true},
      {"/%2e/a", true}, {"/..%2f", true}, {"/a/b%2F%2F", true},
  };
  for (const auto& [escaped, clean] : rows)
    EXPECT_EQ(is_clean(http::UrlPath::parse(escaped).value()), clean) << escaped;
  EXPECT_EQ(led(""), "/");
  EXPECT_EQ(led("a"), "/a");
  EXPECT_EQ(led("//a"), "//a");
}

TEST(PathRewrite, Replace) {
  struct Row {
    const char* escaped;
    bool must_be_clean;
    int status;  // 0: goes on
    const char* body_or_target;
  };
  const Row rows[] = {
      {"/n", true, 0, "/n"},
      {"/n%2Fm", true, 0, "/n%2Fm"},
      {"/a/../b", true, 400, "Bad Request\n"},
      {"/a/../b", false, 0, "/a/../b"},
      {"/%zz", true, 500, "invalid URL escape \"%zz\"\n"},
      {"/%4", false, 500, "invalid URL escape \"%4\"\n"},
      {"/%", false, 500, "invalid URL escape \"%\"\n"},
      {"", true, 0, "/"},
  };
  for (const Row& row : rows) {
    Rig rig;
    auto x = rig.request("/old%2Fp");
    const Flow flow = replace_and_continue(*x, row.escaped, row.must_be_clean);
    EXPECT_EQ(flow == Flow::answer, row.status != 0) << row.escaped;
    EXPECT_EQ(x->response.status, row.status) << row.escaped;
    EXPECT_EQ(row.status ? rig.body_of(*x) : x->request.target(), row.body_or_target);
    EXPECT_EQ(lines_of(x->request.headers, "X-Replaced-Path"), "/old%2Fp");
  }
}

TEST(PathRewrite, WhatComesBehindSeesTheFormThatWasSetLast) {  // 3.2 replacePath, stripPrefix
  Rig rig;
  auto x = rig.request("/old");
  EXPECT_EQ(replace_and_continue(*x, "/a b", false), Flow::next);
  EXPECT_EQ(shown_path(x->request.url), "/a b");  // as it was written
  EXPECT_EQ(replace_and_continue(*x, "/q?z", true), Flow::next);
  EXPECT_EQ(shown_path(x->request.url), "/q%3Fz");  // what was cleaned is encoded
  EXPECT_EQ(lines_of(x->request.headers, "X-Replaced-Path"), "/old | /a b");
  auto refused = rig.request("/old");
  EXPECT_EQ(replace_and_continue(*refused, "/a/../b", true), Flow::answer);
  EXPECT_EQ(lines_of(refused->request.headers, "X-Replaced-Path"), "/old");  // told all the same
  auto all = rig.request("/api?a=1");
  EXPECT_EQ(strip_and_check(*all, "/api"), Flow::next);
  EXPECT_EQ(shown_path(all->request.url), "");
  EXPECT_EQ(all->request.target(), "/?a=1");
}

}  // namespace
}  // namespace gateproof::middleware
