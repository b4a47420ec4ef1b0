#include "engine/daemon/kubernetes_providers.h"

#include "engine/base/crypto.h"
#include "engine/daemon/ingress_status.h"
#include "engine/daemon/standard_gateway.h"
#include "engine/daemon/traefik_gateway.h"
#include "engine/kubernetes/crd_maker.h"
#include "engine/kubernetes/gateway_config.h"
#include "engine/kubernetes/ingress_maker.h"
#include "engine/kubernetes/nginx.h"
#include "engine/net/server.h"
#include "engine/tls/connector.h"

namespace gateproof::daemon {

using kubernetes::crd_provider;
using kubernetes::gateway_provider;
using kubernetes::ingress_provider;
using providers::KubeAccess;
using providers::KubeAccessOptions;
using providers::KubeLevel;

namespace {

bool set(const Environment& environment, std::string_view name) {
  return !environment.get(name).value_or("").empty();
}

bool in_a_pod(const Environment& environment) {
  return set(environment, "KUBERNETES_SERVICE_HOST") && set(environment, "KUBERNETES_SERVICE_PORT");
}

// What decides which server is spoken to, and how: options that nobody looks at are left out.
KubeAccessOptions access_of(const config::KubernetesProviderConfig& p,
                            const Environment& environment) {
  if (in_a_pod(environment)) return {p.endpoint, "", ""};
  if (set(environment, "KUBECONFIG")) return {};
  return {p.endpoint, p.token, p.cert_auth_file};
}

}  // namespace

Result<std::shared_ptr<TlsConnector>> connector_for(const KubeAccess& access, const Clock& clock) {
  tls::ClientSettings settings;
  settings.server_name = access.server_name;
  settings.insecure_skip_verify = access.insecure_skip_verify;
  if (!access.ca.empty()) settings.roots.push_back(access.ca);
  if (!access.certificate.empty())
    settings.certificates.emplace_back(access.certificate, access.key);
  settings.strict = true;
  Result<std::shared_ptr<const tls::ClientContext>> made = tls::ClientContext::make(settings);
  if (!made) return made.error();
  return std::shared_ptr<TlsConnector>(
      std::make_shared<tls::Connector>(std::move(*made), clock, true));
}

KubernetesProviders::KubernetesProviders(Env& env, const config::StaticConfig& statics,
                                         const config::MiddlewareTypes& types, Files& files,
                                         const Environment& environment, Hooks hooks)
    : env_(env),
      statics_(statics),
      types_(types),
      files_(files),
      environment_(environment),
      hooks_(std::move(hooks)) {
  std::map<KubeAccessOptions, std::vector<ClusterProvider>> by_access;
  for (const ClusterProvider& p : cluster_providers(statics))
    by_access[access_of(*p.options, environment)].push_back(p);
  for (auto& [access, on] : by_access) add_cluster(access, std::move(on));
}

void KubernetesProviders::add_cluster(const KubeAccessOptions& options,
                                      std::vector<ClusterProvider> on) {
  const auto read = [this, options] {
    return providers::read_access(options, environment_, files_);
  };
  const Result<KubeAccess> access = read();
  if (!access) {
    for (const ClusterProvider& p : on) {
      std::string line = std::string(p.option) + ": " + access.error().message;
      if (!access.error().remedy.empty()) line += "; " + access.error().remedy;
      hooks_.log(KubeLevel::error, line);
    }
    // Files may come later; nothing that says where never does.
    if (options.endpoint.empty() && !in_a_pod(environment_) && !set(environment_, "KUBECONFIG"))
      return;
  }
  auto cluster = std::make_unique<Cluster>();
  cluster->on = on;
  ClusterSource::Hooks hooks;
  hooks.client.access = read;
  hooks.client.connector = [this](const KubeAccess& a) { return connector_for(a, env_.clock); };
  hooks.log = hooks_.log;
  hooks.report = hooks_.report;
  cluster->source =
      std::make_unique<ClusterSource>(env_, selections_of(cluster->on), std::move(hooks));
  add_units(*cluster);
  use_lease(*cluster, access ? *access : KubeAccess());
  clusters_.push_back(std::move(cluster));
}

void KubernetesProviders::add_units(Cluster& cluster) {
  ClusterSource& source = *cluster.source;
  for (const ClusterProvider& p : cluster.on) {
    ClusterSource::Unit unit;
    unit.name = p.name;
    unit.kinds = kinds_of(p);
    unit.throttle = std::max(statics_.providers_throttle, p.options->throttle);
    unit.show = p.name == gateway_provider             ? gateway(source)
                : p.name == kubernetes::nginx_provider ? nginx(source, p)
                                                       : units(source, p, unit.kinds);
    source.add(std::move(unit));
    if (p.name == ingress_provider && p.options->status_address) {
      const auto status = std::make_shared<IngressStatus>(source, *p.options, hooks_.log);
      source.add_listener([status](const auto& changes) { status->changed(changes); });
    }
  }
}

template <class Gateway>
KubernetesProviders::Show KubernetesProviders::follow(ClusterSource& source,
                                                      std::shared_ptr<Gateway> gateway) {
  source.add_listener([gateway](const auto& changes) { gateway->changed(changes); });
  return [this, gateway] {
    config::Findings findings;
    ProviderOutcome made = gateway->make(findings);
    show(gateway_provider, std::move(made), findings);
  };
}

KubernetesProviders::Show KubernetesProviders::gateway(ClusterSource& source) {
  if (statics_.gateproof.dialect == config::GateproofOptions::Dialect::standard) {
    return follow(source,
                  std::make_shared<StandardGateway>(source, statics_.gateproof, types_, env_));
  }
  return follow(source, std::make_shared<TraefikGateway>(source, statics_, env_.clock, hooks_.log));
}

// The Lease decides who writes statuses, where there are any to write.
void KubernetesProviders::use_lease(Cluster& cluster, const KubeAccess& access) {
  const bool writes = std::any_of(cluster.on.begin(), cluster.on.end(), [this](const auto& p) {
    if (p.name == kubernetes::nginx_provider) return statics_.kubernetes_nginx->publishes();
    return p.name == gateway_provider || (p.name == ingress_provider && p.options->status_address);
  });
  if (!writes) return;
  std::string name = statics_.gateproof.lease;
  std::string ns = access.name_space.empty() ? "default" : access.name_space;
  const size_t slash = name.find('/');
  if (slash != std::string::npos) {
    ns = name.substr(0, slash);
    name = name.substr(slash + 1);
  }
  RandomStream random = env_.random.stream("kubernetes/identity");
  const uint64_t drawn = random.next();
  const std::string raw(reinterpret_cast<const char*>(&drawn), sizeof drawn);
  cluster.source->use_lease(
      ns, name, env_.host_name + "_" + std::to_string(net::own_pid()) + "_" + crypto::hex(raw));
}

void KubernetesProviders::start() {
  for (const auto& cluster : clusters_) cluster->source->start();
}

bool KubernetesProviders::complete() const {
  return std::all_of(clusters_.begin(), clusters_.end(),
                     [](const auto& c) { return c->source->complete(); });
}

Task<void> KubernetesProviders::release() {
  for (const auto& cluster : clusters_) co_await cluster->source->release();
}

// Everything at each change: the locations of a host depend on each other.
KubernetesProviders::Show KubernetesProviders::nginx(ClusterSource& source,
                                                     const ClusterProvider& p) {
  const config::NginxProviderConfig& options = *statics_.kubernetes_nginx;
  std::shared_ptr<NginxStatus> status;
  if (options.publishes()) {
    status = std::make_shared<NginxStatus>(source, options, hooks_.log);
    source.add_listener([status](const auto& changes) { status->changed(changes); });
  }
  // Namespaces are chosen once: whatever comes later is not watched (as in Traefik).
  const auto watched = std::make_shared<std::optional<config::KubernetesProviderConfig>>();
  return [this, &source, p, &options, status, watched] {
    config::Findings findings;
    if (!*watched) *watched = kubernetes::nginx_watched(source.store(), options, findings);
    const kubernetes::Context context{source.store(), **watched, p.name, p.option, findings};
    std::vector<const kubernetes::Object*> served;
    ProviderOutcome made;
    made.config = kubernetes::translate_nginx(
        {context, options, types_, kubernetes::nginx_entry_points(options, &statics_)}, &served);
    show(p.name, std::move(made), findings);
    if (status) status->served(served);
  };
}

KubernetesProviders::Show KubernetesProviders::units(ClusterSource& source,
                                                     const ClusterProvider& p,
                                                     const std::vector<ClusterKind>& kinds) {
  const auto units = std::make_shared<Units>();
  if (p.name == crd_provider) {
    units->maker = std::make_unique<kubernetes::CrdMaker>(types_);
  } else {
    units->maker = std::make_unique<kubernetes::IngressMaker>(statics_.default_rule_syntax);
  }
  source.add_listener([units, kinds](const std::vector<providers::KubeChange>& changes) {
    if (!units->made) return;  // everything is translated
    for (const providers::KubeChange& c : changes) {
      const ClusterKind kind{c.key.group, c.key.kind};
      if (c.content_changed() && std::find(kinds.begin(), kinds.end(), kind) != kinds.end())
        units->changed.insert({c.key.group, c.key.kind, c.key.ns, c.key.name});
    }
  });
  return [this, &source, p, units] {
    config::Findings findings;
    ProviderOutcome made = make({source.store(), *p.options, p.name, p.option, findings}, *units);
    made.afterwards = [units] { units->maker->settle(); };
    show(p.name, std::move(made), findings);
  };
}

// What the changed objects do not concern is not translated.
ProviderOutcome KubernetesProviders::make(const kubernetes::Context& context, Units& units) {
  const std::set<kubernetes::UnitMaker::Name> changed = std::exchange(units.changed, {});
  if (std::exchange(units.made, true)) {
    const std::vector<kubernetes::UnitMaker::Name> names(changed.begin(), changed.end());
    if (auto update = units.maker->update(context, names))
      return {std::move(update->patch), {}, std::move(update->about)};
    context.findings = {};
  }
  return {std::nullopt, units.maker->make(context, env_.offload), std::nullopt};
}

void KubernetesProviders::show(std::string_view provider, ProviderOutcome outcome,
                               const config::Findings& findings) {
  config::ToldFindings& told = told_[std::string(provider)];
  const config::Findings fresh =
      outcome.about ? told.part(findings, *outcome.about) : told.whole(findings);
  if (!fresh.list().empty()) hooks_.report(fresh);
  const std::string name(provider);
  if (!outcome.changes) {
    hooks_.apply(name, std::move(outcome.config));
  } else if (!outcome.changes->empty()) {
    hooks_.patch(name, *outcome.changes);
  }
  if (outcome.afterwards) outcome.afterwards();
}

}  // namespace gateproof::daemon
