#include "engine/kubernetes/slice_owners.h"

#include "engine/kubernetes/core_objects.h"

namespace gateproof::kubernetes {
namespace {

std::string service_of(const Object& slice) {
  return text_at(slice.at("metadata.labels"), "kubernetes.io/service-name");
}

}  // namespace

void SliceOwners::read_all(const ObjectStore& store) {
  owners_.clear();
  for (const Object* o : store.list(discovery_group, "EndpointSlice")) {
    std::string service = service_of(*o);
    if (!service.empty()) owners_[{o->ns, o->name}] = std::move(service);
  }
}

std::vector<std::string> SliceOwners::follow(const ObjectStore& store, const std::string& ns,
                                             const std::string& slice) {
  std::vector<std::string> out;
  const Name name{ns, slice};
  const Object* o = store.find(discovery_group, "EndpointSlice", ns, slice);
  const std::string now = o ? service_of(*o) : std::string();
  if (const auto known = owners_.find(name); known != owners_.end()) {
    if (known->second != now) out.push_back(std::move(known->second));
    owners_.erase(known);
  }
  if (now.empty()) return out;
  owners_[name] = now;
  out.push_back(now);
  return out;
}

}  // namespace gateproof::kubernetes
