// resolve() for a store that changes while it is in use: a changed route costs what one route costs, and a changed Service or
// EndpointSlice what the routes cost that name the Service, whatever else there is.
#pragma once
#include <memory>
#include <span>

#include "engine/env/offload.h"
#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

// With more routes to look at, looking at everything is as good.
inline constexpr size_t changed_routes_max = 1000;

class Resolver {
 public:
  explicit Resolver(Options options);
  ~Resolver();

  // Everything. The model and its statuses are good until the next call, and as long as the store. `elsewhere` takes its share of
  // thousands of routes.
  const Model& resolve(const ObjectStore& store, config::Findings& findings,
                       Offload& elsewhere = inline_offload());

  // The same model after ObjectStore::put and remove on the same store. `changed` has to name every object that was put or
  // removed since the last call. When there are only routes, Services and EndpointSlices among those that matter, only routes that
  // they concern are looked at, and `statuses` then has what may have changed only: theirs, and those of their Gateways,
  // ListenerSets and policies.
  const Model& update(const ObjectStore& store, std::span<const ObjectName> changed,
                      config::Findings& findings, Offload& elsewhere = inline_offload());

  // What the last update() has looked at, if not at everything.
  struct Looked {
    std::vector<ObjectName> routes;
    std::vector<ObjectName> services;  // they or their EndpointSlices have changed
  };
  const Looked& looked_at() const;

  // Of the model; null: it is not there, or served nowhere.
  const Route* find(const ObjectName& route) const;

  // How often everything was looked at.
  size_t full_runs() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gateproof::kubernetes::gateway
