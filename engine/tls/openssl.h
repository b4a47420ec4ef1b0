// Owning pointers to OpenSSL's objects, for the sources of this layer alone.
#pragma once
#include <memory>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/base/free.h"

namespace gateproof::tls {

inline void free_certificates(STACK_OF(X509) * list) { sk_X509_pop_free(list, X509_free); }

using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using CertificateListPtr = std::unique_ptr<STACK_OF(X509), Free<free_certificates>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;

// The reason of the newest error of this thread's queue, in OpenSSL's words, and the queue is empty again; "" without one.
inline std::string take_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(ERR_GET_REASON(code));
}

// What an i2d function of OpenSSL has allocated and how long it says it is; "" for an error.
inline std::string take_der(int length, unsigned char* bytes) {
  if (length <= 0) return {};
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(length));
  OPENSSL_free(bytes);
  return out;
}

inline BioPtr bio_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace gateproof::tls
