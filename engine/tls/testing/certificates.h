// Certificates for tests, made on the spot: authorities and what they sign.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gateproof::tls::testing {

struct Pem {
  std::string certificate, key;
};

struct Wanted {
  std::string common_name;
  std::vector<std::string> names;  // subjectAltName: "DNS:a.test", "IP:10.0.0.1", "URI:spiffe://a"
  bool authority = false;
  bool rsa = false;                 // RSA 2048 in place of P-256
  std::string usage;                // extendedKeyUsage, such as "clientAuth"
  std::string responder;            // URL for OCSP in authorityInfoAccess
  int64_t begin_s = 1'600'000'000;  // validity, since the Unix epoch
  int64_t end_s = 4'000'000'000;
};

// Signed by `issuer`, or by itself.
Pem make_certificate(const Wanted& wanted, const Pem* issuer = nullptr);

}  // namespace gateproof::tls::testing
