// What an API server tells about itself: groups, versions and resources, in the legacy form (a document for each version) and in
// the aggregated one (apidiscovery.k8s.io).
#pragma once
#include "engine/kubernetes/cluster/resources.h"

namespace gateproof::kubernetes::cluster {

// The version of Kubernetes whose API this is: /version, and what kubectl compares itself with.
inline constexpr std::string_view kubernetes_version = "v1.34.0";
Json version_info();

Json api_versions(std::string_view server_address);  // /api
Json api_group_list(const Registry& registry);       // /apis
// /apis/{group}; null: there is no such group.
Json api_group(const Registry& registry, std::string_view group);
// /api/v1, /apis/{group}/{version}; null: there is no such version.
Json api_resource_list(const Registry& registry, std::string_view group, std::string_view version);
// /api (`core`) or /apis as APIGroupDiscoveryList, "v2" or "v2beta1".
Json aggregated_discovery(const Registry& registry, bool core, std::string_view version);

}  // namespace gateproof::kubernetes::cluster
