// What an OCSP responder answers, made on the spot.
#pragma once
#include "engine/tls/testing/certificates.h"

namespace gateproof::tls::testing {

struct OcspWords {
  enum class Status : uint8_t { good, revoked, unknown };
  Status status = Status::good;
  int64_t this_update_s = 0;  // since the Unix epoch
  int64_t next_update_s = 0;  // 0: not said
  size_t padding = 0;         // bytes of an extension that nobody knows
};

// About the certificate that `request` (DER) asks about; signed by `signer`. Empty when the request cannot be read.
std::string ocsp_response(const std::string& request, const Pem& signer, const OcspWords& words);
// An answer without an answer: "try later" is 3.
std::string ocsp_refusal(int status);

}  // namespace gateproof::tls::testing
