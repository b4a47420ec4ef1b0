// auth-tls-pass-certificate-to-upstream of ingress-nginx (catalogue 6.7).
#include <gtest/gtest.h>

#include "engine/base/crypto_root_test.h"
#include "engine/base/crypto_x509.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::Rig;

using crypto::testing::root;

Exchange& with_root(Exchange& x) {
  std::vector<std::string> chain = {crypto::certificates_from_pem(root)->front()};
  x.client_certificates = std::make_shared<const std::vector<std::string>>(std::move(chain));
  return x;
}

std::string yaml_pem() { return "\"" + text::replace_all(root, "\n", "\\n") + "\""; }

TEST(PassCertificate, WithoutACertificateNothingIsBelieved) {
  Rig rig;
  ASSERT_TRUE(rig.use("authTLSPassCertificateToUpstream", "{clientAuthType: ''}")) << rig.why;
  rig.send("/", {"Ssl-Client-Cert: forged", "Ssl-Client-Verify: SUCCESS"});
  EXPECT_EQ(rig.end->headers.get("Ssl-Client-Verify"), "NONE");
  EXPECT_FALSE(rig.end->headers.has("Ssl-Client-Cert"));
}

TEST(PassCertificate, TellsWhatTheHandshakeJudged) {
  Rig rig;
  ASSERT_TRUE(rig.use("authTLSPassCertificateToUpstream", "{clientAuthType: ''}")) << rig.why;
  const auto x = rig.request("/");
  rig.run(with_root(*x));
  const http::Headers& h = rig.end->headers;
  EXPECT_EQ(h.get("Ssl-Client-Verify"), "SUCCESS");
  EXPECT_EQ(h.get("Ssl-Client-Subject-Dn"), "CN=root");
  EXPECT_EQ(h.get("Ssl-Client-Issuer-Dn"), "CN=root");
  EXPECT_TRUE(h.get("Ssl-Client-Cert").starts_with("-----BEGIN%20CERTIFICATE-----%0AMII"));
}

TEST(PassCertificate, JudgesWhatTheHandshakeOnlyAskedFor) {
  Rig rig;
  ASSERT_TRUE(rig.use("authTLSPassCertificateToUpstream",
                      "{clientAuthType: RequestClientCert, caFiles: [" + yaml_pem() + "]}"))
      << rig.why;
  const auto own = rig.request("/");
  rig.run(with_root(*own));
  EXPECT_EQ(rig.end->headers.get("Ssl-Client-Verify"), "SUCCESS");
  ASSERT_TRUE(rig.use("authTLSPassCertificateToUpstream", "{clientAuthType: RequestClientCert}"));
  const auto unknown = rig.request("/");
  rig.run(with_root(*unknown));
  EXPECT_EQ(rig.end->headers.get("Ssl-Client-Verify"),
            "FAILED:x509: certificate signed by unknown authority");
  EXPECT_EQ(rig.build_error("authTLSPassCertificateToUpstream",
                            "{clientAuthType: RequestClientCert, caFiles: [x]}"),
            "failed to parse CA certificate");
}

}  // namespace
}  // namespace gateproof::middleware
