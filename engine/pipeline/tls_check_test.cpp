// What makes TLS options, certificates and transports unusable (catalogue 4.6, 5.1; the texts are observed).
#include "engine/pipeline/tls_check.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::pipeline {
namespace {

using config::TlsOptionsConfig;
using config::TransportTlsConfig;

std::string told(const Result<void>& r) { return r ? "" : r.error().message; }

// A certificate of a.test, made with openssl.
constexpr std::string_view pem = R"(-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUE8mQpbyMAbZh1uCYY7Rwt+UuM5cwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGYS50ZXN0MCAXDTI2MTEyODIwNTQxOFoYDzIwNTEwNzIwMjA1
NDE4WjARMQ8wDQYDVQQDDAZhLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATJsh1WgVKO4JifFXqD3Pj6fGME0DflZy8XghXVJxqGgpupYa8zZ2d1v+pDumzD
XhQhiMVpzvIL3d0aW01ZEj8bo1MwUTAdBgNVHQ4EFgQUNg9Pxh5Qme084TkM6GW3
0EzXt4UwHwYDVR0jBBgwFoAUNg9Pxh5Qme084TkM6GW30EzXt4UwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA84XgRNyuMn2FJU9pF87sxF+6qQKb
iKvfP+l6eRDuKgYCIFXvCJCYTKlb+nCN2SaZktOxPpi0H5I03qtp3K1IvaMF
-----END CERTIFICATE-----
)";
constexpr std::string_view key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

TEST(TlsCheck, Options) {
  struct Row {
    TlsOptionsConfig o;
    std::string expected;
  };
  const auto with = [](auto set) {
    TlsOptionsConfig o;
    set(o);
    return o;
  };
  for (const Row& row : std::vector<Row>{
           {{}, ""},
           {with([](auto& o) {
              o.min_version = {"VersionTLS99", {}};
            }),
            ""},
           {with([](auto& o) {
              o.cipher_suites = {{"TLS_AES_128_GCM_SHA256", {}}};
            }),
            ""},
           {with([](auto& o) {
              o.cipher_suites = {{"tls_aes_128_gcm_sha256", {}}};
            }),
            "invalid CipherSuite: tls_aes_128_gcm_sha256"},
           {with([](auto& o) {
              o.curve_preferences = {{"X25519", {}}, {"X448", {}}};
            }),
            "invalid CurveID in curvePreferences: X448"},
           {with([](auto& o) {
              o.client_auth_type = {"Foo", {}};
            }),
            "unknown client auth type \"Foo\""},
           {with([](auto& o) {
              o.client_auth_type = {"RequestClientCert", {}};
            }),
            ""},
           {with([](auto& o) {
              o.client_auth_type = {"RequireAndVerifyClientCert", {}};
            }),
            "invalid clientAuthType: RequireAndVerifyClientCert, CAFiles is required"},
           {with([](auto& o) {
              o.ca_files = {{std::string(pem), {}}};
            }),
            ""},
           {with([](auto& o) {
              o.ca_files = {{"ca.pem", {}}};
            }),
            ""},
           {with([](auto& o) {
              o.ca_files = {{"gone.pem", {}}};
            }),
            "invalid certificate(s) content"},
           {with([](auto& o) {
              o.ca_files = {{"key.pem", {}}};
            }),
            "invalid certificate(s) content"},
       }) {
    gateproof::testing::FakeFiles files;
    files.files["ca.pem"] = std::string(pem);
    files.files["key.pem"] = std::string(key);
    EXPECT_EQ(told(check_tls_options(row.o, &files)), row.expected);
  }
}

TEST(TlsCheck, PathsThatNobodyCanReadCountAsGood) {
  TlsOptionsConfig o;
  o.ca_files = {{"/etc/ca.pem", {}}};
  EXPECT_EQ(told(check_tls_options(o, nullptr)), "");
  o.ca_files = {{"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", {}}};
  EXPECT_EQ(told(check_tls_options(o, nullptr)), "invalid certificate(s) content");
}

