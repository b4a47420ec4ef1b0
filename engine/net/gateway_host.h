// GatewayHost: the engine on real sockets for the Gateways of a cluster in this process. Its listeners come and go inside the
// writes to the cluster's objects, so that a Gateway that is told "Programmed" is listened on already.
#pragma once
#include "engine/net/clock.h"
#include "engine/net/server.h"
#include "engine/pipeline/cluster_gateway.h"

namespace gateproof::net {

class GatewayHost {
 public:
  // To be made where the store lives, before it is written to by others. Store, random and log outlive the host; the store is
  // not written to any more when the host goes. `workers`: event loops of the engine.
  static Result<std::unique_ptr<GatewayHost>> make(kubernetes::cluster::Store& store,
                                                   Random& random, const Log& log,
                                                   kubernetes::gateway::Options options,
                                                   size_t workers);
  ~GatewayHost() { stop(); }

  // What the store holds already, told and served; writes do it by themselves.
  void follow_now(Offload& elsewhere = inline_offload()) { gateway_.follow_all(elsewhere); }
  void stop();
  // What is wrong with the objects and was not told yet; to be asked where the store lives.
  config::Findings take_findings() { return std::exchange(findings_, {}); }
  // Entry points that could not be listened on at the last change; to be asked where the store lives.
  const std::vector<Server::Failure>& failures() const { return failures_; }
  std::vector<Server::Bound> addresses() const { return server_.addresses(); }

 private:
  GatewayHost(kubernetes::cluster::Store& store, Random& random, const Log& log,
              kubernetes::gateway::Options options, size_t workers);
  RealClock clock_;
  // Beyond it the newest are dropped: nobody reads them.
  static constexpr size_t findings_max = 10'000;
  std::vector<Server::Failure> failures_;
  config::Findings findings_;
  pipeline::Engine engine_;
  Server server_;
  pipeline::ClusterGateway gateway_;
};

}  // namespace gateproof::net
