// Names of the features of Gateway API releases that we serve, as GatewayClass.status.supportedFeatures tells them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateproof::kubernetes::gateway {

// Of "v1.6.3", "v1.7.0": sorted. A version that is not known has the features of the nearest one that is.
std::vector<std::string_view> supported_features(std::string_view bundle_version);
// Whether the version is one that this controller was written for: 1.6 and 1.7.
bool supported_version(std::string_view bundle_version);

}  // namespace gateproof::kubernetes::gateway
