#include "engine/base/crypto_key_pair.h"

#include <gtest/gtest.h>

namespace gateproof::crypto {
namespace {

// Made with openssl for these tests; they open nothing.
constexpr const char* rsa_certificate = R"(-----BEGIN CERTIFICATE-----
MIIC/zCCAeegAwIBAgIUTsLFStSmzBZvceNWogU/3Sh6pYcwDQYJKoZIhvcNAQEL
BQAwDjEMMAoGA1UEAwwDcnNhMCAXDTI2MTEyOTA5NDUzOVoYDzIxMjYxMTA1MDk0
NTM5WjAOMQwwCgYDVQQDDANyc2EwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
AoIBAQC8MH3Q/bqcHaIDbvVbs/e3x6wHj41+bHDznf4mkPx6f7syXLy7GXRED0IH
7TPnmYzjD3aGtHgs1hMuwQ5u/tNXIsB/zY7YzW7HhMDhwVtWXEB2J3HpA8qUHL0V
wNbdkdhIfPM6TZ0KgtIW7eki1CsLw2SY/k6SieM9yRMSYpT6ibQAqSSqrs2EwZT3
nN36mSWdMhY4VgCvTGu8kAtm6kT1Zs7F3Ozh0pzIdQJOTvegcxVP8qx1F1uqhMBs
14exv/lG8YeyeKGXk5p/dN4nNG11lQKb+pt2FgbgoEnvHxKS36jB9wNHTF8L66sc
91hbQ3BF3BoYZkk+p4VJH8Bh0Vi5AgMBAAGjUzBRMB0GA1UdDgQWBBTYSAmWaJa9
wXznAddj6UhuMkTnfDAfBgNVHSMEGDAWgBTYSAmWaJa9wXznAddj6UhuMkTnfDAP
BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQB2a/lxpRgf6TWCEBKb
2NJd7F6eTq3GqNnl4rO36J5YTMXrWeVpq+tIr2IfZWZ0RGBNvPOVnSJvduEczfD4
xp8c+k0IN9SqgAezB2QDO5VmC8wiaqX/+m1eoQlCkb5YuTUKKCzkZzZjO4tzK3rx
r/FLKMDRH/T2GYPT9werQDoqPjhcbbB0NhwUtyxNimkTi+fL6gY4gIhdurrW5HLC
YIXb8Jt/ROFPX2fI7tFwBLlfMWiUW8sn5CkqhFex6nbjxoBZmeF8Kz/OU44Vv0Cw
r9KBCtPEO7wTHyOakaNScayj7fP4qQTLEdxO+7Lsmu3Jf3F/Ml9QqQQhAgIkzgLA
8qTE
-----END CERTIFICATE-----
)";
constexpr const char* rsa_pkcs1 = R"(-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEAvDB90P26nB2iA271W7P3t8esB4+Nfmxw853+JpD8en+7Mly8
uxl0RA9CB+0z55mM4w92hrR4LNYTLsEObv7TVyLAf82O2M1ux4TA4cFbVlxAdidx
6QPKlBy9FcDW3ZHYSHzzOk2dCoLSFu3pItQrC8NkmP5OkonjPckTEmKU+om0AKkk
qq7NhMGU95zd+pklnTIWOFYAr0xrvJALZupE9WbOxdzs4dKcyHUCTk73oHMVT/Ks
dRdbqoTAbNeHsb/5RvGHsnihl5Oaf3TeJzRtdZUCm/qbdhYG4KBJ7x8Skt+owfcD
R0xfC+urHPdYW0NwRdwaGGZJPqeFSR/AYdFYuQIDAQABAoIBAAH50AcGyZ6Jfhxj
SMQHd0abRqkGqWbmJxJxD8x3sbrsho/gYuKOVsbp0m49tTw4LmnqN+Wb//YCjQ2C
Mo9Y8WmaYGMxyo89VZgr1+WW5N6wKxoXzxhHSql0RXT0wxzCQv8nLAY/mdzqI4q2
QUAfx6WWOIMVtR1Qls2c2UHUaKQvvijpt8/Kb/QiGOs7RkBgrsTYEiC2JxNH9QVm
JoLt/a57IfKS2lJNeegdY6EJrb3nasoPsqM+0NN6RsN0iLWhZImB/aUwkcG51FWU
uamCeevw+mY/kfkt6kzMgnqmGv0mZmPwkFUgWRAvOZtJUT0qERNGXiUXPlhSnx6v
aH7ujiECgYEA26rhrEe1nyY+hJFl4udwRA9317j3EOFG7Q0A+XH2xuW0Wfc2zNEI
aFm/c/U5S9w/8Y+hkpzBotCzYAk2yj4n6lBUGp4LQ1TG0uyDzIAOcbm7AxgXmrbS
xkEyYjJcr+btwTu3YKXHg1McaDFuOmTkVkwkebhByqImwRUX5aEU8gkCgYEA21DF
XxWGl6ndHH4T89s40xiHr+XrtlEoA493yde+ltgNUxdVpZqdqs2IimApwCLjiuDo
I/FHhtNE1rUOxiIroxtAU38QKLsv+FCKOzQyMYZ//aH4zywBEQuEnul3daTi6hhr
IChJyYKxg2d0tP1bkiTVg18Jc7RLpZy4gotEHTECgYEAgF71cPObLP1xjZFWxGpS
DkQn2fZq0/+CrmdqCVxTRdrZMbYp3TnPOwQvwTkumamF6MnyNzbKZjamjNn1ne0C
8IivDbsMg/WYF41GXIz9Y/KRWnaK3Mw4kslpAz/BML64dLNML/vRg2pfcHhqnU92
rQPkUQmf0SY/lZiZFYW0MtkCgYEAnRym2DAOhHW+ndvAJXDFq4wmIB+hFbHb7XkI
woMY2O0b1ouf4ov6KVMmXqL3JdqYkXP/OUhvCiotZXa9h7kQ877g/S/IfrVibwwb
isAguRP2etde6+NFPFW5AzKTTqb5m+Q0Ugwql/5VdqJVnBboU7CpeHxLxCTEEHdO
Qs7L0/ECgYAW11b5gN+hjSK9V3fotvC9xiHxstd1c6fdwqaeuY99B9vj3zKLxXjd
4JoAQNe6jd89vJ4XTlsLh7XHS7+o9bVpO5OAeHJ66gwNaTF36jsqmbALRiS7huaK
xvW+dMtwDa/F1dBYC3xLWNYmXinaO8xD/a2JTTlzp01JMHBJHw8mEQ==
-----END RSA PRIVATE KEY-----
)";
constexpr const char* rsa_pkcs8 = R"(-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC8MH3Q/bqcHaID
bvVbs/e3x6wHj41+bHDznf4mkPx6f7syXLy7GXRED0IH7TPnmYzjD3aGtHgs1hMu
wQ5u/tNXIsB/zY7YzW7HhMDhwVtWXEB2J3HpA8qUHL0VwNbdkdhIfPM6TZ0KgtIW
7eki1CsLw2SY/k6SieM9yRMSYpT6ibQAqSSqrs2EwZT3nN36mSWdMhY4VgCvTGu8
kAtm6kT1Zs7F3Ozh0pzIdQJOTvegcxVP8qx1F1uqhMBs14exv/lG8YeyeKGXk5p/
dN4nNG11lQKb+pt2FgbgoEnvHxKS36jB9wNHTF8L66sc91hbQ3BF3BoYZkk+p4VJ
H8Bh0Vi5AgMBAAECggEAAfnQBwbJnol+HGNIxAd3RptGqQapZuYnEnEPzHexuuyG
j+Bi4o5WxunSbj21PDguaeo35Zv/9gKNDYIyj1jxaZpgYzHKjz1VmCvX5Zbk3rAr
GhfPGEdKqXRFdPTDHMJC/ycsBj+Z3OojirZBQB/HpZY4gxW1HVCWzZzZQdRopC++
KOm3z8pv9CIY6ztGQGCuxNgSILYnE0f1BWYmgu39rnsh8pLaUk156B1joQmtvedq
yg+yoz7Q03pGw3SItaFkiYH9pTCRwbnUVZS5qYJ56/D6Zj+R+S3qTMyCeqYa/SZm
Y/CQVSBZEC85m0lRPSoRE0ZeJRc+WFKfHq9ofu6OIQKBgQDbquGsR7WfJj6EkWXi
53BED3fXuPcQ4UbtDQD5cfbG5bRZ9zbM0QhoWb9z9TlL3D/xj6GSnMGi0LNgCTbK
PifqUFQangtDVMbS7IPMgA5xubsDGBeattLGQTJiMlyv5u3BO7dgpceDUxxoMW46
ZORWTCR5uEHKoibBFRfloRTyCQKBgQDbUMVfFYaXqd0cfhPz2zjTGIev5eu2USgD
j3fJ176W2A1TF1Wlmp2qzYiKYCnAIuOK4Ogj8UeG00TWtQ7GIiujG0BTfxAouy/4
UIo7NDIxhn/9ofjPLAERC4Se6Xd1pOLqGGsgKEnJgrGDZ3S0/VuSJNWDXwlztEul
nLiCi0QdMQKBgQCAXvVw85ss/XGNkVbEalIORCfZ9mrT/4KuZ2oJXFNF2tkxtind
Oc87BC/BOS6ZqYXoyfI3NspmNqaM2fWd7QLwiK8NuwyD9ZgXjUZcjP1j8pFadorc
zDiSyWkDP8Ewvrh0s0wv+9GDal9weGqdT3atA+RRCZ/RJj+VmJkVhbQy2QKBgQCd
HKbYMA6Edb6d28AlcMWrjCYgH6EVsdvteQjCgxjY7RvWi5/ii/opUyZeovcl2piR
c/85SG8KKi1ldr2HuRDzvuD9L8h+tWJvDBuKwCC5E/Z6117r40U8VbkDMpNOpvmb
5DRSDCqX/lV2olWcFuhTsKl4fEvEJMQQd05CzsvT8QKBgBbXVvmA36GNIr1Xd+i2
8L3GIfGy13Vzp93Cpp65j30H2+PfMovFeN3gmgBA17qN3z28nhdOWwuHtcdLv6j1
tWk7k4B4cnrqDA1pMXfqOyqZsAtGJLuG5orG9b50y3ANr8XV0FgLfEtY1iZeKdo7
zEP9rYlNOXOnTUkwcEkfDyYR
-----END PRIVATE KEY-----
)";
constexpr const char* rsa_encrypted = R"(-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,B15824A7462A69D1558A85D379BE1C16

