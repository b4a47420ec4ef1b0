// ConfigPatch: what changed of one provider's objects since the configuration before, for providers that know it.
#pragma once
#include "engine/config/dynamic.h"

namespace gateproof::config {

struct ConfigPatch {
  // By qualified name; null: the object is gone. What is not named is what it was.
  template <class T>
  using Changes = std::map<std::string, std::shared_ptr<const T>>;
  Changes<RouterConfig> routers;
  Changes<MiddlewareConfig> middlewares;
  Changes<ServiceConfig> services;
  Changes<ServersTransportConfig> servers_transports;

  bool empty() const {
    return routers.empty() && middlewares.empty() && services.empty() && servers_transports.empty();
  }
};

}  // namespace gateproof::config
