// to_config() for a model that changes route by route: a changed route costs what its own routers and services cost.
#pragma once
#include <functional>
#include <span>

#include "engine/config/patch.h"
#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

class ConfigMaker {
 public:
  // Everything.
  config::DynamicConfig make(const Model& model, const config::MiddlewareTypes& types,
                             config::Findings& findings);

  // What is another one than in the last configuration, when of the model only the routes `changed` are. `find` gives a route of
  // the model, null where it is not there. Nullopt: there are others than HTTPRoutes and GRPCRoutes among them, or some that name
  // Middlewares; then make().
  std::optional<config::ConfigPatch> update(
      const Model& model, std::span<const ObjectName> changed,
      const std::function<const Route*(const ObjectName&)>& find);

 private:
  struct Made {
    std::vector<std::string> routers;  // qualified names
    std::set<std::string> services;    // that they use, those of others included
    bool extended = false;             // it names Middlewares
  };
  void update(const Model& model, const Route* route, const ObjectName& name,
              config::ConfigPatch& patch);

  std::map<ObjectName, Made> routes_;
  std::map<std::string, size_t> users_;  // of each service
};

}  // namespace gateproof::kubernetes::gateway
