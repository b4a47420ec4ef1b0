#include "engine/base/crypto_verify.h"

#include <array>
#include <ctime>
#include <memory>
#include <optional>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "engine/base/crypto_x509.h"
#include "engine/base/free.h"
#include "engine/base/text.h"

namespace gateproof::crypto {
namespace {

using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;

CertificatePtr read(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  CertificatePtr c(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return c;
}

// RFC 3339, in UTC.
std::string time_text(int64_t seconds) {
  const std::time_t t = seconds;
  std::tm parts{};
  gmtime_r(&t, &parts);
  std::array<char, 64> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), n};
}

// "" for one that may be used now; an authority has to be one.
std::string invalidity(X509* c, bool authority, int64_t now_s) {
  const Result<Certificate> parts = parse_certificate(c);
  if (!parts) return parts.error().message;
  const bool early = now_s < parts->not_before_s;
  if (early || now_s > parts->not_after_s) {
    return "x509: certificate has expired or is not yet valid: current time " + time_text(now_s) +
           (early ? " is before " + time_text(parts->not_before_s)
                  : " is after " + time_text(parts->not_after_s));
  }
  const bool is_authority = X509_check_ca(c) == 1;
  if (authority && !is_authority)
    return "x509: certificate is not authorized to sign other certificates";
  return "";
}

std::string name_of(X509* c) {
  const Result<Certificate> parts = parse_certificate(c);
  if (!parts) return "";
  if (!parts->subject.common_name.empty()) return parts->subject.common_name;
  if (!parts->subject.organizations.empty()) return parts->subject.organizations.front();
  return "serial:" + parts->serial_number;
}

// Of extended key usage; a certificate without the extension may be used for everything.
bool serves(X509* c) {
  const uint32_t flags = X509_get_extension_flags(c);
  if (!(flags & EXFLAG_XKUSAGE)) return true;
  return (X509_get_extended_key_usage(c) & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
}

bool same(X509* a, X509* b) { return X509_cmp(a, b) == 0; }

// An authority that bears the name of the certificate's issuer: "" when it has signed it and may be used.
std::string refusal(X509* leaf, X509* authority, int64_t now_s) {
  EVP_PKEY* const key = X509_get0_pubkey(authority);
  const bool signs = key && X509_verify(leaf, key) == 1;
  ERR_clear_error();
  if (!signs) {
    const bool rsa = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    return rsa ? "crypto/rsa: verification error" : "x509: ECDSA verification failure";
  }
  return invalidity(authority, true, now_s);
}

}  // namespace

std::string verify_failure(std::string_view leaf_der, std::span<const std::string> authorities,
                           int64_t now_s) {
  const CertificatePtr leaf = read(leaf_der);
  if (!leaf) return "x509: malformed certificate";
  if (std::string bad = invalidity(leaf.get(), false, now_s); !bad.empty()) return bad;
  std::string hint;
  bool chained = false, usable = false;
  for (const std::string& der : authorities) {
    const CertificatePtr authority = read(der);
    if (!authority) continue;
    if (same(leaf.get(), authority.get())) {
      chained = true;
      usable |= serves(leaf.get());
      continue;
    }
    const X509_NAME* const issuer = X509_get_issuer_name(leaf.get());
    if (X509_NAME_cmp(X509_get_subject_name(authority.get()), issuer) != 0) continue;
    const std::string why = refusal(leaf.get(), authority.get(), now_s);
    if (why.empty()) {
      chained = true;
      usable |= serves(leaf.get()) && serves(authority.get());
    } else if (hint.empty()) {
      hint = " (possibly because of " + text::quote(why) +
             " while trying to verify candidate authority certificate " +
             text::quote(name_of(authority.get())) + ")";
    }
  }
  if (!chained) return "x509: certificate signed by unknown authority" + hint;
  return usable ? "" : "x509: certificate specifies an incompatible key usage";
}

}  // namespace gateproof::crypto
