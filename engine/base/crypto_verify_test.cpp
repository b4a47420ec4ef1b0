// Whether a certificate is of an authority, with Go's words; the certificates are those of the parity cases.
#include "engine/base/crypto_verify.h"

#include <gtest/gtest.h>

#include "engine/base/crypto_root_test.h"
#include "engine/base/crypto_x509.h"

namespace gateproof::crypto {
namespace {

using testing::root;

constexpr const char* client = R"(-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgICEAkwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAg
Fw0yMDAxMDEwMDAwMDBaGA8yMDUwMDEwMTAwMDAwMFowETEPMA0GA1UEAwwGY2xp
ZW50MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/6NA8UO2lKnrN+F9WU6PO1et
R/JVeNotci6XStcSgp1RORSxV1L2oqm4vv0P0MGBTyLDZmSUaf7pJYFDvFLJZaNl
MGMwDAYDVR0TAQH/BAIwADATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQU
kzO8BPe1ejqOND4/y5imbIpDDL0wHwYDVR0jBBgwFoAU2YYZ0cCgdpcU9K/eN1aJ
3i958bQwCgYIKoZIzj0EAwIDSAAwRQIhAOC8tGIE5bIbYfhptJl+Paa4x7ZuvH3+
3WkAxWUD3MqyAiBtChgAYyrbHst26R7tOcaDyWhYAgd6+xzyWcmdQ+UAIQ==
-----END CERTIFICATE-----
)";
constexpr const char* server = R"(-----BEGIN CERTIFICATE-----
MIIBkDCCATegAwIBAgICEAUwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAg
Fw0yMDAxMDEwMDAwMDBaGA8yMDUwMDEwMTAwMDAwMFowFDESMBAGA1UECgwJR2F0
ZXByb29mMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEk9ijKQo50ecXhqkIVTPU
/my3l4+MnHb4WwXOMo+N0sIoj+W2Bq33M/GjO6j9oI5u1v5tyJNCcaeXCsUO8TEb
KKN8MHowDAYDVR0TAQH/BAIwADAqBgNVHREEIzAhggtzZXJ2ZXIudGVzdIcEfwAA
AYYMc3BpZmZlOi8veC95MB0GA1UdDgQWBBSMYf8bW/+jkd9Qgtlm49nKm7jH9zAf
BgNVHSMEGDAWgBTZhhnRwKB2lxT0r943VoneL3nxtDAKBggqhkjOPQQDAgNHADBE
AiBhBQw6cMbmWZvLl6l+AuMHRTGTrA6ucAOqRREaMSx/dwIgbi2Yk5VIHpReIS+w
307cdK3elptF+kX8CBy8FAac3RI=
-----END CERTIFICATE-----
)";
constexpr const char* stranger = R"(-----BEGIN CERTIFICATE-----
MIIBeTCCASCgAwIBAgICEAowCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFb3RoZXIw
IBcNMjAwMTAxMDAwMDAwWhgPMjA1MDAxMDEwMDAwMDBaMBMxETAPBgNVBAMMCHN0
cmFuZ2VyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvpvqSwtYl4wa85v59LLl
YxWE1xr1vBKhFWm/n6wag97qCKLUz8aMM8G7fwdsSLdwVO6OnenVAYG9AFz+ecDL
BqNlMGMwDAYDVR0TAQH/BAIwADATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4E
FgQUe4+P0O0TbxURsk5I4CTz3VIsJNEwHwYDVR0jBBgwFoAU7PxphvZw8DvfIISr
wzH9nXWM5/4wCgYIKoZIzj0EAwIDRwAwRAIgH3UemiuAVaRPdZg4ggofKM+9hnGc
9cktO0sf1RzD4YgCIHqSHCHWWoy2mq4B8a2T+FRKfLvdH1x6DTA3DS/r1SuZ
-----END CERTIFICATE-----
)";
constexpr const char* expired = R"(-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgICEAgwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAe
Fw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMBQxEjAQBgNVBAoMCUdhdGVw
cm9vZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB+9QBnih81A0rvnk7rviO5G
r83289ji5XAXljzq6gYVryhM3EdxD5RNZT70nPbQSJcWTVbGz0lJKpCUYIVHwwuj
bjBsMAwGA1UdEwEB/wQCMAAwHAYDVR0RBBUwE4ILc2VydmVyLnRlc3SHBH8AAAEw
HQYDVR0OBBYEFDiQWAY+XodGOPi+JW9Mu3RzkgO/MB8GA1UdIwQYMBaAFNmGGdHA
oHaXFPSv3jdWid4vefG0MAoGCCqGSM49BAMCA0kAMEYCIQCkUiVAVLA3PiQRrDjD
zKT2a+Fw5LvHqkKTFkFzHND/BwIhALD+eE5+H+g8PtcPkfKQOSrln+QL4JNMEowi
Z5XgLfAg
-----END CERTIFICATE-----
)";
constexpr const char* other = R"(-----BEGIN CERTIFICATE-----
MIIBQzCB6qADAgECAgIQATAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVvdGhlcjAg
Fw0yMDAxMDEwMDAwMDBaGA8yMDUwMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFb3Ro
ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT20oL0Eh4Pi/Ax7lU/LYnV3Hdl
/GjzXcgZfC62nn8EoRB7Y9URMsNli5awjp7VpnV8NEtO3Xosc3ax9oWEYGfeozIw
MDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTs/GmG9nDwO98ghKvDMf2ddYzn
/jAKBggqhkjOPQQDAgNIADBFAiEAwromfaUXFSFZfP+R6TsRc59x570K5hbG7BMt
K4Yo0N8CIESLFLEOGSbexZZBqfseVd46ATUfESRZjNrq51EnY39w
-----END CERTIFICATE-----
)";

