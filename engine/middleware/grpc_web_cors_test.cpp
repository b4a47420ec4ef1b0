#include "engine/middleware/grpc_web_cors.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

TEST(GrpcWebCors, Preflight) {
  struct Row {
    const char *origins, *origin, *method, *headers;
    bool allowed;
    const char *methods, *names;
  };
  const char* one = "allowOrigins: ['https://a.test']";
  const Row rows[] = {
      {one, "https://a.test", "POST", "x-grpc-web,content-type", true, "POST",
       "X-Grpc-Web, Content-Type"},
      {one, "https://a.test", "post", "X-GRPC-WEB", true, "POST", "X-Grpc-Web"},
      {one, "https://a.test", "OPTIONS", "x-grpc-web", true, "OPTIONS", "X-Grpc-Web"},
      {one, "https://a.test", "PUT", "x-grpc-web", false, "-", "-"},
      {one, "https://b.test", "POST", "x-grpc-web", false, "-", "-"},
      {one, "https://A.test", "POST", "x-grpc-web", false, "-", "-"},
      {one, "", "POST", "x-grpc-web", false, "-", "-"},
      {"allowOrigins: ['*']", "https://b.test", "GET", "x-grpc-web", true, "GET", "X-Grpc-Web"},
      {"allowOrigins: ['x', '*']", "https://b.test", "GET", "x-grpc-web", true, "GET",
       "X-Grpc-Web"},
      {"allowOrigins: ['https://*']", "https://b.test", "GET", "x-grpc-web", false, "-", "-"},
      {"allowOrigins: []", "https://b.test", "GET", "x-grpc-web", false, "-", "-"},
  };
  for (const Row& row : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("grpcWeb", row.origins)) << rig.why;
    std::vector<std::string> lines = {
        "Access-Control-Request-Method: " + std::string(row.method),
        "Access-Control-Request-Headers: " + std::string(row.headers)};
    if (*row.origin) lines.push_back("Origin: " + std::string(row.origin));
    const auto x = rig.send("/", lines, "OPTIONS");
    const http::Headers& h = x->response.headers;
    EXPECT_EQ(rig.end->calls, 0) << row.origin;
    EXPECT_EQ(x->response.status, 200);
    EXPECT_EQ(x->response.body.length(), 0u);
    EXPECT_EQ(lines_of(h, "Vary"),
              "Origin | Access-Control-Request-Method | Access-Control-Request-Headers");
    EXPECT_EQ(lines_of(h, "Access-Control-Allow-Origin"), row.allowed ? row.origin : "-");
    EXPECT_EQ(lines_of(h, "Access-Control-Allow-Credentials"), row.allowed ? "true" : "-");
    EXPECT_EQ(lines_of(h, "Access-Control-Max-Age"), row.allowed ? "600" : "-");
    EXPECT_EQ(lines_of(h, "Access-Control-Allow-Methods"), row.methods);
    EXPECT_EQ(lines_of(h, "Access-Control-Allow-Headers"), row.names);
  }
}

TEST(GrpcWebCors, HeaderNames) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"a", "A"},
      {"X-GRPC-WEB, foo_bar  x.y,,a1-b2 Zed, \xe9-q", "X-Grpc-Web Foo_Bar Xy A1-B2 Zed -Q"},
      {" ,, ", ""},
      {"a,", "A"},
      {"a.", "A"},
  };
  for (const auto& [list, names] : rows)
    EXPECT_EQ(text::join(cors_header_names(list), " "), names) << list;
}

TEST(GrpcWebCors, WhatIsAPreflight) {
  Rig rig;
  const auto is = [&](const char* method, const std::vector<std::string>& lines) {
    return GrpcWebCors::is_preflight(rig.request("/", lines, method)->request);
  };
  const std::string asks = "Access-Control-Request-Headers: X-Grpc-Web";
  const std::string method = "Access-Control-Request-Method: POST";
  EXPECT_TRUE(is("OPTIONS", {asks, method}));
  EXPECT_FALSE(is("OPTIONS", {asks}));
  EXPECT_FALSE(is("OPTIONS", {method}));
  EXPECT_FALSE(is("POST", {asks, method}));
}

}  // namespace
}  // namespace gateproof::middleware
