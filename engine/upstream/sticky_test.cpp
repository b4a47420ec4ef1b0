#include "engine/upstream/sticky.h"

#include <gtest/gtest.h>

#include "engine/base/crypto.h"

namespace gateproof::upstream {
namespace {

const std::vector<std::string> servers = {"http://127.0.0.1:19101", "http://127.0.0.1:19102", ""};

http::Request with_cookie(std::string value) {
  http::Request r;
  r.headers.add("Cookie", "other=1; " + value);
  return r;
}

TEST(Sticky, NameAndValueAsTraefikMakesThem) {  // surprise 35
  const Sticky s({}, "sticky@file", servers);
  EXPECT_EQ(s.name(), "_252c2");
  EXPECT_EQ(s.set_cookie(0), "_252c2=a7f259357eb701e2; Path=/");
}

TEST(Sticky, GivenNamesAreSanitized) {  // catalogue 4.3
  config::CookieConfig c;
  c.name = "my cookie";
  EXPECT_EQ(Sticky(c, "x@file", servers).name(), "my_cookie");
  c.name = "caf\xc3\xa9";
  EXPECT_EQ(Sticky(c, "x@file", servers).name(),
            "caf_");  // one for the character, not for its bytes
}

TEST(Sticky, CurrentValueNeedsNoNewCookieAndOldFormsAreRewritten) {
  const Sticky s({}, "sticky@file", servers);
  const auto current = s.find(with_cookie("_252c2=a7f259357eb701e2"));
  ASSERT_TRUE(current);
  EXPECT_EQ(current->index, 0u);
  EXPECT_FALSE(current->rewrite);
  const auto plain = s.find(with_cookie("_252c2=http://127.0.0.1:19102"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->index, 1u);
  EXPECT_TRUE(plain->rewrite);
}

TEST(Sticky, R5_UnknownAndUnpickableValuesNameNobody) {
  const Sticky s({}, "sticky@file", servers);
  EXPECT_FALSE(s.find(with_cookie("_252c2=forged")));
  EXPECT_FALSE(s.find(with_cookie("_252c2=")));  // the entry of weight 0 has the empty name
  EXPECT_FALSE(s.find(http::Request{}));
}

TEST(Sticky, AttributesInGosOrder) {
  config::CookieConfig c;
  c.name = "s";
  c.secure = c.http_only = true;
  c.same_site = "lax";
  c.max_age = 60;
  c.domain = "example.com";
  c.path = "/p";
  const std::string value = crypto::hex(crypto::sha256(servers[0])).substr(0, 16);
  EXPECT_EQ(
      Sticky(c, "x@file", servers).set_cookie(0),
      "s=" + value + "; Path=/p; Domain=example.com; Max-Age=60; HttpOnly; Secure; SameSite=Lax");
}

}  // namespace
}  // namespace gateproof::upstream
