#include "engine/base/crypto_x509.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/base/crypto.h"

namespace gateproof::crypto {
namespace {

// Made with openssl req/x509: two values of each attribute, every kind of alternative name, a serial number of 13 bytes.
constexpr const char* rich = R"(text in front is passed over
-----BEGIN CERTIFICATE-----
MIIDdjCCAxygAwIBAgIOAPEjRWeJq83vASNFZ4kwCgYIKoZIzj0EAwIwga0xFDAS
BgoJkiaJk/IsZAEZFgR0ZXN0MRQwEgYKCZImiZPyLGQBGRYEZ2F0ZTELMAkGA1UE
BhMCRlIxDTALBgNVBAgMBMOObGUxDTALBgNVBAcMBEx5b24xEDAOBgNVBAoMB09y
ZyBPbmUxETAPBgNVBAoMCE9yZywgVHdvMRAwDgYDVQQLDAdDQSBVbml0MQswCQYD
VQQFEwI3NzEQMA4GA1UEAwwHUm9vdCBDQTAeFw0yNjExMjMyMzU1NTdaFw0zNjEx
MjAyMzU1NTdaMIIBBTETMBEGCgmSJomT8ixkARkWA29yZzEXMBUGCgmSJomT8ixk
ARkWB2V4YW1wbGUxCzAJBgNVBAYTAkRFMQswCQYDVQQGEwJVUzEXMBUGA1UECAwO
QSBxdW90ZWQgc3RhdGUxDjAMBgNVBAcMBUvDtmxuMQwwCgYDVQQKDANPbmUxFDAS
BgNVBAoMC1R3byAmIFRocmVlMQswCQYDVQQLDAJVMTEOMAwGA1UECwwFVTIsIFgx
DTALBgNVBAUTBFNOLTExFzAVBgkqhkiG9w0BCQEWCHhAeS50ZXN0MQ4wDAYDVQQD
DAVmaXJzdDEZMBcGA1UEAwwQc2U9Y29uZDsgKyAlNDEgLzBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABOgb0vFRw4SN4IsA7NlbZr+zpH5Jc8SJAwl5K/yqYL9OCEbe
kPNpvvPlD4URriO0214u1xPmGVFonTarQDjjTfKjgcQwgcEwfwYDVR0RBHgwdoIG
YS50ZXN0gggqLmIudGVzdIEJbWVAYS50ZXN0hwQKAAABhxAgAQ24AAAAAAAAAAAA
AAABhxAAAAAAAAAAAAAA//8BAgMEhhVzcGlmZmU6Ly9hLnRlc3QveD95PTGGEkhU
VFA6Ly9FeC50ZXN0L2EgYogCKgMwHQYDVR0OBBYEFEqSU36d7Gp6WA/Jx4F3N+a5
Vxi0MB8GA1UdIwQYMBaAFPSTd1FUDdddlY78XKsD6I0jXyvkMAoGCCqGSM49BAMC
A0gAMEUCIQDJ6pntr4iYsXPnbEsrrM7cHbBHQN6e6+Iyu872NoSTKQIgSsS8QP4e
B74AEyrcB/wuUToTBxHo+XGal1GeyD4kJXA=
-----END CERTIFICATE-----
)";
// Names in the older string types: T61String and BMPString.
constexpr const char* t61 = R"(-----BEGIN CERTIFICATE-----
MIIBJjCBzQICAP8wCgYIKoZIzj0EAwIwHjENMAsGA1UEChQES/ZsbjENMAsGA1UE
AxQETfwtYjAgFw0yNjExMjQwMDA2MzVaGA8yMDgxMDgyNzAwMDYzNVowHjENMAsG
A1UEChQES/ZsbjENMAsGA1UEAxQETfwtYjBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABOgb0vFRw4SN4IsA7NlbZr+zpH5Jc8SJAwl5K/yqYL9OCEbekPNpvvPlD4UR
riO0214u1xPmGVFonTarQDjjTfIwCgYIKoZIzj0EAwIDSAAwRQIgKxfTDoAc8jMl
X3o9QaRdq0+OBOXfo7IoJX1JgKafJcECIQDGnEp4S8LfDtbAvE9Pwy+6tgd27Kj/
SGRGgBk2n0kGZQ==
-----END CERTIFICATE-----
)";
constexpr const char* bmp = R"(-----BEGIN CERTIFICATE-----
MIIBNTCB3QICAP8wCgYIKoZIzj0EAwIwJjERMA8GA1UECh4IAEsA9gBsAG4xETAP
BgNVBAMeCABNAPwALQBiMCAXDTI2MTEyNDAwMDYzNloYDzIwODEwODI3MDAwNjM2
WjAmMREwDwYDVQQKHggASwD2AGwAbjERMA8GA1UEAx4IAE0A/AAtAGIwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAToG9LxUcOEjeCLAOzZW2a/s6R+SXPEiQMJeSv8
qmC/TghG3pDzab7z5Q+FEa4jtNteLtcT5hlRaJ02q0A4403yMAoGCCqGSM49BAMC
A0cAMEQCIG6habu+u7axD+CA1+wlxkIERr4XEdUBCOaOYRQuNRkQAiB9JjYv3lo3
LroQr44ckHhsTHsOvR8jN+et8jEId7agfg==
-----END CERTIFICATE-----
)";

