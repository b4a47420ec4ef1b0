// Which Service each EndpointSlice is for: one that is gone, or that is for another Service now, concerns that which it was for.
#pragma once
#include "engine/kubernetes/objects.h"

namespace gateproof::kubernetes {

class SliceOwners {
 public:
  void read_all(const ObjectStore& store);
  // Names of the Services, of the slice's namespace, that a slice which was put or removed is for or was for when last seen.
  std::vector<std::string> follow(const ObjectStore& store, const std::string& ns,
                                  const std::string& slice);

 private:
  using Name = std::pair<std::string, std::string>;  // namespace, name
  std::map<Name, std::string> owners_;
};

}  // namespace gateproof::kubernetes
