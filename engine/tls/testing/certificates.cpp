#include "engine/tls/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "engine/base/assert.h"
#include "engine/tls/openssl.h"

namespace gateproof::tls::testing {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(n)};
}

void extend(X509* x, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  GP_ASSERT(e != nullptr);
  X509_add_ext(x, e, -1);
  X509_EXTENSION_free(e);
}

}  // namespace

Pem make_certificate(const Wanted& wanted, const Pem* issuer) {
  static uint64_t serial = 1;
  const KeyPtr key(wanted.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  const CertificatePtr x(X509_new());
  CertificatePtr parent;
  KeyPtr signer;
  if (issuer) {
    parent.reset(PEM_read_bio_X509(bio_of(issuer->certificate).get(), nullptr, nullptr, nullptr));
    signer.reset(PEM_read_bio_PrivateKey(bio_of(issuer->key).get(), nullptr, nullptr, nullptr));
  }
  X509_set_version(x.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), serial++);
  ASN1_TIME_set(X509_getm_notBefore(x.get()), wanted.begin_s);
  ASN1_TIME_set(X509_getm_notAfter(x.get()), wanted.end_s);
  X509_NAME* name = X509_get_subject_name(x.get());
  if (!wanted.common_name.empty()) {
    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wanted.common_name.data()),
                               static_cast<int>(wanted.common_name.size()), -1, 0);
  }
  X509_set_issuer_name(x.get(), parent ? X509_get_subject_name(parent.get()) : name);
  X509_set_pubkey(x.get(), key.get());
  X509* const by = parent ? parent.get() : x.get();
  extend(x.get(), by, NID_basic_constraints, wanted.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wanted.usage.empty()) extend(x.get(), by, NID_ext_key_usage, wanted.usage);
  if (!wanted.responder.empty())
    extend(x.get(), by, NID_info_access, "OCSP;URI:" + wanted.responder);
  std::string names;
  for (const std::string& n : wanted.names) names += (names.empty() ? "" : ",") + n;
  if (!names.empty()) extend(x.get(), by, NID_subject_alt_name, names);
  X509_sign(x.get(), signer ? signer.get() : key.get(), EVP_sha256());
  const BioPtr certificate(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate.get(), x.get());
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(certificate.get()), text_of(secret.get())};
}

}  // namespace gateproof::tls::testing
