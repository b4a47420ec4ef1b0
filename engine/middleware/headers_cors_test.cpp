#include "engine/middleware/headers_cors.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

TEST(HeadersCors, WhatIsAPreflight) {
  struct Row {
    const char* method;
    std::vector<std::string> lines;
    bool is;
  };
  const Row rows[] = {
      {"OPTIONS", {"Origin: a", "Access-Control-Request-Method: GET"}, true},
      {"OPTIONS", {"Access-Control-Request-Method: GET"}, false},
      {"OPTIONS", {"Origin: a"}, false},
      {"OPTIONS", {"Origin:", "Access-Control-Request-Method: GET"}, false},
      {"GET", {"Origin: a", "Access-Control-Request-Method: GET"}, false},
      {"options", {"Origin: a", "Access-Control-Request-Method: GET"}, false},
  };
  for (const Row& row : rows) {
    Rig rig;
    EXPECT_EQ(Cors::is_preflight(rig.request("/", row.lines, row.method)->request), row.is)
        << row.method << " " << row.lines.front();
  }
}

TEST(HeadersCors, Origins) {
  HeadersOptions listed, patterns, star, star_credentials, anything, star_second;
  anything.allow_origin_list_regex = {".*"};
  star_second.allow_origin_list = {"https://a.test", "*"};
  listed.allow_origin_list = {"https://a.test"};
  patterns.allow_origin_list_regex = {"^https://[ab]\\.test$"};
  star.allow_origin_list = {"*"};
  star_credentials = star;
  star_credentials.allow_credentials = true;
  struct Row {
    const HeadersOptions& options;
    const char *origin, *allowed;
  };
  const Row rows[] = {
      {listed, "https://a.test", "https://a.test"},
      {listed, "https://a.test:443", "-"},
      {listed, "https://A.test", "-"},
      {listed, "", "-"},
      {patterns, "https://b.test", "https://b.test"},
      {patterns, "https://c.test", "-"},
      {patterns, "https://b.test.evil", "-"},
      {star, "https://x", "*"},
      {star, "", "*"},
      {star_credentials, "https://x", "https://x"},
      {star_credentials, "", ""},
      {anything, "", ""},
      {patterns, "", "-"},
      {star_second, "https://a.test", "https://a.test"},
      {star_second, "https://b.test", "*"},
  };
  for (const Row& row : rows) {
    Rig rig;
    auto x = rig.request("/", {"Origin: " + std::string(row.origin)});
    Cors::compile(row.options).value().edit_response(*x);
    EXPECT_EQ(lines_of(x->response.headers, "Access-Control-Allow-Origin"), row.allowed)
        << row.origin;
  }
}

TEST(HeadersCors, PreflightHasNoBody) {
  HeadersOptions none;
  Rig rig;
  auto x = rig.request("/", {"Origin: a", "Access-Control-Request-Method: GET"}, "OPTIONS");
  Cors::compile(none).value().answer_preflight(*x);
  EXPECT_EQ(x->response.status, 200);
  EXPECT_TRUE(x->response.headers.empty());
  EXPECT_EQ(x->response.body.length(), 0u);
}

TEST(HeadersCors, BadPattern) {
  HeadersOptions bad;
  bad.allow_origin_list_regex = {"ok", "["};
  EXPECT_EQ(Cors::compile(bad).error().message,
            "error occurred during origin parsing: error parsing regexp: missing closing ]: `[`");
}

}  // namespace
}  // namespace gateproof::middleware
