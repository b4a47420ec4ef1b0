#include "engine/tls/testing/ocsp_responder.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "engine/tls/openssl.h"

namespace gateproof::tls::testing {
namespace {

using RequestPtr = std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>>;

RequestPtr request_of(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return RequestPtr(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(der.size())));
}

OCSP_CERTID* id_of(OCSP_REQUEST* request) {
  return OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
}

std::string der_of(OCSP_RESPONSE* response) {
  unsigned char* bytes = nullptr;
  const int length = i2d_OCSP_RESPONSE(response, &bytes);
  return take_der(length, bytes);
}

void pad(OCSP_BASICRESP* basic, size_t bytes) {
  const std::string text(bytes, 'x');
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
  X509_EXTENSION* e = X509_EXTENSION_create_by_NID(nullptr, NID_netscape_comment, 0, value);
  OCSP_BASICRESP_add_ext(basic, e, -1);
  X509_EXTENSION_free(e);
  ASN1_OCTET_STRING_free(value);
}

}  // namespace

std::string ocsp_response(const std::string& request, const Pem& signer, const OcspWords& words) {
  const RequestPtr asked = request_of(request);
  if (!asked || OCSP_request_onereq_count(asked.get()) != 1) return {};
  const BasicPtr basic(OCSP_BASICRESP_new());
  const TimePtr from(ASN1_TIME_set(nullptr, words.this_update_s));
  const TimePtr until(words.next_update_s == 0 ? nullptr
                                               : ASN1_TIME_set(nullptr, words.next_update_s));
  const bool revoked = words.status == OcspWords::Status::revoked;
  OCSP_basic_add1_status(basic.get(), id_of(asked.get()), static_cast<int>(words.status), 0,
                         revoked ? from.get() : nullptr, from.get(), until.get());
  if (words.padding > 0) pad(basic.get(), words.padding);
  const CertificatePtr by(
      PEM_read_bio_X509(bio_of(signer.certificate).get(), nullptr, nullptr, nullptr));
  const KeyPtr key(PEM_read_bio_PrivateKey(bio_of(signer.key).get(), nullptr, nullptr, nullptr));
  OCSP_basic_sign(basic.get(), by.get(), key.get(), EVP_sha256(), nullptr, 0);
  const ResponsePtr response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  return der_of(response.get());
}

std::string ocsp_refusal(int status) {
  const ResponsePtr response(OCSP_response_create(status, nullptr));
  return der_of(response.get());
}

}  // namespace gateproof::tls::testing
