// status.loadBalancer of Ingresses: the address that ingressEndpoint names, or that of the Service through which we are reached.
#pragma once
#include <set>

#include "engine/daemon/cluster_source.h"

namespace gateproof::daemon {

class IngressStatus {
 public:
  using Log = std::function<void(providers::KubeLevel, const std::string&)>;
  // The options have a status_address.
  IngressStatus(ClusterSource& source, const config::KubernetesProviderConfig& options, Log log)
      : source_(source), options_(options), log_(std::move(log)) {}

  void changed(const std::vector<providers::KubeChange>& changes);

 private:
  void want(const kubernetes::Object& ingress, const std::string& addresses);

  ClusterSource& source_;
  const config::KubernetesProviderConfig& options_;
  Log log_;
  std::string told_;
};

// The same of kubernetesIngressNGINX, whose options publish something: the Ingresses of which it serves something.
class NginxStatus {
 public:
  NginxStatus(ClusterSource& source, const config::NginxProviderConfig& options,
              IngressStatus::Log log)
      : source_(source), options_(options), log_(std::move(log)) {}

  // After each translation.
  void served(const std::vector<const kubernetes::Object*>& ingresses);
  // Somebody else may have written a status.
  void changed(const std::vector<providers::KubeChange>& changes);

 private:
  void want(const providers::KubeKey& ingress, const std::string& addresses);
  std::optional<std::string> addresses();

  ClusterSource& source_;
  const config::NginxProviderConfig& options_;
  IngressStatus::Log log_;
  std::set<providers::KubeKey> served_;
  std::string told_;
};

// What publishStatusAddress or publishService says; a balancer without an address yet is an empty list, which is written.
Result<std::string> nginx_addresses(const config::NginxProviderConfig& options,
                                    const kubernetes::ObjectStore& store);

// The list `ingress` of a status as JSON: fixed addresses, or those of the published Service by its type, as Traefik has it.
// Code::unavailable: the Service has no address yet, so nothing is written.
Result<std::string> ingress_addresses(const config::KubernetesProviderConfig::StatusAddress& where,
                                      const kubernetes::ObjectStore& store,
                                      const std::vector<const config::Value*>& nodes);

}  // namespace gateproof::daemon
