#include "engine/pipeline/gateway_controller.h"

#include "engine/middleware/middleware.h"

namespace gateproof::pipeline {

void GatewayController::reconcile(const kubernetes::ObjectStore& objects) {
  ++reconciled_;
  findings_ = config::Findings();
  const kubernetes::gateway::Model model =
      kubernetes::gateway::resolve(objects, options_, findings_);
  // Traffic first: who reads "Programmed" may ask at once.
  engine_.update(std::string(gateway_provider),
                 kubernetes::gateway::to_config(model, middleware::middleware_types(), findings_));
  if (hooks_.configuration_changed) hooks_.configuration_changed();
  if (!hooks_.write_status) return;
  for (const kubernetes::gateway::StatusUpdate& update : model.statuses)
    hooks_.write_status(update);
}

}  // namespace gateproof::pipeline
