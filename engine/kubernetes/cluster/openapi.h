// OpenAPI documents: /openapi/v2 as JSON and as the protobuf that older clients ask for, and /openapi/v3, an index and a document
// for each group and version.
#pragma once
#include "engine/http/message.h"
#include "engine/kubernetes/cluster/resources.h"

namespace gateproof::kubernetes::cluster {

// False: the path is none of theirs.
bool answer_openapi(const Registry& registry, const http::Request& request,
                    http::Response& response);

}  // namespace gateproof::kubernetes::cluster
