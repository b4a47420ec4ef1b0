// A Gateway API controller's way from objects to configuration, for a store that changes while it is in use: what a change does not
// concern is neither looked at nor made again.
#pragma once
#include "engine/kubernetes/gateway/config_maker.h"
#include "engine/kubernetes/gateway/resolver.h"

namespace gateproof::kubernetes::gateway {

class Follower {
 public:
  explicit Follower(Options options) : resolver_(std::move(options)) {}

  struct Step {
    // Its statuses are those that are to be told; all of them, when everything was looked at.
    const Model& model;
    bool everything = false;
    std::optional<config::ConfigPatch> changes;  // nullopt: `config` is everything
    config::DynamicConfig config;
  };
  // The store is the same one each time; `changed` names every object of it that was put or removed since the last call.
  // `elsewhere` takes its share when everything is to be looked at.
  Step look(const ObjectStore& store, std::span<const ObjectName> changed,
            const config::MiddlewareTypes& types, config::Findings& findings,
            Offload& elsewhere = inline_offload());

  // What the last look() has looked at, if not at everything, as findings name objects.
  std::set<std::string> about() const;

 private:
  Resolver resolver_;
  ConfigMaker maker_;
};

}  // namespace gateproof::kubernetes::gateway
