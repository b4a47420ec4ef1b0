// What is told about an X.509 certificate (RFC 5280) to those who look at one, as plain values. Signatures, chains and validity are not judged here.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

struct x509_st;  // OpenSSL's X509

namespace gateproof::crypto {

inline constexpr size_t certificate_bytes_max = 65536;  // of one certificate in DER
inline constexpr size_t certificates_max = 100;         // in one PEM text

// The attributes of a distinguished name that have a meaning here, as UTF-8, in the order in which they stand.
struct DistinguishedName {
  std::vector<std::string> domain_components, countries, provinces, localities, organizations,
      organizational_units;
  std::string serial_number, common_name;  // the last one, if there are several
};

struct Certificate {
  DistinguishedName subject, issuer;
  std::string serial_number;                  // decimal
  int64_t not_before_s = 0, not_after_s = 0;  // since the Unix epoch
  std::vector<std::string> dns_names, email_addresses, uris;
  std::vector<std::string> ip_addresses;  // raw: 4 or 16 bytes
};

// Code::invalid for what is no certificate, Code::limit for a larger one.
Result<Certificate> parse_certificate(std::string_view der);
// The same of one that OpenSSL has read already: most of what reading costs is its public key.
Result<Certificate> parse_certificate(x509_st* certificate);

// The certificates of a PEM text, each in DER, in order; other blocks and text between are passed over. Code::invalid when
// there is none or one cannot be read, Code::limit for more than certificates_max.
Result<std::vector<std::string>> certificates_from_pem(std::string_view pem);

}  // namespace gateproof::crypto
