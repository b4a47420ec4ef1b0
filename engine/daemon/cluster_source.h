// A cluster whose API server is followed: its objects are mirrored in a store, and whoever makes configuration or statuses of them
// is told when there is something new to make. Everything runs on the scheduler of the environment that it is given.
#pragma once
#include <span>

#include "engine/daemon/cluster_kinds.h"
#include "engine/kubernetes/objects.h"
#include "engine/providers/kube_lease.h"
#include "engine/providers/kube_status.h"
#include "engine/providers/throttle.h"

namespace gateproof::daemon {

// How long a list that replaces what was known may hold a new configuration back, so that it is shown whole.
inline constexpr Duration cluster_list_hold = std::chrono::seconds(5);
// Changes that come together are looked at together.
inline constexpr Duration cluster_settle = std::chrono::milliseconds(1);

class ClusterSource {
 public:
  struct Hooks {
    providers::KubeHooks client;
    std::function<void(providers::KubeLevel, const std::string&)> log;
    std::function<void(const config::Findings&)> report;
  };
  ClusterSource(Env& env, std::vector<providers::KubeSelection> selections, Hooks hooks);
  ~ClusterSource();

  // What is made of some kinds. `show` makes and delivers it; it is called when their objects differ from those of the last time, at
  // most once in `throttle`. Before start().
  struct Unit {
    std::string name;  // of the provider
    std::vector<ClusterKind> kinds;
    Duration throttle{0};
    std::function<void()> show;
  };
  void add(Unit unit);
  // Told of every change, right after the store has it and whether or not routing depends on it; of those before everything
  // had been listed in one call, when it has been. Before start().
  using Listener = std::function<void(const std::vector<providers::KubeChange>& changes)>;
  void add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }

  // One writer of statuses among all that name the same Lease. Before start().
  void use_lease(std::string ns, std::string name, std::string identity);
  void start();

  // Objects as they were when their content last changed: a status that is written asks for nothing new.
  const kubernetes::ObjectStore& store() const { return store_; }
  // The document of an object as the server has it; null when there is none.
  std::shared_ptr<const config::Document> document(const providers::KubeKey& key) const;
  // Of a kind that the store does not read.
  std::vector<const config::Value*> documents(std::string_view group, std::string_view kind) const;
  // A version under which the server has that kind.
  std::string version_of(const ClusterKind& kind) const;
  // Has the status of an object written, if this replica is the one that writes.
  void want_status(const providers::KubeKey& key, providers::KubeStatusMaker make);
  providers::KubeStatusWriter& statuses() { return writer_; }
  // Whether this replica is the one that writes into the cluster.
  bool writes() const { return !lease_ || lease_->held(); }
  providers::KubeClient& client() { return client_; }
  // Whether everything has been listed once, and each unit has delivered.
  bool complete() const { return delivered_ == units_.size(); }
  // Gives the Lease back, so that another replica takes over at once.
  Task<void> release();

 private:
  struct Live {
    Unit unit;
    providers::Throttle throttle;
    std::string seen;  // digest of the last offer
    bool delivered = false;
    Live(Scheduler& s, Unit u);
  };
  class Settle final : public Timer {
   public:
    Settle(Scheduler& s, ClusterSource& source) : Timer(s), source_(source) {}

   private:
    void fired() override { source_.look(); }
    ClusterSource& source_;
  };

  void take(std::vector<providers::KubeChange> changes);
  void put(std::span<const providers::KubeChange> changes);
  void look_soon(Duration in);
  void look();
  std::string digest_of(const Unit& unit) const;

  Env& env_;
  Hooks hooks_;
  providers::KubeClient client_;
  kubernetes::ObjectStore store_;
  std::map<providers::KubeKey, std::shared_ptr<const config::Document>> documents_;
  std::map<ClusterKind, uint64_t> sums_;  // of the contents of all objects of a kind
  std::vector<std::unique_ptr<Live>> units_;
  std::vector<Listener> listeners_;
  std::vector<providers::KubeChange> early_;  // before everything was listed
  size_t delivered_ = 0;
  Settle settle_;
  std::optional<Instant> held_since_;
  bool told_ = false;
  providers::KubeStatusWriter writer_;
  std::unique_ptr<providers::KubeLease> lease_;
  std::vector<uint64_t> tasks_;
  uint64_t lease_task_ = 0;
  providers::KubeFollower follower_;  // last: it tells the rest
};

}  // namespace gateproof::daemon
