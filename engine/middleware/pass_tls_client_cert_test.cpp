// Every text here was observed on Traefik 3.7.15, asked with these client certificates.
#include <gtest/gtest.h>

#include "engine/middleware/client_cert_info.h"
#include "engine/middleware/rig_test.h"

namespace gateproof::middleware {
namespace {

using testing::lines_of;
using testing::Rig;

constexpr const char* leaf = R"(-----BEGIN CERTIFICATE-----
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
constexpr const char* root = R"(-----BEGIN CERTIFICATE-----
MIICijCCAjCgAwIBAgIMf///////////////MAoGCCqGSM49BAMCMIGtMRQwEgYK
CZImiZPyLGQBGRYEdGVzdDEUMBIGCgmSJomT8ixkARkWBGdhdGUxCzAJBgNVBAYT
AkZSMQ0wCwYDVQQIDATDjmxlMQ0wCwYDVQQHDARMeW9uMRAwDgYDVQQKDAdPcmcg
T25lMREwDwYDVQQKDAhPcmcsIFR3bzEQMA4GA1UECwwHQ0EgVW5pdDELMAkGA1UE
BRMCNzcxEDAOBgNVBAMMB1Jvb3QgQ0EwIBcNMjYxMTIzMjM1NTU3WhgPMjEyNjEw
MzAyMzU1NTdaMIGtMRQwEgYKCZImiZPyLGQBGRYEdGVzdDEUMBIGCgmSJomT8ixk
ARkWBGdhdGUxCzAJBgNVBAYTAkZSMQ0wCwYDVQQIDATDjmxlMQ0wCwYDVQQHDARM
eW9uMRAwDgYDVQQKDAdPcmcgT25lMREwDwYDVQQKDAhPcmcsIFR3bzEQMA4GA1UE
CwwHQ0EgVW5pdDELMAkGA1UEBRMCNzcxEDAOBgNVBAMMB1Jvb3QgQ0EwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAASnvddl+goGPVIV6YZbqEg4Qflfq8VfqElofQHG
b7y72SOaZlpgfOko6z5EhwHRPpcxKx0QnQSb+4GX4OZU0fFzozIwMDAPBgNVHRMB
Af8EBTADAQH/MB0GA1UdDgQWBBT0k3dRVA3XXZWO/FyrA+iNI18r5DAKBggqhkjO
PQQDAgNIADBFAiEA0yAI3FfaDD+X2LH3KmKgWUPIehFhlCRN0/4Qx55P/woCIDnx
2p1ZYlrvQmCQZrCQDfRarzxtbQwLk/ZrUqhcOYbW
-----END CERTIFICATE-----
)";
// An empty subject, no alternative names.
constexpr const char* bare = R"(-----BEGIN CERTIFICATE-----
MIIBQTCB6KADAgECAgEBMAoGCCqGSM49BAMCMAAwHhcNMjYxMTIzMjM1NTU3WhcN
MjYxMjAzMjM1NTU3WjAAMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6BvS8VHD
hI3giwDs2Vtmv7OkfklzxIkDCXkr/Kpgv04IRt6Q82m+8+UPhRGuI7TbXi7XE+YZ
UWidNqtAOONN8qNTMFEwHQYDVR0OBBYEFEqSU36d7Gp6WA/Jx4F3N+a5Vxi0MB8G
A1UdIwQYMBaAFEqSU36d7Gp6WA/Jx4F3N+a5Vxi0MA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSAAwRQIgEbQXnIXB4VR7oVmC/3XZKf+1fVplf4lT08Rehbod
5bwCIQCiPQcvttv6GhQdzcFm56Ye9ovWeBNE+1D2sf4ZGi1Zyw==
-----END CERTIFICATE-----
)";

constexpr const char* every = R"(
pem: true
info:
  notAfter: true
  notBefore: true
  sans: true
  serialNumber: true
  subject: {country: true, province: true, locality: true, organization: true,
            organizationalUnit: true, commonName: true, serialNumber: true, domainComponent: true}
  issuer: {country: true, province: true, locality: true, organization: true, commonName: true,
           serialNumber: true, domainComponent: true})";

struct Told {
  std::string pem, info;
};

