// Members of an object of a built-in kind that the kind does not have: a typing error, or a field of a newer version.
#pragma once
#include <string>
#include <vector>

#include "engine/kubernetes/cluster/json.h"
#include "engine/kubernetes/cluster/wire_fields.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t unknown_fields_max = 100;  // told of one object

// Takes them out, as the real server's decoder does, and appends their paths ("spec.template.speck"). Directives of strategic
// merge patches ("$patch") stay.
void drop_unknown_fields(Json& object, const WireMessage& message, const std::string& path,
                         std::vector<std::string>& unknown);

}  // namespace gateproof::kubernetes::cluster
