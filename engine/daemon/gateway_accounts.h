// The ServiceAccount that stands for what a Gateway consists of in its namespace (GEP-1762, spec.infrastructure).
#pragma once
#include <set>

#include "engine/daemon/cluster_source.h"
#include "engine/kubernetes/cluster/json.h"

namespace gateproof::daemon {

// How long a refused account waits for its next try, and how often a replica that may not write asks whether it may.
inline constexpr Duration gateway_account_retry = std::chrono::seconds(1);

class GatewayAccounts {
 public:
  // Both outlive it.
  GatewayAccounts(ClusterSource& source, Scheduler& scheduler);
  ~GatewayAccounts() { scheduler_.cancel(task_); }

  // The account of this Gateway as it is now is to be there.
  void want(const kubernetes::Object& gateway);

 private:
  enum class Fate : uint8_t { done, later };
  Task<void> run();
  Task<Fate> write(kubernetes::cluster::Json wanted);

  ClusterSource& source_;
  Scheduler& scheduler_;
  using Name = std::pair<std::string, std::string>;  // of the Gateway
  std::map<Name, std::string> asked_;                // JSON of accounts that were wanted last
  std::set<Name> waiting_;
  std::vector<Waiter*> idle_;
  uint64_t task_ = 0;
};

}  // namespace gateproof::daemon
