// Traefik's dialect of the Gateway API for routes that change one by one. Units are HTTPRoutes and GRPCRoutes.
#pragma once
#include "engine/kubernetes/gateway_backends.h"
#include "engine/kubernetes/gateway_config.h"
#include "engine/kubernetes/gateway_statuses.h"
#include "engine/kubernetes/unit_maker.h"

namespace gateproof::kubernetes {

class GatewayMaker final : public UnitMaker {
 public:
  explicit GatewayMaker(GatewaySetting setting);
  // Statuses of what the last make() or update() has looked at.
  std::vector<gateway::StatusUpdate> statuses(const Context& c,
                                              const std::vector<StatusAddress>& addresses);

 private:
  // What a route has done to others.
  struct State {
    std::vector<std::pair<size_t, size_t>> counted;  // Gateways and their listeners
    bool policies = false;                           // it needs BackendTLSPolicies
    std::optional<gateway::StatusUpdate> status;
  };
  using RouteName = std::pair<std::string, std::string>;  // kind, namespace/name

  void begin(const Context& c, bool all) override;
  config::DynamicConfig translate(const Context& c, const Object& o) override;
  void make_rest(const Context& c, config::DynamicConfig& out) override;
  bool of_rest(const Name& n) const override;
  std::vector<std::string> claims(const config::DynamicConfig& own) const override;
  bool reaches_further(const Name& n) const override;
  void kept(const Object& o) override;
  void gone(const Name& n) override;
  std::vector<const Object*> in_order(std::vector<const Object*> objects) const override;
  void yield(const Context& c, const Object& o, config::DynamicConfig& own,
             const config::DynamicConfig& out) override;
  void count(const State& state, int64_t change);

  const GatewaySetting setting_;
  GatewayResult result_;  // its routes only while everything is translated
  std::unique_ptr<BackendIndex> index_;
  std::map<RouteName, State> states_, staged_;
  std::map<std::pair<std::string, std::string>, std::string>
      taken_;  // entry point and rule: router
  std::vector<gateway::StatusUpdate> told_;
  std::set<size_t> touched_;  // Gateways
  bool all_ = false;          // everything is being translated
  bool whole_ = false;        // everything was, and its statuses have not been asked for
};

}  // namespace gateproof::kubernetes
