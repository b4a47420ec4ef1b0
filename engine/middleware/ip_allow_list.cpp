// ipAllowList: lets only clients from listed networks through (catalogue 3.2).
#include "engine/middleware/answers.h"
#include "engine/middleware/ip_strategy.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<std::string> source_range;
  std::optional<IpStrategyOptions> ip_strategy;
  int64_t reject_status_code = 403;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("sourceRange", &Options::source_range, "list of strings")
                            .object("ipStrategy", &Options::ip_strategy, ip_strategy_schema())
                            .allow_empty()
                            .field("rejectStatusCode", &Options::reject_status_code, "int", "403");
  return s;
}

class IpAllowList final : public SyncFilter {
 public:
  IpAllowList(IpList allowed, IpStrategy strategy, int status)
      : allowed_(std::move(allowed)), strategy_(std::move(strategy)), status_(status) {}

  Flow on_request(Exchange& x) override {
    const bool allowed = strategy_.is_listed(x, allowed_);
    if (x.trace) x.note(stage, "client", told_client(strategy_.client_ip(x), allowed));
    if (allowed) return Flow::next;
    answer_phrase(x, status_);
    return Flow::answer;
  }

 private:
  IpList allowed_;
  IpStrategy strategy_;
  int status_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.source_range.empty()) {
    return Error(Code::invalid, "sourceRange is empty, IPAllowLister not created", SourceSpan(),
                 "write the networks that may pass in `sourceRange`");
  }
  const int64_t status = o.reject_status_code ? o.reject_status_code : 403;
  if (status < 0 || status > 999 || http::status_text(static_cast<int>(status)).empty()) {
    return Error(Code::invalid, "invalid HTTP status code " + std::to_string(status), SourceSpan(),
                 "write a status code of HTTP in `rejectStatusCode`, or leave it out");
  }
  auto allowed = IpList::parse(o.source_range);
  if (!allowed) {
    return Error(
        Code::invalid,
        "cannot parse CIDRs [" + text::join(o.source_range, " ") + "]: " + allowed.error().message,
        SourceSpan(), "in `sourceRange`, write addresses or networks such as 10.0.0.0/8");
  }
  auto strategy = IpStrategy::compile(o.ip_strategy);
  if (!strategy) return strategy.error();
  return std::unique_ptr<Middleware>(std::make_unique<IpAllowList>(
      std::move(*allowed), std::move(*strategy), static_cast<int>(status)));
}

}  // namespace

MiddlewareSpec ip_allow_list() {
  return {{"ipAllowList", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
