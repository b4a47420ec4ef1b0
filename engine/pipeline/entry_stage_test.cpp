#include "engine/pipeline/entry_stage.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::pipeline {
namespace {

class Entry : public ::testing::Test {
 protected:
  gateproof::testing::FakeWorld world;
  http::Exchange x{world.env};
  config::EntryPointConfig entry_point;
  config::StaticConfig statics;

  bool apply(std::string path, std::string query = "") {
    x.reset();
    x.request.method = "GET";
    x.request.host = "App.Example.com:8080";
    x.request.url.raw = std::move(path);
    x.request.query = std::move(query);
    x.request.headers = headers;
    x.peer = {IpAddress::v4(10, 0, 0, 9), 1};
    const auto stage = make_entry_stage(entry_point, statics, "me");
    EXPECT_TRUE(stage.has_value());
    return apply_entry_stage(x, *stage);
  }
  http::Headers headers;
};

TEST_F(Entry, OneCanonicalPath) {  // catalogue 1.5
  struct Row {
    std::string sent, forwarded, routed;
  };
  for (const Row& row :
       std::vector<Row>{{"/api", "/api", "/api"},
                        {"//api//y", "/api/y", "/api/y"},
                        {"/%61pi", "/api", "/api"},
                        {"/x/%2e%2e/api/z", "/api/z", "/api/z"},
                        {"/api/..%2fsecret", "/api/..%2Fsecret", "/api/..%2Fsecret"},
                        {"/ex%20act", "/ex%20act", "/ex act"}}) {
    ASSERT_TRUE(apply(row.sent)) << row.sent;
    EXPECT_EQ(x.request.target(), row.forwarded);
    EXPECT_EQ(x.routing_path, row.routed);
  }
  EXPECT_EQ(x.canonical_host, "app.example.com");
}

TEST_F(Entry, FragmentsAndBrokenEscapesAre400) {  // surprise 13
  EXPECT_FALSE(apply("/a#b"));
  EXPECT_EQ(x.response.status, 400);
  EXPECT_TRUE(x.response.body.empty());
  EXPECT_FALSE(apply("/a%zz"));
  EXPECT_EQ(x.response.status, 400);
}

TEST_F(Entry, Semicolons) {
  ASSERT_TRUE(apply("/", "a=1;b=2"));
  EXPECT_EQ(x.request.query, "a=1&b=2");
  EXPECT_EQ(x.shown_target(), "/?a=1;b=2");  // what redirects show
  x.request.url.path = "/moved";
  EXPECT_EQ(x.shown_target(), "/moved?a=1&b=2");
  entry_point.encode_query_semicolons = true;
  ASSERT_TRUE(apply("/", "a=1;b=2"));
  EXPECT_EQ(x.request.query, "a=1%3Bb=2");
  EXPECT_EQ(x.shown_target(), "/?a=1%3Bb=2");
}

TEST_F(Entry, PathsThatAreLeftAloneAreShownAsTheyCame) {
  entry_point.sanitize_path = false;
  ASSERT_TRUE(apply("/a|b", "x=1;y"));
  EXPECT_EQ(x.request.target(), "/a%7Cb?x=1&y");
  EXPECT_EQ(x.shown_target(), "/a|b?x=1;y");
  ASSERT_TRUE(apply("/a|b%61", "x=1"));  // one triplet is decoded: all of it is made anew
  EXPECT_EQ(x.shown_target(), "/a%7Cba?x=1");
  entry_point.encode_query_semicolons = true;
  ASSERT_TRUE(apply("/a|b", "x=1;y"));
  EXPECT_EQ(x.shown_target(), "/a%7Cb?x=1%3By");
}

TEST_F(Entry, SanitizingCanBeSwitchedOffButNotInStrictMode) {  // catalogue 2.1
  entry_point.sanitize_path = false;
  ASSERT_TRUE(apply("/a/../b"));
  EXPECT_EQ(x.request.target(), "/a/../b");
  statics.gateproof.strict = true;
  ASSERT_TRUE(apply("/a/../b"));
  EXPECT_EQ(x.request.target(), "/b");
}

TEST_F(Entry, AliasNames) {  // catalogue 2.1, reliability F2
  headers = {{"X_Foo", "1"}, {"X-Bar", "2"}};
  ASSERT_TRUE(apply("/"));
  EXPECT_TRUE(x.request.headers.has("X_Foo"));
  entry_point.alias_headers_strategy = "delete";
  ASSERT_TRUE(apply("/"));
  EXPECT_FALSE(x.request.headers.has("X_Foo"));
  EXPECT_TRUE(x.request.headers.has("X-Bar"));
  entry_point.alias_headers_strategy = "reject";
  EXPECT_FALSE(apply("/"));
  EXPECT_EQ(x.response.status, 400);
}

TEST_F(Entry, UntrustedForwardedHeadersGo) {  // catalogue 2.2
  headers = {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-Proto", "https"}};
  ASSERT_TRUE(apply("/"));
  EXPECT_FALSE(x.request.headers.has("X-Forwarded-For"));
  EXPECT_EQ(x.request.headers.get("X-Forwarded-Proto"), "http");
  EXPECT_EQ(x.request.headers.get("X-Real-Ip"), "10.0.0.9");
  entry_point.forwarded.trusted_ips = {{"10.0.0.0/8", {}}};
  ASSERT_TRUE(apply("/"));
  EXPECT_EQ(x.request.headers.get("X-Forwarded-For"), "1.1.1.1");
  EXPECT_EQ(x.request.headers.get("X-Forwarded-Proto"), "https");
}

TEST_F(Entry, StrictMeansTheSafeThing) {  // catalogue 2.1, 2.2, 4.9; reliability F2, F3, S2
  statics.gateproof.strict = true;
  headers = {{"Forwarded", "for=1.1.1.1"}, {"x-forwarded_scheme", "https"},
             {"X-Forwardedx", "1"},        {"Connection", "Upgrade"},
             {"Upgrade", "h2c"},           {"Via", "1.1 x"}};
  ASSERT_TRUE(apply("/", "a=1;b=2"));
  EXPECT_EQ(x.request.query, "a=1%3Bb=2");
  EXPECT_FALSE(x.request.headers.has("Forwarded"));
  EXPECT_FALSE(x.request.headers.has("x-forwarded_scheme"));
  EXPECT_TRUE(x.request.headers.has("X-Forwardedx"));
  EXPECT_TRUE(x.request.headers.has("Via"));
  EXPECT_FALSE(x.request.headers.has("Upgrade"));
  headers = {{"Connection", "Upgrade"}, {"Upgrade", "WebSocket"}};
  ASSERT_TRUE(apply("/"));
  EXPECT_EQ(x.request.headers.get("Upgrade"), "WebSocket");
  headers = {{"Connection", "Upgrade"}, {"Upgrade", "websocket, h2c"}};
  ASSERT_TRUE(apply("/"));
  EXPECT_FALSE(x.request.headers.has("Upgrade"));
  headers = {{"Forwarded", "for=1.1.1.1"}};
  entry_point.forwarded.trusted_ips = {{"10.0.0.0/8", {}}};
  ASSERT_TRUE(apply("/"));
  EXPECT_TRUE(x.request.headers.has("Forwarded"));
}

TEST_F(Entry, EveryStrictMeaningIsTold) {
  EXPECT_EQ(strict_differences(entry_point).size(), 5u);
  entry_point.sanitize_path = false;
  EXPECT_EQ(strict_differences(entry_point).size(), 6u);
  entry_point.sanitize_path = true;
  entry_point.encoded_characters.emplace();
  entry_point.alias_headers_strategy = "reject";
  entry_point.encode_query_semicolons = true;
  entry_point.forwarded.insecure = true;
  EXPECT_EQ(strict_differences(entry_point).size(), 1u);  // upgrades have no option
}

TEST_F(Entry, BadTrustedAddressIsAnError) {
  entry_point.forwarded.trusted_ips = {{"10.0.0.0/99", {}}};
  EXPECT_FALSE(make_entry_stage(entry_point, statics, "me").has_value());
}

}  // namespace
}  // namespace gateproof::pipeline
