// ipWhiteList: the older name of ipAllowList, without rejectStatusCode (catalogue 3.2). Deprecated.
#include "engine/middleware/answers.h"
#include "engine/middleware/ip_strategy.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::vector<std::string> source_range;
  std::optional<IpStrategyOptions> ip_strategy;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("sourceRange", &Options::source_range, "list of strings")
                            .object("ipStrategy", &Options::ip_strategy, ip_strategy_schema())
                            .allow_empty();
  return s;
}

class IpWhiteList final : public SyncFilter {
 public:
  IpWhiteList(IpList allowed, IpStrategy strategy)
      : allowed_(std::move(allowed)), strategy_(std::move(strategy)) {}

  Flow on_request(Exchange& x) override {
    const bool allowed = strategy_.is_listed(x, allowed_);
    if (x.trace) x.note(stage, "client", told_client(strategy_.client_ip(x), allowed));
    if (allowed) return Flow::next;
    answer_phrase(x, 403);
    return Flow::answer;
  }

 private:
  IpList allowed_;
  IpStrategy strategy_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.source_range.empty()) {
    return Error(Code::invalid, "sourceRange is empty, IPWhiteLister not created", SourceSpan(),
                 "write the networks that may pass in `sourceRange`");
  }
  auto allowed = IpList::parse(o.source_range);
  if (!allowed) {
    return Error(Code::invalid,
                 "cannot parse CIDR whitelist [" + text::join(o.source_range, " ") +
                     "]: " + allowed.error().message,
                 SourceSpan(), "in `sourceRange`, write addresses or networks such as 10.0.0.0/8");
  }
  auto strategy = IpStrategy::compile(o.ip_strategy);
  if (!strategy) return strategy.error();
  return std::unique_ptr<Middleware>(
      std::make_unique<IpWhiteList>(std::move(*allowed), std::move(*strategy)));
}

}  // namespace

MiddlewareSpec ip_white_list() {
  return {{"ipWhiteList", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