// What the server is told; "-" for no field. Two spoofed fields come with the request.
Told told(std::string_view options, const std::string& pems, bool tls = true) {
  Rig rig;
  EXPECT_TRUE(rig.use("passTLSClientCert", options)) << rig.why;
  auto x = rig.request("/");
  x->tls = tls;
  if (!pems.empty()) {
    x->client_certificates = std::make_shared<const std::vector<std::string>>(
        crypto::certificates_from_pem(pems).value());
  }
  rig.run(*x);
  return {lines_of(rig.end->headers, "X-Forwarded-Tls-Client-Cert"),
          lines_of(rig.end->headers, "X-Forwarded-Tls-Client-Cert-Info")};
}

// The base64 of a PEM block in one line.
std::string one_line(std::string pem) {
  pem = text::replace_all(pem, "-----BEGIN CERTIFICATE-----", "");
  pem = text::replace_all(pem, "-----END CERTIFICATE-----", "");
  return text::replace_all(pem, "\n", "");
}

TEST(PassTlsClientCert, Pem) {
  const std::string two = std::string(leaf) + root;
  EXPECT_EQ(told("pem: true", two).pem, one_line(leaf) + "," + one_line(root));
  EXPECT_EQ(told("pem: true", two).info, "-");
  EXPECT_EQ(told("pem: true", bare).pem, one_line(bare));
  EXPECT_EQ(told("pem: true", "").pem, "-");
}

TEST(PassTlsClientCert, Info) {
  const std::string two = std::string(leaf) + root;
  EXPECT_EQ(
      told(every, two).info,
      "Subject%3D%22DC%3Dorg%2CDC%3Dexample%2CC%3DDE%2CC%3DUS%2CST%3DA+quoted+state%2CL%3DK%C3%"
      "B6ln%2CO%3DOne%2CO%3DTwo+%26+Three%2COU%3DU1%2COU%3DU2%2C+X%2CSN%3DSN-1%2CCN%3Dse%"
      "3Dcond%3B+%2B+%2541+%2F%22%3BIssuer%3D%22DC%3Dtest%2CDC%3Dgate%2CC%3DFR%2CST%3D%C3%8Ele%"
      "2CL%3DLyon%2CO%3DOrg+One%2CO%3DOrg%2C+Two%2CSN%3D77%2CCN%3DRoot+CA%22%3BSerialNumber%3D%"
      "2219104903046106337334273056794505%22%3BNB%3D%221795478157%22%3BNA%3D%222110838157%22%"
      "3BSAN%3D%22a.test%2C%2A.b.test%2Cme%40a.test%2C10.0.0.1%2C2001%3Adb8%3A%3A1%2C1.2.3.4%"
      "2Cspiffe%3A%2F%2Fa.test%2Fx%3Fy%3D1%2Chttp%3A%2F%2FEx.test%2Fa%2520b%22%2CSubject%3D%22DC%"
      "3Dtest%2CDC%3Dgate%2CC%3DFR%2CST%3D%C3%8Ele%2CL%3DLyon%2CO%3DOrg+One%2CO%3DOrg%2C+Two%"
      "2COU%3DCA+Unit%2CSN%3D77%2CCN%3DRoot+CA%22%3BIssuer%3D%22DC%3Dtest%2CDC%3Dgate%2CC%3DFR%"
      "2CST%3D%C3%8Ele%2CL%3DLyon%2CO%3DOrg+One%2CO%3DOrg%2C+Two%2CSN%3D77%2CCN%3DRoot+CA%22%"
      "3BSerialNumber%3D%2239614081257132168796771975167%22%3BNB%3D%221795478157%22%3BNA%3D%"
      "224949078157%22");
  EXPECT_EQ(told(every, bare).info,
            "SerialNumber%3D%221%22%3BNB%3D%221795478157%22%3BNA%3D%221796342157%22");
  const char* names = "info: {subject: {commonName: true}, issuer: {organization: true}}";
  EXPECT_EQ(told(names, two).info,
            "Subject%3D%22CN%3Dse%3Dcond%3B+%2B+%2541+%2F%22%3BIssuer%3D%22O%3DOrg+One%2CO%3DOrg%"
            "2C+Two%22%2CSubject%3D%22CN%3DRoot+CA%22%3BIssuer%3D%22O%3DOrg+One%2CO%3DOrg%2C+Two%"
            "22");
  EXPECT_EQ(told(names, two).pem, "-");
}

