#include "engine/daemon/traefik_gateway.h"

namespace gateproof::daemon {

using providers::KubeLevel;

TraefikGateway::TraefikGateway(ClusterSource& source, const config::StaticConfig& statics,
                               const Clock& clock, Log log)
    : source_(source),
      statics_(statics),
      log_(std::move(log)),
      maker_({kubernetes::entry_points_of(&statics), statics.kubernetes_crd.has_value(), true}),
      statuses_(source, clock, std::string(kubernetes::traefik_gateway_controller)) {}

void TraefikGateway::changed(const std::vector<providers::KubeChange>& changes) {
  statuses_.changed(changes);
  for (const providers::KubeChange& c : changes) {
    if (c.content_changed()) changed_.insert({c.key.group, c.key.kind, c.key.ns, c.key.name});
  }
}

ProviderOutcome TraefikGateway::make(config::Findings& findings) {
  const kubernetes::Context context{source_.store(), *statics_.kubernetes_gateway,
                                    kubernetes::gateway_provider, "providers.kubernetesGateway",
                                    findings};
  const auto addresses = kubernetes::gateway_addresses(context);
  if (!addresses) {
    const std::string line = "addresses of Gateways: " + addresses.error().message;
    if (line != std::exchange(told_, line)) log_(KubeLevel::error, line);
    known_.reset();
    if (!std::exchange(shown_, true)) return {};
    return {config::ConfigPatch(), {}, std::set<std::string>()};
  }
  told_.clear();
  shown_ = true;
  const std::set<kubernetes::UnitMaker::Name> changed = std::exchange(changed_, {});
  if (known_ == *addresses) {
    const std::vector<kubernetes::UnitMaker::Name> names(changed.begin(), changed.end());
    if (auto update = maker_.update(context, names)) {
      return {std::move(update->patch),
              {},
              std::move(update->about),
              tell(maker_.statuses(context, *addresses), false)};
    }
    findings = {};
  }
  known_ = *addresses;
  config::DynamicConfig all = maker_.make(context);
  return {std::nullopt, std::move(all), std::nullopt,
          tell(maker_.statuses(context, *addresses), true)};
}

std::function<void()> TraefikGateway::tell(std::vector<kubernetes::gateway::StatusUpdate> updates,
                                           bool all) {
  return [this, all, updates = std::move(updates)] {
    maker_.settle();
    statuses_.want(updates, all);
  };
}

}  // namespace gateproof::daemon
