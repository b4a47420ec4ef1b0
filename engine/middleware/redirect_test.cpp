#include "engine/middleware/redirect.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

// "302 http://b/", or "-" where the request goes on.
std::string sent_to(const char* regex, const char* replacement, bool permanent, const char* method,
                    const std::string& url) {
  Rig rig;
  auto x = rig.request("/", {}, method);
  const Redirection r = Redirection::compile(regex, replacement, permanent).value();
  if (r.apply(*x, url) == Flow::next) return "-";
  return std::to_string(x->response.status) + " " + lines_of(x->response.headers, "Location");
}

TEST(Redirection, CodesByMethod) {
  const std::tuple<const char*, bool, const char*> rows[] = {
      {"GET", false, "302 http://b/"},  {"GET", true, "301 http://b/"},
      {"HEAD", false, "307 http://b/"}, {"HEAD", true, "308 http://b/"},
      {"POST", false, "307 http://b/"}, {"get", true, "308 http://b/"},
  };
  for (const auto& [method, permanent, expected] : rows)
    EXPECT_EQ(sent_to("a", "b", permanent, method, "http://a/"), expected) << method;
}

TEST(Redirection, Targets) {
  const std::tuple<const char*, const char*, const char*, const char*> rows[] = {
      {"no match", "z", "b", "-"},
      {"9.21 equal to the input", "a", "a", "-"},
      {"every match", "a", "c", "302 http://c/c?c"},
      {"groups", "^http://(a)/(.*)$", "http://x/$2/${1}", "302 http://x/a?a/a"},
      {"an absent group is empty", "/a\\?a", "/$7", "302 http://a/"},
      {"no URL", "^.*$", "http://[", "502 -"},
      {"empty", "^.*$", "", "302 "},
  };
  for (const auto& [clause, regex, replacement, expected] : rows)
    EXPECT_EQ(sent_to(regex, replacement, false, "GET", "http://a/a?a"), expected) << clause;
}

TEST(Redirection, WhatGoesOnIsWhatWasRead) {
  Rig rig;
  const Redirection same = Redirection::compile("^http", "http", false).value();
  const auto passed = [&](const std::string& url) -> std::string {
    auto x = rig.request("/as/it/was");
    if (same.apply(*x, url) == Flow::answer) return std::to_string(x->response.status);
    return x->request.target();
  };
  EXPECT_EQ(passed("http://a.test/x?y#z"), "/x?y");
  EXPECT_EQ(passed("http://a.test/x?#"), "/x?");
  EXPECT_EQ(passed("http://a.test/x?y#%zz"), "502");
  EXPECT_EQ(passed("http://a b/x"), "502");
  EXPECT_EQ(passed("http://a#b/x"), "/");
  EXPECT_EQ(passed("http://[::1]:80/x"), "/x");
  EXPECT_EQ(passed("http://a.test/x?y"), "/as/it/was");  // nothing to read: nothing is changed
  auto stripped = rig.request("/");
  stripped->request.url.path.clear();
  EXPECT_EQ(same.apply(*stripped, "http://a.test/"), Flow::next);
  EXPECT_EQ(stripped->request.url.path, "/");
}

TEST(Redirection, BadExpression) {
  EXPECT_EQ(Redirection::compile("(", "", true).error().message,
            "error parsing regexp: missing closing ): `(`");
}

}  // namespace
}  // namespace gateproof::middleware
