// The Kubernetes providers, live: what the API server holds becomes configuration
// under Traefik's names, Ingresses are told where they are served (providers.kubernetesIngress.ingressEndpoint), and Gateways and
// their routes what became of them.
#pragma once
#include <set>

#include "engine/config/told_findings.h"
#include "engine/daemon/cluster_source.h"
#include "engine/daemon/provider_outcome.h"
#include "engine/kubernetes/unit_maker.h"

namespace gateproof::daemon {

class KubernetesProviders {
 public:
  struct Hooks {
    std::function<void(const std::string& provider, config::DynamicConfig objects)> apply;
    std::function<void(const std::string& provider, const config::ConfigPatch& changes)> patch;
    std::function<void(const config::Findings&)> report;
    std::function<void(providers::KubeLevel, const std::string&)> log;
  };
  // All of them outlive the providers.
  KubernetesProviders(Env& env, const config::StaticConfig& statics,
                      const config::MiddlewareTypes& types, Files& files,
                      const Environment& environment, Hooks hooks);

  // Providers of one API server and one token share a mirror of it. Before start(), others may add their units.
  struct Cluster {
    std::vector<ClusterProvider> on;
    std::unique_ptr<ClusterSource> source;
  };
  const std::vector<std::unique_ptr<Cluster>>& clusters() const { return clusters_; }
  void start();
  // Each provider's first configuration is in force; true where none is on.
  bool complete() const;
  // Gives Leases back.
  Task<void> release();

 private:
  void add_cluster(const providers::KubeAccessOptions& access, std::vector<ClusterProvider> on);
  void add_units(Cluster& cluster);
  // How the provider's objects are shown when its turn has come.
  using Show = std::function<void()>;
  Show gateway(ClusterSource& source);
  Show nginx(ClusterSource& source, const ClusterProvider& provider);
  template <class Gateway>
  Show follow(ClusterSource& source, std::shared_ptr<Gateway> gateway);
  void use_lease(Cluster& cluster, const providers::KubeAccess& access);
  // What a provider whose objects are translated one by one knows since its last configuration.
  struct Units {
    std::unique_ptr<kubernetes::UnitMaker> maker;
    std::set<kubernetes::UnitMaker::Name> changed;
    bool made = false;
  };
  Show units(ClusterSource& source, const ClusterProvider& provider,
             const std::vector<ClusterKind>& kinds);
  ProviderOutcome make(const kubernetes::Context& context, Units& units);
  // A change of one object does not tell again what is wrong with the others.
  void show(std::string_view provider, ProviderOutcome outcome, const config::Findings& findings);

  Env& env_;
  const config::StaticConfig& statics_;
  const config::MiddlewareTypes& types_;
  Files& files_;
  const Environment& environment_;
  Hooks hooks_;
  std::map<std::string, config::ToldFindings, std::less<>> told_;
  std::vector<std::unique_ptr<Cluster>> clusters_;
};

// What speaks TLS to an API server.
Result<std::shared_ptr<TlsConnector>> connector_for(const providers::KubeAccess& access,
                                                    const Clock& clock);

}  // namespace gateproof::daemon
