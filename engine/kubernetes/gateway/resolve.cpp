#include "engine/kubernetes/gateway/resolve_policies.h"

namespace gateproof::kubernetes::gateway {

Model resolve(const ObjectStore& store, const Options& options, config::Findings& findings,
              CertificateCache& certificates) {
  Model model;
  Index index(store, options, findings, certificates);
  State s{index, model, {}, {}, {}, {}};
  resolve_classes(s);
  read_gateways(s);
  read_listener_sets(s);
  judge_gateways(s);
  judge_listener_sets(s);
  Policies policies(index);
  resolve_routes(s, policies);
  for (size_t g = 0; g < s.gateways.size(); ++g) {
    const Object& o = *model.gateways[g].object;
    model.statuses.push_back({name_of(o), generation_of(o), gateway_status(s, g)});
  }
  for (const SetWork& set : s.sets) {
    model.statuses.push_back(
        {name_of(*set.object), generation_of(*set.object), set_status(s, set)});
  }
  policies.write(s);
  return model;
}

Model resolve(const ObjectStore& store, const Options& options, config::Findings& findings) {
  CertificateCache certificates;
  return resolve(store, options, findings, certificates);
}

}  // namespace gateproof::kubernetes::gateway