TEST(PassTlsClientCert, EmptyParts) {
  const std::string two = std::string(leaf) + root;
  EXPECT_EQ(told("info: {subject: {commonName: true}}", bare).info, "")
      << "a field without a value";
  EXPECT_EQ(told("info: {notAfter: false}", two).info, "%2C");
  EXPECT_EQ(told("info: {notAfter: false}", bare).info, "");
  EXPECT_EQ(told("pem: false", two).pem, "-");
  EXPECT_EQ(told("pem: false", two).info, "-");
  EXPECT_EQ(told(every, "").info, "-") << "no client certificate";
  EXPECT_EQ(told(every, "", false).pem, "-") << "no TLS";
}

// One option at a time, in the order of the text.
TEST(PassTlsClientCert, EachPart) {
  const std::pair<const char*, const char*> rows[] = {
      {"info: {subject: {country: true}}", "Subject=\"C=FR\""},
      {"info: {subject: {province: true}}", "Subject=\"ST=\u00cele\""},
      {"info: {subject: {locality: true}}", "Subject=\"L=Lyon\""},
      {"info: {subject: {organization: true}}", "Subject=\"O=Org One,O=Org, Two\""},
      {"info: {subject: {organizationalUnit: true}}", "Subject=\"OU=CA Unit\""},
      {"info: {subject: {serialNumber: true}}", "Subject=\"SN=77\""},
      {"info: {subject: {domainComponent: true}}", "Subject=\"DC=test,DC=gate\""},
      {"info: {issuer: {country: true}}", "Issuer=\"C=FR\""},
      {"info: {issuer: {serialNumber: true, locality: true}}", "Issuer=\"L=Lyon,SN=77\""},
      {"info: {issuer: {domainComponent: true, province: true}}",
       "Issuer=\"DC=test,DC=gate,ST=\u00cele\""},
      {"info: {notBefore: true}", "NB=\"1795478157\""},
      {"info: {notAfter: true}", "NA=\"4949078157\""},
      {"info: {serialNumber: true}", "SerialNumber=\"39614081257132168796771975167\""},
      {"info: {sans: true}", ""},
  };
  for (const auto& [options, text] : rows)
    EXPECT_EQ(told(options, root).info, http::escape_query(text)) << options;
}

TEST(PassTlsClientCert, ReplacesWhatCame) {
  Rig rig;
  ASSERT_TRUE(rig.use("passTLSClientCert", "{pem: true, info: {serialNumber: true}}"));
  const auto passed = rig.send("/", {"X-Forwarded-Tls-Client-Cert: spoof"});
  EXPECT_EQ(lines_of(rig.end->headers, "X-Forwarded-Tls-Client-Cert"), "spoof")
      << "what an entry point trusts stays where there is no certificate";
  auto x = rig.request("/", {"X-Forwarded-Tls-Client-Cert: a", "X-Forwarded-Tls-Client-Cert: b"});
  x->client_certificates =
      std::make_shared<const std::vector<std::string>>(crypto::certificates_from_pem(bare).value());
  rig.run(*x);
  EXPECT_EQ(lines_of(rig.end->headers, "X-Forwarded-Tls-Client-Cert"), one_line(bare));
}

TEST(PassTlsClientCert, TimesBeforeTheEpochAndOddNames) {
  crypto::Certificate c;
  c.not_before_s = -1;
  c.subject.domain_components = {"", "a"};
  c.subject.common_name = "q\"uote";
  c.uris = {"http://[", "http://a/%zz"};
  CertInfoOptions o;
  o.not_before = o.sans = true;
  o.subject = NameOptions{.common_name = true, .domain_component = true};
  EXPECT_EQ(cert_info_text(c, o),
            "Subject=\"DC=,DC=a,CN=q\"uote\";NB=\"18446744073709551615\";"
            "SAN=\"http://[,http://a/%zz\"");
}

TEST(PassTlsClientCert, Errors) {
  Rig rig;
  EXPECT_EQ(rig.build_error("passTLSClientCert", "{info: {}}"),
            "schema: info cannot be a standalone element");
  EXPECT_EQ(rig.build_error("passTLSClientCert", "{info: {subject: {}}}"),
            "schema: subject cannot be a standalone element");
  EXPECT_EQ(rig.build_error("passTLSClientCert", "{info: {issuer: {organizationalUnit: true}}}"),
            "schema: field not found, node: organizationalUnit");
}

}  // namespace
}  // namespace gateproof::middleware
