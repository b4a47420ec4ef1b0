#include "engine/middleware/source_criterion.h"

namespace gateproof::middleware {

const config::Schema<SourceCriterionOptions>& source_criterion_schema() {
  static const auto s =
      config::Schema<SourceCriterionOptions>()
          .object("ipStrategy", &SourceCriterionOptions::ip_strategy, ip_strategy_schema())
          .field("requestHeaderName", &SourceCriterionOptions::request_header_name, "string")
          .field("requestHost", &SourceCriterionOptions::request_host, "bool", "false");
  return s;
}

Result<SourceCriterion> SourceCriterion::compile(
    const std::optional<SourceCriterionOptions>& options, By by_default) {
  SourceCriterion out;
  out.by_ = by_default;
  if (!options) return out;
  const bool header = !options->request_header_name.empty();
  const auto clash = [](std::string_view a, std::string_view b) {
    return Error(Code::invalid,
                 std::string(a) + " and " + std::string(b) + " are mutually exclusive");
  };
  if (options->ip_strategy && header) return clash("iPStrategy", "RequestHeaderName");
  if (options->ip_strategy && options->request_host) return clash("iPStrategy", "RequestHost");
  if (options->request_host && header) return clash("requestHost", "RequestHeaderName");
  if (options->ip_strategy) {
    auto strategy = IpStrategy::compile(options->ip_strategy);
    if (!strategy) return strategy.error();
    out.strategy_ = std::move(*strategy);
    out.by_ = By::ip;
  } else if (header) {
    out.header_ = options->request_header_name;
    out.by_ = By::header;
  } else if (options->request_host) {
    out.by_ = By::host;
  }
  return out;
}

std::string SourceCriterion::key(const http::Exchange& x) const {
  switch (by_) {
    case By::ip: return strategy_.client_ip(x);
    case By::header: return std::string(x.request.headers.get(header_));
    case By::host: return x.request.host;
  }
  return "";
}

const std::string& SourceCriterion::token(const http::Exchange& x, std::string& room) const {
  if (by_ == By::host) return x.request.host;
  if (by_ == By::ip && strategy_.by_peer()) {
    const IpAddress& ip = x.peer.ip;
    room.assign(reinterpret_cast<const char*>(ip.bytes.data()), ip.v6 ? 16 : 4);
  } else {
    room = key(x);
  }
  return room;
}

}  // namespace gateproof::middleware
