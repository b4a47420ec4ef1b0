// Objects: the dynamic configuration as snapshots are built of it. What there may be thousands of is kept object by object, so that
// a configuration shares with the one before whatever is the same in both.
#pragma once
#include "engine/base/shared_map.h"
#include "engine/config/patch.h"

namespace gateproof::pipeline {

struct Objects {
  SharedMap<config::RouterConfig> routers;
  SharedMap<config::MiddlewareConfig> middlewares;
  SharedMap<config::ServiceConfig> services;
  SharedMap<config::ServersTransportConfig> servers_transports;
  // Everything else: entry points, TLS, TCP and UDP. Never null; its maps of the above are empty.
  std::shared_ptr<const config::DynamicConfig> rest;
  size_t children = 0;  // routers with parents
};

Objects objects_of(config::DynamicConfig config);
// Several providers' objects become one configuration. Names are qualified, so nothing collides (catalogue 6.1).
Objects merged(const std::map<std::string, std::shared_ptr<const Objects>>& by_provider);
void apply(Objects& objects, const config::ConfigPatch& patch);

}  // namespace gateproof::pipeline
