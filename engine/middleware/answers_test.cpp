#include "engine/middleware/answers.h"

#include <gtest/gtest.h>

#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

TEST(Answers, GoHttpError) {
  const std::pair<const char*, const char*> rows[] = {
      {"Bad Request", "Bad Request\n"}, {"", "\n"}, {"two\nlines", "two\nlines\n"}};
  for (const auto& [text, body] : rows) {
    Rig rig;
    auto x = rig.request("/");
    x->response.headers.add("X-Before", "1");
    answer_error(*x, 400, text);
    EXPECT_EQ(x->response.status, 400);
    EXPECT_EQ(x->response.headers.size(), 2u) << "what was there before is gone";
    EXPECT_EQ(x->response.headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(x->response.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(rig.body_of(*x), body);
  }
}

// Catalogue 3.0: the usual phrase, no Content-Type; no body where none may be.
TEST(Answers, Phrases) {
  const std::pair<int, const char*> rows[] = {
      {403, "Forbidden"}, {503, "Service Unavailable"}, {599, ""}, {204, ""}, {304, ""}};
  for (const auto& [status, body] : rows) {
    Rig rig;
    auto x = rig.request("/");
    x->response.headers.add("Content-Type", "a/b");
    answer_phrase(*x, status);
    EXPECT_EQ(x->response.status, status);
    EXPECT_TRUE(x->response.headers.empty()) << status;
    EXPECT_EQ(rig.body_of(*x), body) << status;
  }
}

}  // namespace
}  // namespace gateproof::middleware
