#include "engine/daemon/standard_gateway.h"

namespace gateproof::daemon {

namespace {

kubernetes::gateway::Options options_of(const config::GateproofOptions& o) {
  kubernetes::gateway::Options out;
  out.address_pool = o.gateway_addresses;
  out.bundle_version = o.gateway_version;
  return out;
}

}  // namespace

StandardGateway::StandardGateway(ClusterSource& source, const config::GateproofOptions& options,
                                 const config::MiddlewareTypes& types, Env& env)
    : source_(source),
      elsewhere_(env.offload),
      types_(types),
      options_(options_of(options)),
      follower_(options_),
      statuses_(source, env.clock, options_.controller_name),
      accounts_(source, env.scheduler) {}

void StandardGateway::changed(const std::vector<providers::KubeChange>& changes) {
  statuses_.changed(changes);
  for (const providers::KubeChange& c : changes) {
    if (c.content_changed()) changed_.push_back({c.key.group, c.key.kind, c.key.ns, c.key.name});
  }
}

ProviderOutcome StandardGateway::make(config::Findings& findings) {
  kubernetes::gateway::Follower::Step step =
      follower_.look(source_.store(), std::exchange(changed_, {}), types_, findings, elsewhere_);
  ProviderOutcome out{std::move(step.changes), std::move(step.config), std::nullopt};
  if (!step.everything) out.about = follower_.about();
  out.afterwards = [this, &model = step.model, all = step.everything] {
    statuses_.want(model.statuses, all);
    if (!all) return;
    for (const kubernetes::gateway::Gateway& g : model.gateways) accounts_.want(*g.object);
  };
  return out;
}

}  // namespace gateproof::daemon
