// One text for all ways to write the same options: what is compared where a provider must know whether two definitions are
// equal (catalogue 6.1).
#pragma once
#include "engine/config/schema.h"

namespace gateproof::config {

// Fields under their documented names in byte order; booleans, numbers, durations and lists in one spelling; fields that hold
// their default left out. `schema` may be null: then names and texts count as they are. Fields that labels write under a name
// of their own (servers) are left out.
std::string canonical(const Value& v, const ObjectSchema* schema, Origin origin);

}  // namespace gateproof::config
