#include "engine/pipeline/merge.h"

namespace gateproof::pipeline {

void merge_into(config::DynamicConfig& all, const config::DynamicConfig& one) {
  all.entry_points.insert(one.entry_points.begin(), one.entry_points.end());
  all.routers.insert(one.routers.begin(), one.routers.end());
  all.middlewares.insert(one.middlewares.begin(), one.middlewares.end());
  all.services.insert(one.services.begin(), one.services.end());
  all.servers_transports.insert(one.servers_transports.begin(), one.servers_transports.end());
  // Two providers' `default` is nobody's (catalogue 5.1).
  for (const auto& [name, options] : one.tls_options) {
    const auto [at, added] = all.tls_options.emplace(name, options);
    if (!added && name == "default") at->second.clashes = true;
  }
  all.tls_stores.insert(one.tls_stores.begin(), one.tls_stores.end());
  all.certificates.insert(all.certificates.end(), one.certificates.begin(), one.certificates.end());
  all.tcp.routers.insert(one.tcp.routers.begin(), one.tcp.routers.end());
  all.tcp.middlewares.insert(one.tcp.middlewares.begin(), one.tcp.middlewares.end());
  all.tcp.services.insert(one.tcp.services.begin(), one.tcp.services.end());
  all.tcp.servers_transports.insert(one.tcp.servers_transports.begin(),
                                    one.tcp.servers_transports.end());
  all.udp.routers.insert(one.udp.routers.begin(), one.udp.routers.end());
  all.udp.services.insert(one.udp.services.begin(), one.udp.services.end());
}

}  // namespace gateproof::pipeline
