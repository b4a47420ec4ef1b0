#include "engine/daemon/gateway_status.h"

#include "engine/kubernetes/gateway/merge_status.h"
#include "engine/providers/kube_json.h"

namespace gateproof::daemon {

using kubernetes::gateway::StatusUpdate;
using providers::KubeChange;
using providers::KubeKey;

void GatewayStatus::changed(const std::vector<KubeChange>& changes) {
  auto hint = contents_.end();
  for (const KubeChange& c : changes) {
    if (c.key.group != kubernetes::gateway_group) continue;
    if (!c.object) {
      contents_.erase(c.key);
      wanted_.erase(c.key);
      hint = contents_.end();
      continue;
    }
    // Lists come in order.
    const auto at = contents_.try_emplace(hint, c.key);
    hint = std::next(at);
    at->second.digest = c.content;
    const auto known = wanted_.find(c.key);
    if (known != wanted_.end() && known->second.content == c.content) {
      // Only its status is another: ours, somebody else's, or none in a cluster that was made anew.
      write(c.key, known->second.update);
    } else {
      at->second.round = round_;
    }
  }
}

void GatewayStatus::want(const std::vector<StatusUpdate>& updates, bool all) {
  std::map<KubeKey, Wanted> before;
  if (all) before.swap(wanted_);
  for (const StatusUpdate& u : updates) {
    const KubeKey key{u.object.group, u.object.kind, u.object.ns, u.object.name};
    const auto content = contents_.find(key);
    if (content == contents_.end()) continue;
    const auto& known = all ? before : wanted_;
    const auto old = known.find(key);
    const bool told = old != known.end() && old->second.update.status == u.status &&
                      old->second.update.generation == u.generation &&
                      content->second.round != round_;
    wanted_[key] = {u, content->second.digest};
    if (!told) write(key, u);
  }
  ++round_;
}

void GatewayStatus::write(const KubeKey& key, const StatusUpdate& update) {
  providers::KubeStatusMaker make = [update, name = controller_,
                                     &clock = clock_](const config::Value& object) {
    const config::Value* status = object.find("status");
    return kubernetes::gateway::merge_status(status ? providers::json_of(*status) : "", update,
                                             name, clock.wall_ns() / 1'000'000'000);
  };
  source_.want_status(key, std::move(make));
}

}  // namespace gateproof::daemon
