#include "engine/kubernetes/names.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/text.h"

namespace gateproof::kubernetes {
namespace {

TEST(Names, Normalise) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},
      {"a", "a"},
      {"--", ""},
      {"-a-", "a"},
      {"default-my.app--x_y", "default-my-app-x-y"},
      {"app.example.com/api/", "app-example-com-api"},
      {"*.example.com", "example-com"},
      {"Ab1", "Ab1"},
      {"a/\xc3\xbc/b", "a-\xc3\xbc-b"},
  };
  for (const auto& [in, out] : rows) EXPECT_EQ(normalise(in), out) << in;
}

// Names that the real binary gives to the guide's objects (conformance/kubernetes/cases/guide).
TEST(Names, OfTheGuide) {
  EXPECT_EQ(http_route_name("default", "my-app", "Host(`app.example.com`) && PathPrefix(`/api`)"),
            "default-my-app-7f6373e84c8ef1f58f9f");
  EXPECT_EQ(http_route_name("traefik", "traefik-dashboard", "Host(`traefik.example.com`)"),
            "traefik-traefik-dashboard-2cdf28e147f780196f48");
  EXPECT_EQ(object_name("default", "api-auth"), "default-api-auth");
  EXPECT_EQ(service_name("default", "my-app-service", "80"), "default-my-app-service-80");
  EXPECT_EQ(ingress_router_name("default", "my-app", "app.example.com", "/"),
            "default-my-app-app-example-com");
  EXPECT_EQ(make_id("", "x"), "x");
}

// A name as the API server allows it, without dots and without two dashes in a row, so that nothing in it is normalised away.
std::string plain_name() {
  const size_t parts = *rc::gen::inRange<size_t>(1, 4);
  std::string name;
  for (size_t i = 0; i < parts; ++i) {
    if (i) name += '-';
    const size_t size = *rc::gen::inRange<size_t>(1, 5);
    for (size_t n = 0; n < size; ++n) name += *rc::gen::elementOf(std::string("abcz019"));
  }
  return name;
}

TEST(Names, StableAndDistinctProperty) {
  // Different routes of one object never share a name, short of a collision of SHA-256; objects of one namespace neither,
  // where nothing in their names is normalised away.
  EXPECT_TRUE(rc::check("names are stable and distinct", [] {
    const std::string ns = plain_name(), a = plain_name(), b = plain_name();
    const auto match_a = *rc::gen::string<std::string>();
    const auto match_b = *rc::gen::string<std::string>();
    const std::string name = http_route_name(ns, a, match_a);
    RC_ASSERT(name == http_route_name(ns, a, match_a));
    RC_ASSERT(normalise(name) == name);
    RC_ASSERT((name == http_route_name(ns, a, match_b)) == (match_a == match_b));
    RC_ASSERT((http_route_name(ns, b, match_a) == name) == (a == b));
    RC_ASSERT((object_name(ns, a) == object_name(ns, b)) == (a == b));
  }));
}

TEST(Names, DocumentedCollisions) {
  // Where namespace ends and name begins is lost, and so is everything that is no letter or digit.
  EXPECT_EQ(object_name("a-b", "c"), object_name("a", "b-c"));
  EXPECT_EQ(object_name("a", "b.c"), object_name("a", "b-c"));
  EXPECT_EQ(ingress_router_name("n", "i", "h", "/a"), ingress_router_name("n", "i", "h", "/a/"));
  EXPECT_EQ(service_name("n", "s", "80"), object_name("n", "s-80"));
}

// With safeNaming no two objects share a name, whatever dashes and dots are in theirs (Traefik 3.7.10).
TEST(Names, K2_SafeNamesNeverCollide) {
  const CrdNames safe(true), usual(false);
  EXPECT_EQ(usual.object("a-b", "c"), usual.object("a", "b-c"));
  EXPECT_TRUE(rc::check("safe names are one for each namespace and name", [&] {
    const auto name = [] {
      return *rc::gen::nonEmpty(
          rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab-."))));
    };
    const std::string ns1 = name(), n1 = name(), ns2 = name(), n2 = name();
    const bool same = ns1 == ns2 && n1 == n2;
    RC_ASSERT((safe.object(ns1, n1) == safe.object(ns2, n2)) == same);
    RC_ASSERT((safe.tls_options(ns1, n1) == safe.tls_options(ns2, n2)) == same);
    RC_ASSERT((safe.http_route(ns1, n1, "m", 0) == safe.http_route(ns2, n2, "m", 0)) == same);
    RC_ASSERT((safe.tcp_route(ns1, n1, "m", 0) == safe.tcp_route(ns2, n2, "m", 0)) == same);
    RC_ASSERT((safe.udp_route(ns1, n1, 0) == safe.udp_route(ns2, n2, 0)) == same);
  }));
}

TEST(Names, NormaliseProperty) {
  EXPECT_TRUE(rc::check("normalise is idempotent and keeps letters and digits in order", [] {
    const auto text = *rc::gen::string<std::string>();
    const std::string once = normalise(text);
    RC_ASSERT(normalise(once) == once);
    const auto kept = [](std::string_view s) {
      std::string out;
      for (const char c : s) {
        if (text::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80) out += c;
      }
      return out;
    };
    RC_ASSERT(kept(text) == kept(once));
  }));
}

}  // namespace
}  // namespace gateproof::kubernetes
