#include "engine/pipeline/gateway_controller.h"

#include "engine/middleware/middleware.h"

namespace gateproof::pipeline {

void GatewayController::reconcile(const kubernetes::ObjectStore& objects,
                                  std::span<const kubernetes::gateway::ObjectName> changed) {
  config::Findings findings;  // the statuses say it to whoever wrote the objects
  const kubernetes::gateway::Model& model = std::exchange(resolved_, true)
                                                ? resolver_.update(objects, changed, findings)
                                                : resolver_.resolve(objects, findings);
  // Traffic first: who reads "Programmed" may ask at once.
  engine_.update(std::string(gateway_provider),
                 kubernetes::gateway::to_config(model, middleware::middleware_types(), findings));
  if (hooks_.configuration_changed) hooks_.configuration_changed();
  if (!hooks_.write_status) return;
  for (const kubernetes::gateway::StatusUpdate& update : model.statuses)
    hooks_.write_status(update);
}

}  // namespace gateproof::pipeline
