#include "engine/daemon/standard_gateway.h"

namespace gateproof::daemon {

using kubernetes::gateway::Model;

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
      types_(types),
      options_(options_of(options)),
      resolver_(options_),
      statuses_(source, env.clock, options_.controller_name),
      accounts_(source, env.scheduler) {}

void StandardGateway::changed(const std::vector<providers::KubeChange>& changes) {
  statuses_.changed(changes);
  config::Findings refused;  // reported by the source
  for (const providers::KubeChange& c : changes) {
    if (!c.content_changed()) continue;
    const providers::KubeKey& k = c.key;
    if (c.object) {
      objects_.put(c.object, refused);
    } else {
      objects_.remove(k.group, k.kind, k.ns, k.name);
    }
    changed_.push_back({k.group, k.kind, k.ns, k.name});
  }
}

config::DynamicConfig StandardGateway::make(config::Findings& findings) {
  const size_t runs = resolver_.full_runs();
  const Model& model = runs == 0
                           ? resolver_.resolve(objects_, findings)
                           : resolver_.update(objects_, std::exchange(changed_, {}), findings);
  changed_.clear();
  const bool all = resolver_.full_runs() != runs;
  statuses_.want(model.statuses, all);
  if (all) {
    for (const kubernetes::gateway::Gateway& g : model.gateways) accounts_.want(*g.object);
  }
  return kubernetes::gateway::to_config(model, types_, findings);
}

}  // namespace gateproof::daemon