TEST(TlsCheck, AFileOverTheLimitIsNoFile) {
  gateproof::testing::FakeFiles files;
  files.files["a"] = std::string(pem_bytes_max, 'x');
  files.files["b"] = std::string(pem_bytes_max + 1, 'x');
  files.files["c"] = "";
  EXPECT_EQ(pem_of("a", &files).size(), pem_bytes_max);
  EXPECT_EQ(pem_of("b", &files), "b");
  EXPECT_EQ(pem_of("c", &files), "");
}

TEST(TlsCheck, Transports) {
  TransportTlsConfig t;
  EXPECT_EQ(told(check_transport_tls(t)), "");
  t.min_version = {"VersionTLS12", {}};
  t.max_version = {"VersionTLS12", {}};
  EXPECT_EQ(told(check_transport_tls(t)), "");
  t.min_version = {"VersionTLS13", {}};
  EXPECT_EQ(told(check_transport_tls(t)),
            "TLS minimum version VersionTLS13 is above the maximum version VersionTLS12");
  t.min_version = {"1.2", {}};
  EXPECT_EQ(told(check_transport_tls(t)), "invalid TLS minimum version: 1.2");
  t.min_version = {};
  t.max_version = {"1.2", {}};
  EXPECT_EQ(told(check_transport_tls(t)), "invalid TLS maximum version: 1.2");
  t.max_version = {};
  t.cipher_suites = {{"FOO", {}}};
  EXPECT_EQ(told(check_transport_tls(t)), "invalid CipherSuite: FOO");
}

TEST(TlsCheck, Spiffe) {
  const std::string id = "unable to build SPIFFE authorizer: invalid SPIFFE ID: ";
  for (const auto& [given, expected] : std::vector<std::pair<std::string, std::string>>{
           {"spiffe://a.test", ""},
           {"spiffe://a.test/x/y-1_2.3", ""},
           {"", id + "cannot be empty"},
           {"nope", id + "scheme is missing or invalid"},
           {"spiffe://", id + "trust domain is missing"},
           {"spiffe://A.test",
            id + "trust domain characters are limited to lowercase letters, numbers, dots, dashes, "
                 "and underscores"},
           {"spiffe://a/", id + "path cannot have a trailing slash"},
           {"spiffe://a//b", id + "path cannot contain empty segments"},
           {"spiffe://a/../b", id + "path cannot contain dot segments"},
           {"spiffe://a/b%",
            id + "path segment characters are limited to letters, numbers, dots, dashes, and "
                 "underscores"}}) {
    config::SpiffeConfig s;
    s.ids = {{given, {}}};
    EXPECT_EQ(told(check_spiffe(s)), expected) << given;
  }
  config::SpiffeConfig s;
  EXPECT_EQ(told(check_spiffe(s)), "");
  s.trust_domain = {"spiffe://a.test/x", {}};
  EXPECT_EQ(told(check_spiffe(s)), "");
  s.trust_domain = {"x y", {}};
  EXPECT_NE(told(check_spiffe(s)), "");
  s.ids = {{"spiffe://a.test", {}}};  // the ids win, the domain is not looked at
  EXPECT_EQ(told(check_spiffe(s)), "");
}

TEST(TlsCheck, Pairs) {
  config::CertificateConfig pair;
  gateproof::testing::FakeFiles none;
  EXPECT_EQ(told(check_certificate(pair, &none)), "certFile holds no certificate in PEM");
  pair.cert_file = {std::string(pem), {}};
  pair.key_file = {std::string(key), {}};
  EXPECT_EQ(told(check_certificate(pair, nullptr)), "");
  std::swap(pair.cert_file, pair.key_file);
  EXPECT_EQ(told(check_certificate(pair, nullptr)), "certFile holds no certificate in PEM");
  pair.cert_file = pair.key_file;
  EXPECT_EQ(told(check_certificate(pair, nullptr)), "keyFile holds no private key in PEM");
}

}  // namespace
}  // namespace gateproof::pipeline
