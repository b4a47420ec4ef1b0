#include "engine/daemon/traefik_gateway.h"

#include "engine/kubernetes/gateway_config.h"
#include "engine/kubernetes/gateway_statuses.h"

namespace gateproof::daemon {

using providers::KubeLevel;

TraefikGateway::TraefikGateway(ClusterSource& source, const config::StaticConfig& statics,
                               const Clock& clock, Log log)
    : source_(source),
      statics_(statics),
      log_(std::move(log)),
      setting_{kubernetes::entry_points_of(&statics), statics.kubernetes_crd.has_value(), true},
      statuses_(source, clock, std::string(kubernetes::traefik_gateway_controller)) {}

config::DynamicConfig TraefikGateway::make(config::Findings& findings) {
  const kubernetes::Context context{source_.store(), *statics_.kubernetes_gateway,
                                    kubernetes::gateway_provider, "providers.kubernetesGateway",
                                    findings};
  const auto addresses = kubernetes::gateway_addresses(context);
  if (!addresses) {
    const std::string line = "addresses of Gateways: " + addresses.error().message;
    if (line != std::exchange(told_, line)) log_(KubeLevel::error, line);
    return last_;
  }
  told_.clear();
  const kubernetes::GatewayResult result = kubernetes::check_gateway(context, setting_);
  last_ = kubernetes::gateway_config(context, result, setting_.entry_points);
  statuses_.want(kubernetes::gateway_statuses(context, result, *addresses), true);
  return last_;
}

}  // namespace gateproof::daemon
