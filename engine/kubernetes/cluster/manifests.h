// Manifests put into a store from inside the process, as `kubectl apply --server-side --force-conflicts` would.
#pragma once
#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t manifest_objects_max = 200'000;  // of one call

struct Applied {
  enum Outcome : uint8_t { created, configured, unchanged, failed };
  Outcome outcome = failed;
  std::string resource;  // "deployments.apps", as far as known
  std::string ns, name;
  std::string message;  // why it failed; warnings otherwise
  SourceSpan span;      // of the object
};

// Every object of the documents, `kind: List` taken apart: CustomResourceDefinitions first, then Namespaces, then the rest, each in
// the order of the files. One that fails keeps no other from being applied. Namespaces that are missing are made. CRDs of the Gateway API get
// `bundle_version` in place of their own, unless it is "".
std::vector<Applied> apply_manifests(Store& store, std::span<const config::Document> documents,
                                     std::string_view bundle_version = {});

}  // namespace gateproof::kubernetes::cluster
