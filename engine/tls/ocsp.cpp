#include "engine/tls/ocsp.h"

#include <openssl/ocsp.h>

#include "engine/tls/identity_parts.h"

namespace gateproof::tls {
namespace {

constexpr int64_t second_ns = 1'000'000'000;
constexpr int64_t day_s = 24 * 3600;

inline void free_texts(STACK_OF(OPENSSL_STRING) * list) { X509_email_free(list); }

using RequestPtr = std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, Free<OCSP_CERTID_free>>;
using TextsPtr = std::unique_ptr<STACK_OF(OPENSSL_STRING), Free<free_texts>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>>;

X509* issuer_of(const Identity::Parts& parts) {
  return sk_X509_num(parts.chain.get()) > 0 ? sk_X509_value(parts.chain.get(), 0)
                                            : parts.leaf.get();
}

// With SHA-1, which every responder knows (RFC 5019, 2.1.1); it names the certificate and protects nothing.
IdPtr id_of(const Identity::Parts& parts) {
  return IdPtr(OCSP_cert_to_id(EVP_sha1(), parts.leaf.get(), issuer_of(parts)));
}

std::optional<int64_t> seconds_of(const ASN1_GENERALIZEDTIME* time) {
  if (!time) return std::nullopt;
  const TimePtr epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0, seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return std::nullopt;
  return days * day_s + seconds;
}

Error refused(std::string why) {
  ERR_clear_error();
  return Error(Code::protocol, Source::upstream, "ocsp: " + std::move(why));
}

// The issuer alone is trusted, at the world's time.
bool signed_rightly(OCSP_BASICRESP* basic, X509* issuer, int64_t wall_s) {
  const StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), issuer);
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), static_cast<time_t>(wall_s));
  const CertificateListPtr known(sk_X509_new_null());
  if (X509_up_ref(issuer) == 1) sk_X509_push(known.get(), issuer);
  return OCSP_basic_verify(basic, known.get(), store.get(), OCSP_PARTIAL_CHAIN) == 1;
}

OcspAnswer::Status status_of(int status) {
  if (status == V_OCSP_CERTSTATUS_GOOD) return OcspAnswer::Status::good;
  return status == V_OCSP_CERTSTATUS_REVOKED ? OcspAnswer::Status::revoked
                                             : OcspAnswer::Status::unknown;
}

}  // namespace

std::optional<OcspQuestion> ocsp_question(const Identity& identity) {
  const Identity::Parts& parts = identity.parts();
  const TextsPtr urls(X509_get1_ocsp(parts.leaf.get()));
  if (sk_OPENSSL_STRING_num(urls.get()) <= 0) return std::nullopt;
  OcspQuestion q;
  for (int i = 0; i < sk_OPENSSL_STRING_num(urls.get()); ++i)
    q.responders.emplace_back(sk_OPENSSL_STRING_value(urls.get(), i));
  const RequestPtr request(OCSP_REQUEST_new());
  IdPtr id = id_of(parts);
  if (!id || !OCSP_request_add0_id(request.get(), id.get())) {
    ERR_clear_error();
    return std::nullopt;
  }
  static_cast<void>(id.release());  // the request's now
  unsigned char* bytes = nullptr;
  const int length = i2d_OCSP_REQUEST(request.get(), &bytes);
  q.request = take_der(length, bytes);
  return q;
}

Result<OcspAnswer> read_ocsp_answer(std::string_view der, const Identity& identity,
                                    int64_t wall_ns) {
  if (der.size() > staple_bytes_max) {
    return Error(Code::limit, Source::upstream,
                 "ocsp: an answer of " + std::to_string(der.size()) + " bytes, where " +
                     std::to_string(staple_bytes_max) + " can be stapled");
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response || at != end) return refused("not an OCSP response");
  const int said = OCSP_response_status(response.get());
  if (said != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return refused(std::string("the responder says ") + OCSP_response_status_str(said));
  const BasicPtr basic(OCSP_response_get1_basic(response.get()));
  if (!basic) return refused("not a basic response");
  const Identity::Parts& parts = identity.parts();
  const int64_t wall_s = wall_ns / second_ns;
  if (!signed_rightly(basic.get(), issuer_of(parts), wall_s))
    return refused("not signed by the certificate's issuer: " + take_reason());
  const IdPtr id = id_of(parts);
  int status = 0, reason = 0;
  ASN1_GENERALIZEDTIME *revoked = nullptr, *from = nullptr, *until = nullptr;
  if (!id ||
      OCSP_resp_find_status(basic.get(), id.get(), &status, &reason, &revoked, &from, &until) != 1)
    return refused("nothing is said about this certificate");
  const std::optional<int64_t> begin = seconds_of(from);
  OcspAnswer answer{status_of(status), begin.value_or(0), seconds_of(until)};
  if (!begin || (until && !answer.next_update_s)) return refused("its times cannot be read");
  if (*begin > wall_s + ocsp_clock_skew_s) return refused("an answer from the future");
  if (answer.next_update_s && *answer.next_update_s <= wall_s)
    return refused("the answer has expired");
  ERR_clear_error();
  return answer;
}

}  // namespace gateproof::tls
