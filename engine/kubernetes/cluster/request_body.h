// Bodies of requests as JSON values: JSON, YAML, and the protobuf form that Go clients send core kinds in.
#pragma once
#include "engine/config/document.h"
#include "engine/kubernetes/cluster/status.h"

namespace gateproof::kubernetes::cluster {

// A value of a YAML or JSON document, unquoted scalars resolved as YAML has them.
Json json_of(const config::Value& value);

// By Content-Type; "" is JSON. 415 for another type, 400 for what cannot be read, 413 for what is too large.
Reply<Json> decode_body(std::string_view content_type, std::string_view bytes);

// "k8s\0", then runtime.Unknown with an object of a built-in kind or DeleteOptions; 415 for other kinds, whose clients may
// speak JSON.
Reply<Json> decode_protobuf(std::string_view bytes);

}  // namespace gateproof::kubernetes::cluster
