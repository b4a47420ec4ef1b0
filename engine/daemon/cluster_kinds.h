// Which kinds of a cluster the Kubernetes providers of a static configuration have to see, in which namespaces, by which labels.
#pragma once
#include "engine/config/static.h"
#include "engine/providers/kube_reflector.h"

namespace gateproof::daemon {

// A provider that is on, under the name that stands behind the @ of its objects.
struct ClusterProvider {
  std::string_view name;    // "kubernetescrd"
  std::string_view option;  // "providers.kubernetesCRD"
  const config::KubernetesProviderConfig* options = nullptr;
  config::GateproofOptions::Dialect dialect = config::GateproofOptions::Dialect::traefik;
  bool by_namespace_labels = false;  // which namespaces are watched is known once Namespaces are
};
std::vector<ClusterProvider> cluster_providers(const config::StaticConfig& statics);

// (group, kind) of what a provider reads.
using ClusterKind = std::pair<std::string, std::string>;
std::vector<ClusterKind> kinds_of(const ClusterProvider& provider);

providers::KubeResource resource_of(const ClusterKind& kind);
// One for each kind and namespace; a kind that two providers read under different conditions is followed without any.
std::vector<providers::KubeSelection> selections_of(const std::vector<ClusterProvider>& on);

}  // namespace gateproof::daemon
