// The provider kubernetesGateway in Traefik's dialect: routes of the entry points that a static configuration has, and statuses as
// Traefik writes them.
#pragma once
#include "engine/daemon/gateway_status.h"
#include "engine/daemon/provider_outcome.h"
#include "engine/kubernetes/gateway_maker.h"

namespace gateproof::daemon {

class TraefikGateway {
 public:
  using Log = std::function<void(providers::KubeLevel, const std::string&)>;
  // All of them outlive it.
  TraefikGateway(ClusterSource& source, const config::StaticConfig& statics, const Clock& clock,
                 Log log);

  // A listener of the source.
  void changed(const std::vector<providers::KubeChange>& changes);
  // What the objects ask for now. Their statuses are told afterwards, and that is before it is called again. While the address that
  // they are to be told is not known, everything stays as it was.
  ProviderOutcome make(config::Findings& findings);

 private:
  std::function<void()> tell(std::vector<kubernetes::gateway::StatusUpdate> updates, bool all);

  const ClusterSource& source_;
  const config::StaticConfig& statics_;
  Log log_;
  kubernetes::GatewayMaker maker_;
  GatewayStatus statuses_;
  std::set<kubernetes::UnitMaker::Name> changed_;
  // That were told with the last configuration; nullopt: there was none, or changes since then are not in it.
  std::optional<std::vector<kubernetes::StatusAddress>> known_;
  std::string told_;
  bool shown_ = false;  // a configuration, if an empty one
};

}  // namespace gateproof::daemon
