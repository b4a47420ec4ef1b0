#include "engine/kubernetes/cluster/openapi.h"

namespace gateproof::kubernetes::cluster {

bool answer_openapi(const Registry& registry, const http::Request& request,
                    http::Response& response) {
  return false;
}

}  // namespace gateproof::kubernetes::cluster
