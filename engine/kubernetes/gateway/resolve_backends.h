// backendRefs of routes: the Service and port that each names, its endpoints, its TLS.
#pragma once
#include "engine/kubernetes/gateway/resolve_policies.h"

namespace gateproof::kubernetes::gateway {

class Backends {
 public:
  Backends(Index& index, const Policies& policies) : index_(index), policies_(policies) {}

  // Fills `out`; a problem when nothing valid is named, and `out` then answers 500.
  // `grpc`: it must speak gRPC, whatever the route's kind.
  std::optional<Problem> resolve(const Object& route, const config::Value& ref, Backend& out,
                                 bool grpc = false);

  // Services ("namespace/name") that were looked for since the last call, whether or not they are there.
  std::set<std::string> take_asked() { return std::exchange(asked_, {}); }
  // The Service or one of its EndpointSlices has changed.
  void forget(const std::string& service) { ports_.erase(service); }

 private:
  // What a port of a Service comes to, for all who name it.
  struct Port {
    std::optional<Problem> problem;
    std::string app_protocol;
    std::vector<Backend::Address> endpoints;
    std::optional<BackendTls> tls;
  };
  const Port& port(const std::string& ns, const std::string& name, int64_t number,
                   std::string_view protocol);
  void read_port(const Object& service, int64_t number, std::string_view protocol, Port& out);
  void read_endpoints(const Object& service, const ServicePort& port, Port& out);

  Index& index_;
  const Policies& policies_;
  using PortName = std::pair<int64_t, std::string>;                  // number, protocol
  std::unordered_map<std::string, std::map<PortName, Port>> ports_;  // by Service
  std::set<std::string> asked_;
};

}  // namespace gateproof::kubernetes::gateway
