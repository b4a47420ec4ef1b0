// resolve() for a store that changes while it is in use: a changed route costs what one route costs, whatever else there is.
#pragma once
#include <memory>
#include <span>

#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

class Resolver {
 public:
  explicit Resolver(Options options);
  ~Resolver();

  // Everything. The model and its statuses are good until the next call, and as long as the store.
  const Model& resolve(const ObjectStore& store, config::Findings& findings);

  // The same model after ObjectStore::put and remove on the same store. `changed` has to name every object that was put or
  // removed since the last call. When there are only routes among those that matter, only they are looked at, and `statuses`
  // then has what may have changed only: theirs, and those of their Gateways, ListenerSets and policies.
  const Model& update(const ObjectStore& store, std::span<const ObjectName> changed,
                      config::Findings& findings);

  // Of the model; null: it is not there, or served nowhere.
  const Route* find(const ObjectName& route) const;

  // How often everything was looked at.
  size_t full_runs() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gateproof::kubernetes::gateway
