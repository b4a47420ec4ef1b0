#include "engine/pipeline/gateway_controller.h"

#include "engine/middleware/middleware.h"

namespace gateproof::pipeline {

void GatewayController::reconcile(const kubernetes::ObjectStore& objects,
                                  std::span<const kubernetes::gateway::ObjectName> changed) {
  config::Findings findings;  // the statuses say it to whoever wrote the objects
  const size_t full_runs = resolver_.full_runs();
  const kubernetes::gateway::Model& model = std::exchange(resolved_, true)
                                                ? resolver_.update(objects, changed, findings)
                                                : resolver_.resolve(objects, findings);
  // Traffic first: who reads "Programmed" may ask at once.
  show(model, changed, resolver_.full_runs() != full_runs, findings);
  if (hooks_.configuration_changed) hooks_.configuration_changed();
  if (!hooks_.write_status) return;
  for (const kubernetes::gateway::StatusUpdate& update : model.statuses)
    hooks_.write_status(update);
}

void GatewayController::show(const kubernetes::gateway::Model& model,
                             std::span<const kubernetes::gateway::ObjectName> changed, bool all,
                             config::Findings& findings) {
  const std::string provider(gateway_provider);
  if (!all) {
    const auto find = [this](const auto& name) { return resolver_.find(name); };
    if (const auto patch = maker_.update(model, changed, find)) {
      if (!patch->empty()) engine_.patch(provider, *patch);
      return;
    }
  }
  engine_.update(provider, maker_.make(model, middleware::middleware_types(), findings));
}

}  // namespace gateproof::pipeline
