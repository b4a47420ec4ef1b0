#include "engine/http/plain_path.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/http/url.h"

namespace gateproof::http {
namespace {

TEST(PlainPath, WhichAre) {
  for (const char* path : {"/", "/a", "/a/", "/a.b/c-d_e~f", "/a..", "/$&+,:;=@"})
    EXPECT_TRUE(is_plain_path(path)) << path;
  for (const char* path : {"", "a", "*", "//", "/a//", "/.", "/a/../b", "/.well-known", "/%41",
                           "/a b", "/a?b", "/a#b", "/(", "/\x80"})
    EXPECT_FALSE(is_plain_path(path)) << path;
}

// Nobody who reads, cleans, decodes or encodes one makes anything else of it.
TEST(PlainPath, StaysAsItIs) {
  EXPECT_TRUE(rc::check([] {
    const auto piece = rc::gen::elementOf(std::string("ab./-_~$&+,:;=@!%2"));
    const std::string path = "/" + *rc::gen::container<std::string>(piece);
    RC_CLASSIFY(is_plain_path(path));
    if (!is_plain_path(path)) return;
    RC_ASSERT(canonical_path(path, true).value() == (UrlPath{path, ""}));
    RC_ASSERT(canonical_path(path, false).value() == (UrlPath{path, ""}));
    RC_ASSERT(UrlPath::parse(path).value() == (UrlPath{path, ""}));
    RC_ASSERT((UrlPath{path, path}.escaped()) == path);
    RC_ASSERT((UrlPath{path, ""}.escaped()) == path);
    RC_ASSERT(unescape_path(path) == path && escape_path(path) == path);
    RC_ASSERT(sanitize_path(path) == path && routing_path(path) == path);
    RC_ASSERT(normalize_path(path).value() == path && clean_path(path + "x") == path + "x");
  }));
}

}  // namespace
}  // namespace gateproof::http
