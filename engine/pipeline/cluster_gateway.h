// A Gateway controller for a cluster in this process: it runs inside every write, so that status and traffic are those of the
// new objects before the write is answered.
#pragma once
#include <set>

#include "engine/env/offload.h"
#include "engine/kubernetes/cluster/store.h"
#include "engine/pipeline/gateway_controller.h"

namespace gateproof::pipeline {

class ClusterGateway {
 public:
  // Store, clock and engine outlive it, and it the store's last write. `configuration_changed` and `report` as in
  // GatewayController.
  ClusterGateway(kubernetes::cluster::Store& store, const Clock& clock, Engine& engine,
                 kubernetes::gateway::Options options, std::function<void()> configuration_changed,
                 std::function<void(const config::Findings&)> report = {});

  // Everything that is in the store already.
  void follow_all(Offload& elsewhere = inline_offload());

 private:
  void follow(std::span<const kubernetes::cluster::Event> events);
  // Whether it is a change that the controller has to look at.
  bool take(const kubernetes::cluster::Event& event);
  void write_status(const kubernetes::gateway::StatusUpdate& update);
  void write_account(const kubernetes::cluster::StoredObject& gateway);

  kubernetes::cluster::Store& store_;
  const Clock& clock_;
  kubernetes::ObjectStore objects_;  // what resolve() reads: kept, not made anew
  std::set<uint64_t> own_;  // resourceVersions of statuses written here, until they are told
  std::vector<kubernetes::gateway::ObjectName> changed_;  // since the controller looked
  Offload* all_ = nullptr;  // everything is to be looked at, with its help
  GatewayController controller_;
};

}  // namespace gateproof::pipeline
