#include "engine/net/gateway_host.h"

namespace gateproof::net {
namespace {

// No entry point but those that the Gateways bring.
std::shared_ptr<const config::StaticConfig> no_entry_points() {
  return std::make_shared<const config::StaticConfig>();
}

ServeOptions serve_options(size_t workers) {
  ServeOptions o;
  o.workers = workers;
  return o;
}

}  // namespace

GatewayHost::GatewayHost(kubernetes::cluster::Store& store, Random& random, const Log& log,
                         kubernetes::gateway::Options options, size_t workers)
    : engine_(no_entry_points(), clock_, random, machine_name()),
      server_(engine_, random, log, serve_options(workers)),
      gateway_(
          store, clock_, engine_, std::move(options),
          [this] { failures_ = server_.configuration_changed(); },
          [this](const config::Findings& fresh) {
            if (findings_.list().size() < findings_max) findings_.append(fresh);
          }) {}

Result<std::unique_ptr<GatewayHost>> GatewayHost::make(kubernetes::cluster::Store& store,
                                                       Random& random, const Log& log,
                                                       kubernetes::gateway::Options options,
                                                       size_t workers) {
  std::unique_ptr<GatewayHost> host(
      new GatewayHost(store, random, log, std::move(options), workers));
  const Result<void> bound = host->server_.bind();
  if (!bound) return bound.error();
  host->server_.start();
  return host;
}

void GatewayHost::stop() {
  server_.stop();
  server_.wait();
}

}  // namespace gateproof::net
