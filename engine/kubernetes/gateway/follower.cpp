#include "engine/kubernetes/gateway/follower.h"

namespace gateproof::kubernetes::gateway {

Follower::Step Follower::look(const ObjectStore& store, std::span<const ObjectName> changed,
                              const config::MiddlewareTypes& types, config::Findings& findings,
                              Offload& elsewhere) {
  const size_t runs = resolver_.full_runs();
  Step step{resolver_.update(store, changed, findings, elsewhere), false, {}, {}};
  step.everything = resolver_.full_runs() != runs;
  if (!step.everything) step.changes = maker_.update(step.model, resolver_);
  if (!step.changes) step.config = maker_.make(step.model, types, findings, elsewhere);
  return step;
}

std::set<std::string> Follower::about() const {
  std::set<std::string> out;
  for (const ObjectName& r : resolver_.looked_at().routes)
    out.insert(r.kind + " " + r.ns + "/" + r.name);
  return out;
}

}  // namespace gateproof::kubernetes::gateway
