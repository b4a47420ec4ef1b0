// Schemas of the built-in kinds, as far as requests depend on them: types, defaults, required fields, and by which keys lists
// are merged. Fields that they do not name are kept as they come.
#pragma once
#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cluster {

// Never null: of a kind that is not described, the schema knows metadata alone.
SchemaPtr builtin_schema(std::string_view group, std::string_view kind);
// metadata of every object.
SchemaPtr object_meta_schema();

}  // namespace gateproof::kubernetes::cluster
