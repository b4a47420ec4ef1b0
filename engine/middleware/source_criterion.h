// sourceCriterion: what rateLimit and inFlightReq count by (catalogue 3.1).
#pragma once
#include "engine/middleware/ip_strategy.h"

namespace gateproof::middleware {

struct SourceCriterionOptions {
  std::optional<IpStrategyOptions> ip_strategy;
  std::string request_header_name;
  bool request_host = false;
};
const config::Schema<SourceCriterionOptions>& source_criterion_schema();

class SourceCriterion {
 public:
  enum class By : uint8_t { ip, header, host };
  // `by_default` holds when nothing is set. Errors in Traefik's words.
  static Result<SourceCriterion> compile(const std::optional<SourceCriterionOptions>& options,
                                         By by_default);
  // The key; "" is a key too, shared by all who have none.
  std::string key(const http::Exchange& x) const;
  // For who only tells keys from each other: the host itself, a peer's address as its bytes, or key(), the last two in `room`.
  const std::string& token(const http::Exchange& x, std::string& room) const;

 private:
  By by_ = By::ip;
  std::string header_;
  IpStrategy strategy_;
};

}  // namespace gateproof::middleware
