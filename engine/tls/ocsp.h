// OCSP (RFC 6960) without input and output: what is asked about a certificate, and what an answer says. The bytes travel over
// HTTP elsewhere (pipeline/ocsp_stapler.h).
#pragma once
#include <optional>

#include "engine/tls/identity.h"

namespace gateproof::tls {

// The largest answer that is stapled, in bytes: in TLS 1.2 it is one handshake message with a status of four bytes in front, and
// clients take 16 KiB at most.
inline constexpr size_t staple_bytes_max = 16384 - 4;
// How far ahead of ours a responder's clock may be.
inline constexpr int64_t ocsp_clock_skew_s = 300;

struct OcspQuestion {
  std::string request;  // DER
  std::vector<std::string>
      responders;  // URLs of the certificate's authorityInfoAccess, in its order
};

// About the leaf; its issuer is the next certificate of the chain, or without a chain the leaf itself, as in Traefik. nullopt: the
// certificate names no responder.
std::optional<OcspQuestion> ocsp_question(const Identity& identity);

struct OcspAnswer {
  enum class Status : uint8_t { good, revoked, unknown };
  Status status = Status::good;
  int64_t this_update_s = 0;             // since the Unix epoch
  std::optional<int64_t> next_update_s;  // absent: newer information is always there
};

// An answer about this certificate that its issuer signed, or whom the issuer appointed (RFC 6960, 4.2.2.2), and whose time is now.
// Errors: Code::limit (too large to be stapled), Code::protocol (anything else).
Result<OcspAnswer> read_ocsp_answer(std::string_view der, const Identity& identity,
                                    int64_t wall_ns);

}  // namespace gateproof::tls
