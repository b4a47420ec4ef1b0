#include "engine/base/crypto_key_pair.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "engine/base/crypto_x509.h"
#include "engine/base/free.h"

namespace gateproof::crypto {
namespace {

using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;

constexpr size_t key_bytes_max = 65536;

Error bad(std::string text) {
  ERR_clear_error();
  return Error(Code::invalid, std::move(text));
}

// Mozilla's whole list is a good hundred; a bundle beyond this is a mistake.
constexpr size_t authorities_max = 1000;

Result<CertificatePtr> first_of(std::string_view pem) {
  if (pem.size() > certificate_bytes_max * authorities_max) return bad("the text is too long");
  const BioPtr in(BIO_new_mem_buf(pem.data(), int(pem.size())));
  if (!in) return bad("it cannot be read");
  CertificatePtr first;
  size_t count = 0;
  while (X509* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    CertificatePtr owned(one);
    if (!first) first = std::move(owned);
    if (++count > authorities_max) return bad("there are too many certificates in it");
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return bad("one of its certificates is malformed");
  if (!first) return bad("no certificate is in it");
  return first;
}

// An encrypted key asks for its password, which nobody has.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

Result<void> check_key_pair(std::string_view certificates, std::string_view key) {
  auto first = first_of(certificates);
  if (!first) return bad("the certificate cannot be used: " + first.error().message);
  if (key.size() > key_bytes_max) return bad("the private key is too long");
  const BioPtr in(BIO_new_mem_buf(key.data(), int(key.size())));
  const KeyPtr secret(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr)
                         : nullptr);
  if (!secret) return bad("the private key cannot be read");
  if (X509_check_private_key(first->get(), secret.get()) != 1)
    return bad("the private key does not belong to the certificate");
  return {};
}

Result<void> check_authorities(std::string_view certificates) {
  auto first = first_of(certificates);
  if (!first) return first.error();
  return {};
}

}  // namespace gateproof::crypto
