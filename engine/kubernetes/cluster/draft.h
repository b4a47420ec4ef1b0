// A write on its way through the store; for its sources only.
#pragma once
#include "engine/kubernetes/cluster/fields.h"
#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster {

struct Store::Draft {
  const Target& at;
  const WriteOptions& options;
  ObjectPtr before;  // null at creation
  Json after = {};
  std::string uid = {};  // of a new object
  bool tracked = false;  // managedFields are done: an apply
  std::vector<std::string> warnings = {};
  TypePtr crd = {};  // what a CustomResourceDefinition declares

  const Schema* schema() const { return at.type->version(at.version)->schema.get(); }
  FieldOwner owner(std::string now) const {
    std::string manager = options.field_manager.empty() ? "unknown" : options.field_manager;
    if (manager.size() > manager_bytes_max) manager.resize(manager_bytes_max);
    return {std::move(manager), at.type->api_version(at.version),
            at.sub == Sub::status  ? "status"
            : at.sub == Sub::scale ? "scale"
                                   : "",
            std::move(now), at.type->version(at.version)->status};
  }
};

// generateName with five characters of client-go's alphabet.
std::string generated_name(std::string_view prefix, RandomStream& random);

}  // namespace gateproof::kubernetes::cluster
