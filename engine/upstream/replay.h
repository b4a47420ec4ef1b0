// A request that can be sent more than once: kept as it came, its body read into memory first (failover, mirroring).
#pragma once
#include "engine/http/exchange.h"

namespace gateproof::upstream {

class RecordedRequest {
 public:
  enum class Body : uint8_t { whole, too_large, none };

  // Takes the request of `x` with its body, of at most `bytes_max` bytes (negative: no limit). With Body::too_large the
  // request in `x` is as before (its body can still be read once) and this record is of no use. An error: the client broke off.
  Task<Result<Body>> take(http::Exchange& x, int64_t bytes_max);
  // Without the body, which stays in `x`.
  void take_head(const http::Exchange& x);
  // The body that goes with a head; `length_told` false: it came chunked.
  void set_body(std::string bytes, bool length_told) {
    body_ = std::move(bytes);
    length_told_ = length_told;
  }
  // Puts the request, as it was, into an exchange; also one of its own.
  void restore(http::Exchange& x) const;

 private:
  std::string method_, query_, host_, routing_path_, canonical_host_, client_host_;
  http::UrlPath url_;
  bool has_query_ = false, asterisk_ = false;
  http::Version version_ = http::Version::http11;
  http::Headers headers_;
  std::string body_;
  bool length_told_ = true;  // false: sent chunked
  SocketAddress peer_, local_;
  bool tls_ = false, append_forwarded_for_ = true, suppress_forwarded_for_ = false;
  bool raw_target_ = false;
};

}  // namespace gateproof::upstream
