#include "bindings/cpp/gateway_source.h"

#include "engine/kubernetes/objects.h"
#include "engine/middleware/middleware.h"

namespace gateproof::bindings {

namespace gateway = kubernetes::gateway;

gateway::Options gateway_options(const std::string& version, const std::string& controller,
                                 const std::vector<std::string>& usable) {
  gateway::Options options;
  options.bundle_version = version;
  options.controller_name = controller;
  options.usable_addresses.insert(usable.begin(), usable.end());
  return options;
}

py::list GatewaySource::load(pipeline::Engine& engine, const std::string& text,
                             const gateway::Options& options) {
  kubernetes::ObjectStore store;
  config::Findings findings;
  gateway::Model model;
  {
    const py::gil_scoped_release unlocked;
    // A List in JSON is read many times faster than YAML.
    const bool json = text.starts_with('{');
    auto documents = config::parse_documents(text, json ? "manifests.json" : "manifests.yaml",
                                             json ? config::Format::json : config::Format::yaml);
    if (!documents) throw py::value_error(documents.error().message);
    store.add(std::move(*documents), findings);
    model = gateway::resolve(store, options, findings, certificates_);
    config::DynamicConfig objects =
        gateway::to_config(model, middleware::middleware_types(), findings);
    doors_.clear();
    for (const auto& [name, e] : objects.entry_points) {
      const auto address = config::parse_entry_point_address(e->address);
      if (address && !address->udp) doors_.push_back({name, address->port});
    }
    engine.update("kubernetesgateway", std::move(objects));
  }
  py::list out;
  for (const gateway::StatusUpdate& u : model.statuses) {
    out.append(py::make_tuple(u.object.kind, u.object.ns, u.object.name, u.generation, u.status));
  }
  return out;
}

}  // namespace gateproof::bindings
