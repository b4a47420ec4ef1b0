// Who owns which field (metadata.managedFields), and server-side apply.
#pragma once
#include "engine/kubernetes/cluster/schema.h"

namespace gateproof::kubernetes::cluster {

// Entries of operation Update beyond these are folded into "ancient-changes", as the real server does.
inline constexpr size_t update_managers_max = 10;
inline constexpr size_t manager_bytes_max = 128;

// Sets of fields in the wire's own form (FieldsV1): {"f:spec":{"f:ports":{"k:{...}":{".":{},"f:port":{}}}}}. A null is the
// empty set, {} is a field without further ones, "." says that a field with further ones is itself a member.
namespace fields {
Json unite(const Json& a, const Json& b);
Json minus(const Json& a, const Json& b);
Json common(const Json& a, const Json& b);
// The set with everything that holds a member as a member.
Json with_containers(const Json& set);
// All fields of a value. `containers`: maps are members themselves, as after an update; else as after an apply.
Json all(const Json& value, const Schema* schema, bool containers);
struct Difference {
  Json changed;  // new or with another value
  Json removed;
};
Difference difference(const Json& before, const Json& after, const Schema* schema);
// ".spec.ports[port=80,protocol="TCP"].name" of every member.
std::vector<std::string> paths(const Json& set);
// The element of a list's item: k:{...} or v:...; "" when the item has none.
std::string element(const Json& item, const Schema& list);
}  // namespace fields

struct FieldOwner {
  std::string manager;
  std::string api_version;
  std::string subresource;    // "" or "status"
  std::string time;           // RFC 3339
  bool status_apart = false;  // the kind has the status subresource: others do not own status
};

// An update from `before` (null: a creation) to `after`: after's managedFields become before's with what changed given to the
// owner. A client that sends an empty list takes all owners away.
void track_update(const Json& before, Json& after, const Schema* schema, const FieldOwner& owner);

struct Applied {
  Json object;
  std::vector<Cause> conflicts;  // not empty: nothing is to be committed
};
// Server-side apply of a configuration on the live object (null: there is none).
Applied apply_configuration(const Json& live, const Json& configuration, const Schema* schema,
                            const FieldOwner& owner, bool force);
// "Apply failed with 1 conflict: ..."
std::string conflict_message(const std::vector<Cause>& conflicts);

}  // namespace gateproof::kubernetes::cluster
