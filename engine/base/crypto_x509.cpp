#include "engine/base/crypto_x509.h"

#include <memory>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "engine/base/crypto.h"
#include "engine/base/free.h"

namespace gateproof::crypto {
namespace {

using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;

Error bad(std::string_view why) {
  ERR_clear_error();
  return Error(Code::invalid, "x509: " + std::string(why));
}

Error too_large() {
  return Error(Code::limit,
               "x509: certificate larger than " + std::to_string(certificate_bytes_max) + " bytes");
}

std::string utf8_of(const ASN1_STRING* s) {
  unsigned char* text = nullptr;
  const int n = ASN1_STRING_to_UTF8(&text, s);
  if (n < 0) return "";
  std::string out(reinterpret_cast<char*>(text), static_cast<size_t>(n));
  OPENSSL_free(text);
  return out;
}

std::string bytes_of(const ASN1_STRING* s) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(s)),
          static_cast<size_t>(ASN1_STRING_length(s))};
}

DistinguishedName name_of(const X509_NAME* name) {
  DistinguishedName out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    std::string value = utf8_of(X509_NAME_ENTRY_get_data(entry));
    switch (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))) {
      case NID_domainComponent: out.domain_components.push_back(std::move(value)); break;
      case NID_countryName: out.countries.push_back(std::move(value)); break;
      case NID_stateOrProvinceName: out.provinces.push_back(std::move(value)); break;
      case NID_localityName: out.localities.push_back(std::move(value)); break;
      case NID_organizationName: out.organizations.push_back(std::move(value)); break;
      case NID_organizationalUnitName: out.organizational_units.push_back(std::move(value)); break;
      case NID_serialNumber: out.serial_number = std::move(value); break;
      case NID_commonName: out.common_name = std::move(value); break;
      default: break;
    }
  }
  return out;
}

std::string decimal_of(const ASN1_INTEGER* number) {
  const NumberPtr n(ASN1_INTEGER_to_BN(number, nullptr));
  char* text = n ? BN_bn2dec(n.get()) : nullptr;
  if (!text) return "";
  std::string out(text);
  OPENSSL_free(text);
  return out;
}

// False for a time that is none (RFC 5280 section 4.1.2.5).
bool seconds_of(const ASN1_TIME* time, int64_t& out) {
  const std::unique_ptr<ASN1_TIME, Free<ASN1_STRING_free>> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0, seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return false;
  out = int64_t{days} * 86400 + seconds;
  return true;
}

void add_alternative_names(const X509* certificate, Certificate& out) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
    switch (type) {
      case GEN_DNS: out.dns_names.push_back(bytes_of(value)); break;
      case GEN_EMAIL: out.email_addresses.push_back(bytes_of(value)); break;
      case GEN_URI: out.uris.push_back(bytes_of(value)); break;
      case GEN_IPADD: out.ip_addresses.push_back(bytes_of(value)); break;
      default: break;
    }
  }
}

bool is_address(const std::string& raw) { return raw.size() == 4 || raw.size() == 16; }

}  // namespace

Result<Certificate> parse_certificate(std::string_view der) {
  if (der.size() > certificate_bytes_max) return too_large();
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) return bad("malformed certificate");
  if (at != reinterpret_cast<const unsigned char*>(der.data()) + der.size())
    return bad("trailing data");
  return parse_certificate(certificate.get());
}

Result<Certificate> parse_certificate(x509_st* certificate) {
  const int bytes = i2d_X509(certificate, nullptr);
  if (bytes <= 0) return bad("malformed certificate");
  if (static_cast<size_t>(bytes) > certificate_bytes_max) return too_large();
  Certificate out;
  out.subject = name_of(X509_get_subject_name(certificate));
  out.issuer = name_of(X509_get_issuer_name(certificate));
  out.serial_number = decimal_of(X509_get0_serialNumber(certificate));
  if (!seconds_of(X509_get0_notBefore(certificate), out.not_before_s) ||
      !seconds_of(X509_get0_notAfter(certificate), out.not_after_s)) {
    return bad("malformed validity");
  }
  add_alternative_names(certificate, out);
  for (const std::string& ip : out.ip_addresses) {
    if (!is_address(ip))
      return bad("cannot parse IP address of length " + std::to_string(ip.size()));
  }
  ERR_clear_error();  // what a broken extension left behind
  return out;
}

Result<std::vector<std::string>> certificates_from_pem(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  std::vector<std::string> out;
  for (size_t at = pem.find(begin); at != std::string_view::npos; at = pem.find(begin, at)) {
    at += begin.size();
    const size_t stop = pem.find(end, at);
    if (stop == std::string_view::npos) return bad("a PEM block without its end");
    if (out.size() == certificates_max)
      return Error(Code::limit,
                   "x509: more than " + std::to_string(certificates_max) + " certificates");
    auto der = base64_decode(pem.substr(at, stop - at));
    if (!der) return bad("a PEM block that is no base64");
    auto parsed = parse_certificate(*der);
    if (!parsed) return parsed.error();
    out.push_back(std::move(*der));
    at = stop + end.size();
  }
  if (out.empty()) return bad("no certificate in the PEM text");
  return out;
}

}  // namespace gateproof::crypto
