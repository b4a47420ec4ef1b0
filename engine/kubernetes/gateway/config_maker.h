// to_config() for a model that changes route by route: a changed route costs what its own routers and services cost, a changed
// Service what its users cost.
#pragma once
#include <functional>
#include <span>

#include "engine/config/patch.h"
#include "engine/env/offload.h"
#include "engine/kubernetes/gateway/resolver.h"

namespace gateproof::kubernetes::gateway {

class ConfigMaker {
 public:
  // Everything. `elsewhere` takes its share of translating thousands of routes.
  config::DynamicConfig make(const Model& model, const config::MiddlewareTypes& types,
                             config::Findings& findings, Offload& elsewhere = inline_offload());

  // What is another one than in the last configuration, after an update of the model that has not looked at everything. Nullopt:
  // there are others than HTTPRoutes and GRPCRoutes among the routes, some that name other Middlewares than before, or a Middleware
  // depends on one of the Services; then make().
  std::optional<config::ConfigPatch> update(const Model& model, const Resolver& resolver);

 private:
  struct Made {
    std::vector<std::string> routers;   // qualified names
    std::set<std::string> services;     // that they use, those of others included
    std::set<std::string> middlewares;  // that it names
  };
  struct Update {
    const Model& model;
    std::set<std::string> anew;  // services
    config::ConfigPatch patch;
  };
  // What some routes make by themselves.
  struct Piece;
  static Piece translate(const Model& model, size_t from);
  bool other_middlewares(const ObjectName& name, const Route* route) const;
  void update(Update& u, const Route* route, const ObjectName& name);

  std::map<ObjectName, Made> routes_;
  std::map<std::string, size_t> users_;       // of each service
  std::set<std::string, std::less<>> asked_;  // what Middlewares depend on
};

}  // namespace gateproof::kubernetes::gateway
