#include "engine/tls/protocol.h"

#include <algorithm>
#include <utility>

#include "engine/tls/openssl.h"

namespace gateproof::tls {
namespace {

struct Named {
  std::string_view go, openssl;
  bool usual;  // among what Go takes when nothing is said
};

// Go's cipherSuitesPreferenceOrder; the names of crypto/tls are IANA's but for the two without _SHA256.
constexpr Named suites[] = {
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", true},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", true},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", true},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", true},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305", true},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", true},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", true},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", true},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", true},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", true},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", true},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", true},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", false},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", false},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", false},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", false},
    {"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA", false},
    {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA", false},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", false},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", false},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", false},
};

constexpr Named curves[] = {
    {"x25519", "X25519", true},    {"X25519", "X25519", false},   {"secp256r1", "P-256", true},
    {"CurveP256", "P-256", false}, {"secp384r1", "P-384", true},  {"CurveP384", "P-384", false},
    {"secp521r1", "P-521", true},  {"CurveP521", "P-521", false},
};

void append(std::string& list, std::string_view one) {
  const std::string padded = ":" + list + ":";
  if (padded.find(":" + std::string(one) + ":") != std::string::npos) return;
  if (!list.empty()) list += ':';
  list += one;
}

}  // namespace

int version_of(std::string_view name) {
  if (name == "VersionTLS10") return TLS1_VERSION;
  if (name == "VersionTLS11") return TLS1_1_VERSION;
  if (name == "VersionTLS12") return TLS1_2_VERSION;
  if (name == "VersionTLS13") return TLS1_3_VERSION;
  return 0;
}

std::string cipher_list(const std::vector<std::string>& names) {
  std::string out;
  for (const Named& s : suites) {
    const bool wanted =
        names.empty() ? s.usual : std::find(names.begin(), names.end(), s.go) != names.end();
    if (wanted) append(out, s.openssl);
  }
  return out;
}

std::string group_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    for (const Named& c : curves) {
      if (c.go == name) append(out, c.openssl);
    }
  }
  if (!names.empty()) return out;
  for (const Named& c : curves) {
    if (c.usual) append(out, c.openssl);
  }
  return out;
}

}  // namespace gateproof::tls
