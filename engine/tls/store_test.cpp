#include "engine/tls/store.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/tls/registry.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::tls {
namespace {

using tls::testing::make_certificate;

std::shared_ptr<const Identity> with_names(std::vector<std::string> names,
                                           const std::string& common = "") {
  const auto pem = make_certificate({.common_name = common, .names = std::move(names)});
  return *Identity::load(pem.certificate, pem.key);
}

TEST(CertificateStore, NamesOfACertificate) {
  EXPECT_EQ(with_names({"DNS:B.test", "DNS:a.test", "IP:10.0.0.1", "IP:::1"}, "Common")->key(),
            "10.0.0.1,::1,a.test,b.test,common");
  EXPECT_EQ(with_names({"DNS:a.test"}, "a.test")->key(), "a.test");
}

TEST(CertificateStore, WhoGetsAName) {  // 5.2
  CertificateStore store;
  const auto exact = with_names({"DNS:a.w.test"}), wild = with_names({"DNS:*.w.test"}),
             ip = with_names({"IP:10.0.0.1"}), both = with_names({"DNS:*.w.test", "DNS:z.test"}),
             twin = with_names({"DNS:a.w.test"});
  for (const auto& one : {exact, wild, ip, both, twin}) store.add(one);
  EXPECT_EQ(store.size(), 4u);  // of the twins the first one stays
  EXPECT_EQ(store.find("a.w.test"), exact);
  EXPECT_EQ(store.find("b.w.test"), both);  // "*.w.test,z.test" is greater than "*.w.test"
  EXPECT_EQ(store.find("a.b.w.test"), nullptr);
  EXPECT_EQ(store.find("w.test"), nullptr);
  EXPECT_EQ(store.find("10.0.0.1"), ip);
  EXPECT_EQ(store.find("z.test"), both);
  EXPECT_EQ(store.find(""), nullptr);
}

TEST(CertificateStore, A5_ANameWithNulMatchesNothingShorter) {  // reliability A5
  CertificateStore store;
  store.add(with_names({"DNS:a.test"}));
  EXPECT_EQ(store.find(std::string("a.test\0.evil", 12)), nullptr);
}

TEST(Registry, KeepsWhatIsInUse) {
  gateproof::testing::FakeWorld world;
  Registry registry(world.random, world.clock);
  ServerSettings s;
  s.max_version = "VersionTLS12";
  auto first = *registry.server(s);
  EXPECT_EQ(*registry.server(s), first);
  s.sni_strict = true;
  EXPECT_NE(*registry.server(s), first);
  registry.sweep();
  s.sni_strict = false;
  EXPECT_EQ(*registry.server(s), first);
  const auto generated = registry.generated();
  ASSERT_TRUE(generated);
  EXPECT_EQ(registry.generated(), generated);
  EXPECT_TRUE(generated->key().ends_with(".traefik.default,traefik default cert"));
}

}  // namespace
}  // namespace gateproof::tls