8t2rCj74AE35R065Ib34CduDqUYNJP3xCaVOX7czpD095JVi8wxx1d6GwIORu6nY
Adqr9rEGf5mI+wDGp9l8/M+n6i8FW8peXodKVX4KVpphXWliDJUh4MBWgtPPXCRV
l17xd26/IlxFDO+mMtsmMY8CCKA2uMldoD01STcren3g3IWoBc2X0GOK/JayjBVn
6OvWqJdpuSTJLoN8t0h4IRT9VGg+ytyJeugW57IksMf8jq1RUPv2FHj4oL7ZLyIQ
W6Ai7h2KyYcXSV5NZYrEYeC0HRacJvZbRTVbJJSym/cSl0ENq/DYpFJyLmSFzfVQ
eTA6+IpPzifMQ71OM3kj8qwN8YVhHEcHOXASwliFk3S+tkSw1v0U5lz+Lh19P19h
5ZFap0mKnmIq5c76B4Uhp0aTuopX9m6n7606uUwY5qVNuKYOva3/mjevgingmX6g
NtHYTm4WFhjFh3hvgJwwGwiQyqvmLaZSX/+2vSruKnu+aa42QsJoJRE2IkuLpgaP
A+5JfQrDP51ocfUhdB981wtcYv5ue7QDfnN2/SxnkQJ9VgOlSAItC6djBV8BZ0Ys
1eXCV/+N5NVj2tB+X8QzUbiwv/UWqn2G5Q9JBR8LHk4QhuD76ISHweI1l/oW0eyv
Fcu/kLzjCbkuwtRccLMm0Qeuu5hEjwYy0yJWBnUbC3TCjSivI6qXNKFqs949Zlhp
/7obvCYKzdBnex+tajytfplx/BTcwqaSpiqH3+SXMvzahj+7JisEcUXQ9Voi9wKK
jYK6bVaG6UyHrGcnfN5eSRUKckzfoSOlxP4MiboERi6BpGBvVDVa7OmzOlQNMUBX
JpEfMP9C9JPvZhqromO/VZRae/BeOZ53y3I0R150sduoba9tY3LrZlztK5kEX62R
gl5jgaeSwcjsLth0zrELnN5STYMRtCsFCHXdGL2ORkvZYrF858qmN85f+sWMB+lD
NTq5mKqOz27ZwJy8xA27HxzpcmVFT9nloUSGk1s7SvKSI7gtQEnJNseFKe9woDw7
W4od1HvNlxL69QI+o+S/X/06uHONYZAfOK1fz0K1s3ma3FjIJ8FBX5c1fKfGhl+n
RsjICwzxCvU+68Ff2RbZut0BGhSdFjObqI2+gXdEBI67NcdzCYMVgarrYaRXOJm8
E+m5m2jEA+xzHlwJUfcqeCgXjYv8QrjQFmM8S4GVWKz1S3f+Drqv7LOyH0ojhrNg
TpR1e2wwWCy+CPq6Ocgeg/Qn1u1PKribsn295t0oHj82TBQ5ZmKX1UWgW9vCOQKS
UbyF+A7xWVnK3j0xTy8wp31sF+pY2N2V2HByWsTPKRZFv+o52XWtluThO61fU2RI
4hEb+lIVmQAp/q2AOLyacQoN/stfgHXidLq/pNDUtj8DbrNIEu5I3asvp2CUfGsQ
OMeFredMuYggOmajZlGAt0Oi7T2cZvAH1y4ioHEyCUZ/qsjlKBEWd86fwygH1PUL
NOsTzUZ4gi1gbGKG10lh6W16V8+LnDYhCdKAFO1G5SCaNOuJqlFtYMeTLyVr/52g
KZL3G5ezLn9aJ0YQB6AfhGHCx6/PAuvf7dnUhNs0GwNIUqMEIb7dfMghYxr/HSxa
-----END RSA PRIVATE KEY-----
)";
constexpr const char* ec_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUcqoFy9Txbw+LGPL3vmvvv+KrrAUwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCZWMwIBcNMjYxMTI5MDk0NTM5WhgPMjEyNjExMDUwOTQ1Mzla
MA0xCzAJBgNVBAMMAmVjMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETVfZ4bMl
qHFkwhY+zMJvLqa6mFNmH2mXgGQohfW+ryzZ08m4hW+WuGapPfkxqHJXHRM5caiu
Jo/SJ5MYNPhMWaNTMFEwHQYDVR0OBBYEFAvdcgcAAojGCCgvrPaAopvWXgIxMB8G
A1UdIwQYMBaAFAvdcgcAAojGCCgvrPaAopvWXgIxMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgG3SZLtfG5TmA1KfgislHT6gMJ2nbU/u6QTQJwsT7
CPACICtKhXKFSL5My2VMIS+hpADMA5kK6FZbPYs9RZn4GLc5
-----END CERTIFICATE-----
)";
constexpr const char* ec_sec1 = R"(-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIH9uAwdPMr0A2VG2L/gohvU9xAMvdWDSdy0BYkSwTm8ooAoGCCqGSM49
AwEHoUQDQgAETVfZ4bMlqHFkwhY+zMJvLqa6mFNmH2mXgGQohfW+ryzZ08m4hW+W
uGapPfkxqHJXHRM5caiuJo/SJ5MYNPhMWQ==
-----END EC PRIVATE KEY-----
)";
constexpr const char* ec_pkcs8 = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgf24DB08yvQDZUbYv
+CiG9T3EAy91YNJ3LQFiRLBObyihRANCAARNV9nhsyWocWTCFj7Mwm8uprqYU2Yf
aZeAZCiF9b6vLNnTybiFb5a4Zqk9+TGoclcdEzlxqK4mj9Inkxg0+ExZ
-----END PRIVATE KEY-----
)";

