// The provider kubernetesGateway in the standard dialect (--gateproof.dialect=standard): a Gateway API controller of its own. Each
// Gateway gets an address, its listeners are entry points that come and go, and statuses are those that the API asks for.
#pragma once
#include "engine/daemon/gateway_accounts.h"
#include "engine/daemon/gateway_status.h"
#include "engine/daemon/provider_outcome.h"
#include "engine/kubernetes/gateway/follower.h"

namespace gateproof::daemon {

class StandardGateway {
 public:
  // All of them outlive it.
  StandardGateway(ClusterSource& source, const config::GateproofOptions& options,
                  const config::MiddlewareTypes& types, Env& env);

  // A listener of the source.
  void changed(const std::vector<providers::KubeChange>& changes);
  // What the objects ask for now. Their statuses are told afterwards, and that is before it is called again.
  ProviderOutcome make(config::Findings& findings);

 private:
  ClusterSource& source_;
  Offload& elsewhere_;
  const config::MiddlewareTypes& types_;
  std::vector<kubernetes::gateway::ObjectName> changed_;  // since the last make()
  kubernetes::gateway::Options options_;
  kubernetes::gateway::Follower follower_;
  GatewayStatus statuses_;
  GatewayAccounts accounts_;
};

}  // namespace gateproof::daemon
