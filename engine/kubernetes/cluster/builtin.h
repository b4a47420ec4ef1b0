// What an API server does with the built-in kinds beyond their schemas: defaults that depend on other fields, addresses and
// ports of Services, checks that clients rely on.
#pragma once
#include <set>

#include "engine/kubernetes/cluster/address_pool.h"
#include "engine/kubernetes/cluster/resources.h"
#include "engine/kubernetes/cluster/status.h"

namespace gateproof::kubernetes::cluster {

struct BuiltinContext {
  AddressPool& cluster_ips;             // only asked; the commit takes what was given
  const std::set<int64_t>& node_ports;  // in use
};

// `before` is null at creation.
void default_builtin(const ResourceType& type, Json& object, const Json& before,
                     BuiltinContext context);
void check_builtin(const ResourceType& type, const Json& object, const Json& before,
                   std::vector<Cause>& causes);
// Whether the kind's objects have a generation, and whether it grows from `before` to `after`.
bool has_generation(const ResourceType& type);
bool spec_changed(const Json& before, const Json& after, bool has_status);
// Who creates it says its status at once: a kubelet its Node's.
bool creates_with_status(const ResourceType& type);
// PUT creates what is not there.
bool creates_on_update(const ResourceType& type);

}  // namespace gateproof::kubernetes::cluster
