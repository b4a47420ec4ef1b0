// What a cluster, or a missing static file, would add to the files of a set.
#pragma once
#include "engine/check/config_set.h"

namespace gateproof::check {

// The store with, if `endpoints`, an EndpointSlice for each Service that selects pods and has none, and with the IngressClass
// that the chart makes.
kubernetes::ObjectStore as_in_a_cluster(const kubernetes::ObjectStore& store, bool endpoints,
                                        const std::string& ingress_class);

// A static configuration in which everything that routers refer to exists: entry points `web` on :80, `websecure` on :443 with
// TLS and those that are named, the resolvers, the API.
config::StaticConfig made_up_static(const std::map<std::string, config::DynamicConfig>& providers,
                                    const kubernetes::ObjectStore& objects);

}  // namespace gateproof::check
