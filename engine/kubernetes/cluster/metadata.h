// What every object has: names, labels, annotations, timestamps, owners, finalizers.
#pragma once
#include "engine/kubernetes/cluster/status.h"

namespace gateproof::kubernetes::cluster {

// "2024-05-01T10:00:00Z"
std::string rfc3339(int64_t wall_ns);
// With six digits of a second, as MicroTime has them.
std::string rfc3339_micro(int64_t wall_ns);

// Empty when the name is fine, else the real server's text. RFC 1123 subdomain (253), label (63), or RFC 1035 label (63).
std::string wrong_subdomain(std::string_view name);
std::string wrong_label(std::string_view name);
std::string wrong_dns_1035(std::string_view name);
// Key of a label or annotation, [prefix/]name: a "qualified name".
std::string wrong_key(std::string_view key);
std::string wrong_label_value(std::string_view value);
// Of kinds whose names may be anything that stands in a path (rbac).
std::string wrong_path_segment(std::string_view name);

// Checks metadata of a new or changed object, name apart; `before` is null at creation.
void check_metadata(const Json& meta, const Json& before, size_t annotation_bytes_max,
                    std::vector<Cause>& causes);
// The check for the names of a kind.
std::string wrong_name(const ResourceType& type, std::string_view name);

}  // namespace gateproof::kubernetes::cluster
