#include "engine/middleware/go_url.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace gateproof::middleware