constexpr int64_t day_s = 86'400, in_2026 = 1'767'225'600;
constexpr const char* unknown = "x509: certificate signed by unknown authority";

std::string der(std::string pem) { return certificates_from_pem(pem)->front(); }

TEST(VerifyFailure, IsGos) {
  const struct {
    const char *leaf, *authority;
    int64_t now_s;
    std::string wanted;
  } rows[] = {
      {server, root, in_2026, ""},
      {root, root, in_2026, ""},
      {client, root, in_2026, "x509: certificate specifies an incompatible key usage"},
      {stranger, root, in_2026, unknown},
      {server, server, in_2026, ""},
      {server, expired, in_2026, unknown},
      {expired, root, in_2026,
       "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is "
       "after 2021-01-01T00:00:00Z"},
      {expired, root, in_2026 - 5 * 365 * day_s - 2 * day_s, ""},
      {server, root, 0,
       "x509: certificate has expired or is not yet valid: current time 1970-01-01T00:00:00Z is "
       "before 2020-01-01T00:00:00Z"},
  };
  for (const auto& row : rows) {
    const std::vector<std::string> authorities = {der(row.authority)};
    EXPECT_EQ(verify_failure(der(row.leaf), authorities, row.now_s), row.wanted);
  }
  EXPECT_EQ(verify_failure(der(server), {}, in_2026), unknown);
}

TEST(VerifyFailure, OfWhatIsNoCertificate) {
  const std::vector<std::string> none = {"", "x"};
  EXPECT_EQ(verify_failure("", none, 0), "x509: malformed certificate");
  EXPECT_EQ(verify_failure(der(server), none, in_2026), unknown);
}

// Where the key of a certificate begins: all are of P-256.
size_t key_of(const std::string& certificate) {
  const size_t at = certificate.find(std::string("\x03\x42\x00\x04", 4));
  EXPECT_NE(at, std::string::npos);
  return at + 3;
}

TEST(VerifyFailure, NamesTheAuthorityThatDidNotSign) {
  constexpr size_t key_bytes = 65;
  const std::string own = der(root), elses = der(other);
  std::string forged = own;
  forged.replace(key_of(own), key_bytes, elses.substr(key_of(elses), key_bytes));
  const std::vector<std::string> alone = {forged}, both = {forged, own};
  EXPECT_EQ(verify_failure(der(server), alone, in_2026),
            std::string(unknown) +
                " (possibly because of \"x509: ECDSA verification failure\" while trying to verify "
                "candidate authority certificate \"root\")");
  EXPECT_EQ(verify_failure(der(server), both, in_2026), "");
  std::string keyless = own;
  keyless[key_of(own) + key_bytes - 1] ^= 1;  // a point beside the curve
  const std::vector<std::string> broken = {keyless};
  EXPECT_TRUE(verify_failure(der(server), broken, in_2026).starts_with(unknown));
}

}  // namespace
}  // namespace gateproof::crypto