using Strings = std::vector<std::string>;

Certificate parsed(std::string_view pem) {
  const auto chain = certificates_from_pem(pem);
  if (!chain) {
    ADD_FAILURE() << chain.error().message;
    return {};
  }
  return *parse_certificate(chain->front());
}

TEST(X509, EveryPart) {
  const Certificate c = parsed(rich);
  EXPECT_EQ(c.subject.domain_components, (Strings{"org", "example"}));
  EXPECT_EQ(c.subject.countries, (Strings{"DE", "US"}));
  EXPECT_EQ(c.subject.provinces, (Strings{"A quoted state"}));
  EXPECT_EQ(c.subject.localities, (Strings{"K\u00f6ln"}));
  EXPECT_EQ(c.subject.organizations, (Strings{"One", "Two & Three"}));
  EXPECT_EQ(c.subject.organizational_units, (Strings{"U1", "U2, X"}));
  EXPECT_EQ(c.subject.serial_number, "SN-1");
  EXPECT_EQ(c.subject.common_name, "se=cond; + %41 /") << "the last one";
  EXPECT_EQ(c.issuer.common_name, "Root CA");
  EXPECT_EQ(c.issuer.provinces, (Strings{"\u00cele"}));
  EXPECT_EQ(c.serial_number, "19104903046106337334273056794505");
  EXPECT_EQ(c.not_before_s, 1795478157);
  EXPECT_EQ(c.not_after_s, 2110838157);
  EXPECT_EQ(c.dns_names, (Strings{"a.test", "*.b.test"}));
  EXPECT_EQ(c.email_addresses, (Strings{"me@a.test"}));
  EXPECT_EQ(c.uris, (Strings{"spiffe://a.test/x?y=1", "HTTP://Ex.test/a b"}));
  ASSERT_EQ(c.ip_addresses.size(), 3u);
  EXPECT_EQ(hex(c.ip_addresses[0]), "0a000001");
  EXPECT_EQ(hex(c.ip_addresses[1]), "20010db8000000000000000000000001");
}

TEST(X509, OlderStringTypesBecomeUtf8) {
  EXPECT_EQ(parsed(t61).subject.organizations, (Strings{"K\u00f6ln"}));
  EXPECT_EQ(parsed(bmp).subject.common_name, "M\u00fc-b");
  EXPECT_EQ(parsed(bmp).not_after_s, 3523478796);
}

TEST(X509, PemTexts) {
  const std::string begin = "-----BEGIN CERTIFICATE-----\n", end = "-----END CERTIFICATE-----\n";
  const std::pair<std::string, const char*> rows[] = {
      {"", "x509: no certificate in the PEM text"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
       "x509: no certificate in the PEM text"},
      {begin + "AAAA\n", "x509: a PEM block without its end"},
      {begin + "!\n" + end, "x509: a PEM block that is no base64"},
      {begin + "AAAA\n" + end, "x509: malformed certificate"},
      {begin + end, "x509: malformed certificate"},
  };
  for (const auto& [pem, why] : rows) {
    const auto got = certificates_from_pem(pem);
    ASSERT_FALSE(got) << pem;
    EXPECT_EQ(got.error().message, why) << pem;
  }
  const auto two = certificates_from_pem(std::string(rich) + t61);
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->size(), 2u);
}

TEST(X509, Limits) {
  std::string many;
  for (size_t i = 0; i < certificates_max; ++i) many += t61;
  EXPECT_EQ(certificates_from_pem(many)->size(), certificates_max) << "at the limit";
  EXPECT_EQ(certificates_from_pem(many + t61).error().code, Code::limit) << "one over";
  EXPECT_EQ(parse_certificate("").error().code, Code::invalid) << "zero";
  EXPECT_EQ(parse_certificate(std::string(certificate_bytes_max, 'x')).error().code, Code::invalid);
  EXPECT_EQ(parse_certificate(std::string(certificate_bytes_max + 1, 'x')).error().code,
            Code::limit);
  const std::string der = certificates_from_pem(rich)->front();
  EXPECT_EQ(parse_certificate(der + "x").error().message, "x509: trailing data");
}

// Cut or changed anywhere: a value or an error, nothing else.
TEST(X509, AnyBytes) {
  const std::string der = certificates_from_pem(rich)->front();
  EXPECT_TRUE(rc::check("no crash", [&] {
    std::string changed = der;
    const auto at = *rc::gen::inRange<size_t>(0, der.size());
    changed[at] = *rc::gen::arbitrary<char>();
    const auto got = parse_certificate(changed);
    if (!got) RC_ASSERT(got.error().code == Code::invalid);
    RC_ASSERT(!parse_certificate(der.substr(0, at)));
  }));
}

}  // namespace
}  // namespace gateproof::crypto
