#include "engine/middleware/media_type.h"

#include <gtest/gtest.h>

namespace gateproof::middleware {
namespace {

TEST(MediaType, LikeGo) {
  const std::pair<const char*, const char*> rows[] = {
      {"text/html", "text/html"},
      {" Text/HTML ; a=b", "text/html"},
      {"a", "a"},
      {"a/b;", "a/b"},
      {"a/b; c=\"d;e\"; f=g", "a/b"},
      {"a/b; c", "!mime: invalid media parameter"},
      {"a/b; c=d; C=e", "!mime: duplicate parameter name"},
      {"a/", "!mime: expected token after slash"},
      {"a/b c", "!mime: unexpected content after media subtype"},
      {"", "!mime: no media type"},
  };
  for (const auto& [text, expected] : rows) {
    const auto type = parse_media_type(text);
    EXPECT_EQ(type ? *type : "!" + type.error().message, expected) << text;
  }
}

TEST(MediaType, Parameters) {
  const std::pair<const char*, const char*> rows[] = {
      {"a/b;;", "!mime: invalid media parameter"},
      {"a/b; ", "a/b"},
      {"a/b; c=", "!mime: invalid media parameter"},
      {"a/b; c=\"\"", "a/b"},
      {"a/b; c=\"d", "!mime: invalid media parameter"},
      {"a/b; c=\"d\\\"e\"", "a/b"},
      {"a/b; c=\"d\ne\"", "!mime: invalid media parameter"},
      {"a/b; =d", "!mime: invalid media parameter"},
      {"a/b ; c = d", "a/b"},
      {"/b", "!mime: no media type"},
      {";a=b", "!mime: no media type"},
      {"a b/c", "!mime: expected slash after first token"},
  };
  for (const auto& [text, expected] : rows) {
    const auto type = parse_media_type(text);
    EXPECT_EQ(type ? *type : "!" + type.error().message, expected) << text;
  }
}

}  // namespace
}  // namespace gateproof::middleware