TEST(KeyPair, EveryFormOfKeyThatBelongs) {
  EXPECT_TRUE(check_key_pair(rsa_certificate, rsa_pkcs1));
  EXPECT_TRUE(check_key_pair(rsa_certificate, rsa_pkcs8));
  EXPECT_TRUE(check_key_pair(ec_certificate, ec_sec1));
  EXPECT_TRUE(check_key_pair(ec_certificate, ec_pkcs8));
  // A chain: the first certificate is the one of the key.
  EXPECT_TRUE(check_key_pair(std::string(ec_certificate) + rsa_certificate, ec_sec1));
}

TEST(KeyPair, WhatCannotBeUsedSaysWhy) {
  const std::string torn = std::string(ec_certificate).substr(0, 200);
  const struct {
    std::string certificate, key, why;
  } rows[] = {
      {rsa_certificate, ec_sec1, "the private key does not belong to the certificate"},
      {std::string(rsa_certificate) + ec_certificate, ec_sec1,
       "the private key does not belong to the certificate"},
      {rsa_certificate, rsa_encrypted, "the private key cannot be read"},
      {rsa_certificate, "Hello world", "the private key cannot be read"},
      {rsa_certificate, "", "the private key cannot be read"},
      {rsa_certificate, std::string(65537, 'x'), "the private key is too long"},
      {"Hello world", rsa_pkcs1, "the certificate cannot be used: no certificate is in it"},
      {"", rsa_pkcs1, "the certificate cannot be used: no certificate is in it"},
      {torn, ec_sec1, "the certificate cannot be used: one of its certificates is malformed"},
      {ec_certificate + torn, ec_sec1,
       "the certificate cannot be used: one of its certificates is malformed"},
      {rsa_pkcs1, rsa_pkcs1, "the certificate cannot be used: no certificate is in it"},
  };
  for (const auto& row : rows) {
    const auto result = check_key_pair(row.certificate, row.key);
    ASSERT_FALSE(result) << row.why;
    EXPECT_EQ(result.error().message, row.why);
  }
}

TEST(Authorities, OneAtLeastAndAThousandAtMost) {
  EXPECT_FALSE(check_authorities(""));
  EXPECT_FALSE(check_authorities(ec_sec1));
  std::string bundle;
  for (size_t i = 0; i < 1000; ++i) bundle += ec_certificate;
  EXPECT_TRUE(check_authorities(bundle));
  EXPECT_FALSE(check_authorities(bundle + ec_certificate));
}

}  // namespace
}  // namespace gateproof::crypto
