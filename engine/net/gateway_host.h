// GatewayHost: the engine on real sockets for the Gateways of a cluster in this process. Its listeners come and go inside the
// writes to the cluster's objects, so that a Gateway that is told "Programmed" is listened on already.
#pragma once
#include "engine/net/clock.h"
#include "engine/net/server.h"
#include "engine/pipeline/cluster_gateway.h"

namespace gateproof::net {

class GatewayHost {
 public:
  // Entry points that could not be listened on; told on the store's thread, once for each write.
  using Failed = std::function<void(const std::vector<Server::Failure>&)>;

  // To be made where the store lives, before it is written to by others. Store, random and log outlive the host; the store is
  // not written to any more when the host goes. `workers`: event loops of the engine.
  static Result<std::unique_ptr<GatewayHost>> make(kubernetes::cluster::Store& store,
                                                   Random& random, const Log& log,
                                                   kubernetes::gateway::Options options,
                                                   size_t workers, Failed failed = {});
  ~GatewayHost() { stop(); }

  // What the store holds already, told and served; writes do it by themselves.
  void follow_now() { gateway_.follow_all(); }
  void stop();
  const pipeline::Engine& engine() const { return engine_; }
  const pipeline::GatewayController& controller() const { return gateway_.controller(); }
  const std::vector<Server::Failure>& failures() const { return failures_; }
  std::vector<Server::Bound> addresses() const { return server_.addresses(); }

 private:
  GatewayHost(kubernetes::cluster::Store& store, Random& random, const Log& log,
              kubernetes::gateway::Options options, size_t workers, Failed failed);
  void follow();

  RealClock clock_;
  const Failed failed_;
  std::vector<Server::Failure> failures_;  // of the last change
  pipeline::Engine engine_;
  Server server_;
  pipeline::ClusterGateway gateway_;
};

}  // namespace gateproof::net
