#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(EncodedCharactersMiddleware, EachOption) {
  const std::pair<const char*, const char*> rows[] = {
      {"allowEncodedSlash", "%2f"},         {"allowEncodedBackSlash", "%5C"},
      {"allowEncodedNullCharacter", "%00"}, {"allowEncodedSemicolon", "%3B"},
      {"allowEncodedPercent", "%25"},       {"allowEncodedQuestionMark", "%3F"},
      {"allowEncodedHash", "%23"},
  };
  for (const auto& [option, triplet] : rows) {
    for (const auto& [other, other_triplet] : rows) {
      Rig rig;
      ASSERT_TRUE(rig.use("encodedCharacters", std::string(option) + ": true")) << rig.why;
      const auto x = rig.send("/a" + std::string(other_triplet) + "b");
      const bool same = std::string_view(option) == other;
      EXPECT_EQ(x->response.status, same ? 200 : 400) << option << " " << other_triplet;
      EXPECT_EQ(rig.end->calls, same ? 1 : 0);
      if (same) continue;
      EXPECT_EQ(rig.body_of(*x), "") << "3.2 empty body";
      EXPECT_TRUE(x->response.headers.empty());
    }
  }
}

TEST(EncodedCharactersMiddleware, PathOnly) {
  const std::pair<const char*, int> rows[] = {
      {"/a", 200},     {"/a%20b", 200},   {"/a?q=%2F%23", 200}, {"/%2e%2e%2fx", 400},
      {"/a%2Fb", 400}, {"/a%252Fb", 400}, {"/a;b", 200},
  };
  for (const auto& [url, status] : rows) {
    Rig rig;
    ASSERT_TRUE(rig.use("encodedCharacters", "allowEncodedHash: false")) << rig.why;
    EXPECT_EQ(rig.send(url)->response.status, status) << url;
  }
}

TEST(EncodedCharactersMiddleware, TheTraceNamesTheTriplet) {
  Rig rig;
  ASSERT_TRUE(rig.use("encodedCharacters", "allowEncodedSlash: true"));
  auto x = rig.request("/a%2fb%3fc");
  http::ExchangeTrace trace;
  x->trace = &trace;
  rig.run(*x);
  ASSERT_FALSE(trace.empty());
  EXPECT_EQ(trace[0].detail, "encoded character %3F in the path is not allowed");
  EXPECT_EQ(rig.build_error("encodedCharacters", "allowEncodedDot: true"),
            "schema: field not found, node: allowEncodedDot");
}

}  // namespace
}  // namespace gateproof::middleware
