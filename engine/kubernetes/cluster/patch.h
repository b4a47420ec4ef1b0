// The patches of an API server, on values alone.
#pragma once
#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cluster {

// RFC 7386.
Json merge_patch(const Json& target, const Json& patch);

struct PatchLimits {
  size_t operations_max = 10000;
  size_t copied_bytes_max = 3u << 20;  // what copy and move may carry in all, in memory
  size_t depth_max = 128;              // of the result
  size_t moved_max = 100'000'000;      // members and items that make room for others, in all
};
// RFC 6902. Refusals are the real server's: 422 for a patch that does not apply, 400 for one that is none, 413 for limits.
Reply<Json> json_patch(Json target, const Json& patch, const PatchLimits& limits = {});

// kubectl's patch of built-in kinds: lists are merged by the schema's merge keys; $patch (replace, delete, merge),
// $deleteFromPrimitiveList/x, $setElementOrder/x and $retainKeys are understood.
Reply<Json> strategic_merge(const Json& target, const Json& patch, const Schema& schema);

}  // namespace gateproof::kubernetes::cluster
