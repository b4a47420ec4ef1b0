// Entries of metadata.managedFields; for fields.cpp and apply.cpp.
#pragma once
#include "engine/kubernetes/cluster/fields.h"

namespace gateproof::kubernetes::cluster::managed {

struct Entry {
  FieldOwner owner;
  bool apply = false;
  Json set;
};

std::vector<Entry> read(const Json& object);
// Entries without fields are left out, too many are folded.
void write(Json& object, std::vector<Entry> entries);
void fold(std::vector<Entry>& entries, size_t surplus);
bool same_owner(const FieldOwner& a, const FieldOwner& b);
// The object without what nobody owns: apiVersion, kind, name, uid and the like.
Json owned_part(const Json& object);

}  // namespace gateproof::kubernetes::cluster::managed
