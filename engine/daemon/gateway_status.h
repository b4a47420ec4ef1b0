// Statuses of Gateway API objects as somebody wants them, written through the API server: when they are decided anew, and again
// when what is there is something else.
#pragma once
#include "engine/daemon/cluster_source.h"
#include "engine/kubernetes/gateway/model.h"

namespace gateproof::daemon {

class GatewayStatus {
 public:
  // Both outlive it.
  GatewayStatus(ClusterSource& source, const Clock& clock, std::string controller_name)
      : source_(source), clock_(clock), controller_(std::move(controller_name)) {}

  // A listener of the source.
  void changed(const std::vector<providers::KubeChange>& changes);
  // What the objects are to be told as they are now. With `all`, nothing is wanted any more of an object that is not among them;
  // what it has been told stays.
  void want(const std::vector<kubernetes::gateway::StatusUpdate>& updates, bool all);

 private:
  struct Wanted {
    kubernetes::gateway::StatusUpdate update;
    uint64_t content = 0;  // of the object that it was decided for
  };
  void write(const providers::KubeKey& key, const kubernetes::gateway::StatusUpdate& update);

  ClusterSource& source_;
  const Clock& clock_;
  std::string controller_;
  struct Content {
    uint64_t digest = 0;
    uint64_t round = 0;  // in which it came
  };
  std::map<providers::KubeKey, Content> contents_;  // of the kinds that have statuses
  std::map<providers::KubeKey, Wanted> wanted_;
  uint64_t round_ = 1;  // a new one whenever statuses were decided
};

}  // namespace gateproof::daemon
