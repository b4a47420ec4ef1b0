// What a Gateway's infrastructure is in a cluster without machines: a ServiceAccount in its namespace, as whom it would run, with
// the labels and annotations of spec.infrastructure (GEP-1762).
#pragma once
#include <string>
#include <string_view>

#include "engine/kubernetes/cluster/json.h"

namespace gateproof::pipeline {

// Names of Services, and values of labels, have 63 characters at most; a Gateway's name has 253.
inline constexpr size_t derived_name_max = 63;

// `name` as it is if it fits, else its beginning and a digest of the whole.
std::string derived_name(std::string_view name);

// The ServiceAccount of a Gateway as it should be; it goes with the Gateway, its owner.
kubernetes::cluster::Json gateway_account(const kubernetes::cluster::Json& gateway);

}  // namespace gateproof::pipeline
