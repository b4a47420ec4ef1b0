#include "engine/pipeline/merge.h"

namespace gateproof::pipeline {

void merge_into(config::DynamicConfig& all, const config::DynamicConfig& one) {
  all.routers.insert(one.routers.begin(), one.routers.end());
  all.middlewares.insert(one.middlewares.begin(), one.middlewares.end());
  all.services.insert(one.services.begin(), one.services.end());
  all.servers_transports.insert(one.servers_transports.begin(), one.servers_transports.end());
  all.tls_options.insert(one.tls_options.begin(), one.tls_options.end());
  all.certificates.insert(all.certificates.end(), one.certificates.begin(), one.certificates.end());
}

}  // namespace gateproof::pipeline
