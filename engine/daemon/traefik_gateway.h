// The provider kubernetesGateway in Traefik's dialect: routes of the entry points that a static configuration has, and statuses as
// Traefik writes them.
#pragma once
#include "engine/daemon/gateway_status.h"
#include "engine/kubernetes/gateway.h"

namespace gateproof::daemon {

class TraefikGateway {
 public:
  using Log = std::function<void(providers::KubeLevel, const std::string&)>;
  // All of them outlive it.
  TraefikGateway(ClusterSource& source, const config::StaticConfig& statics, const Clock& clock,
                 Log log);

  // A listener of the source.
  void changed(const std::vector<providers::KubeChange>& changes) { statuses_.changed(changes); }
  // What the objects ask for now; their statuses are on their way when it returns. While the address that they are to be told is
  // not known, everything stays as it was.
  config::DynamicConfig make(config::Findings& findings);

 private:
  const ClusterSource& source_;
  const config::StaticConfig& statics_;
  Log log_;
  kubernetes::GatewaySetting setting_;
  GatewayStatus statuses_;
  config::DynamicConfig last_;
  std::string told_;
};

}  // namespace gateproof::daemon
