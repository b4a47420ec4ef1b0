// backendRefs of routes: what they resolve to, and what their route is told about them.
#pragma once
#include <map>

#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

// What all routes look up, read once.
class BackendIndex {
 public:
  BackendIndex(const Context& c, const std::vector<GatewayView>& gateways,
               const GatewaySetting& setting);

  struct Targeted {
    const Object* policy = nullptr;
    std::string section;  // name of a port; "": all of them
  };
  // BackendTLSPolicies of a Service, older ones first.
  const std::vector<Targeted>& policies(const Object& service) const;
  // Nullopt: none of ours has this name.
  std::optional<size_t> gateway(const std::string& ns, const std::string& name) const;

  const GatewaySetting& setting;

 private:
  std::map<std::string, std::vector<Targeted>> policies_;
  std::map<std::string, size_t> gateways_;
};

// TLS of a backend by a BackendTLSPolicy. The error is what is told: its reason, and the words.
struct PolicyTls {
  config::TransportTlsConfig tls;
  std::string reason, fault;  // both "" when it can be used
};
PolicyTls policy_tls(const Context& c, const Object& policy);

// Fills the rules and the verdicts of policies; ResolvedRefs, with a finding for each backend that does not resolve.
Condition read_backends(const Context& c, const BackendIndex& index, RouteView& route);

}  // namespace gateproof::kubernetes
