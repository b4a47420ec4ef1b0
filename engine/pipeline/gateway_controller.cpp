#include "engine/pipeline/gateway_controller.h"

#include "engine/middleware/middleware.h"

namespace gateproof::pipeline {

void GatewayController::reconcile(const kubernetes::ObjectStore& objects,
                                  std::span<const kubernetes::gateway::ObjectName> changed,
                                  Offload& elsewhere) {
  config::Findings findings;
  kubernetes::gateway::Follower::Step step =
      follower_.look(objects, changed, middleware::middleware_types(), findings, elsewhere);
  const std::string provider(gateway_provider);
  // Traffic first: who reads "Programmed" may ask at once.
  if (!step.changes) {
    engine_.update(provider, std::move(step.config), elsewhere);
  } else if (!step.changes->empty()) {
    engine_.patch(provider, *step.changes, elsewhere);
  }
  if (hooks_.configuration_changed) hooks_.configuration_changed();
  engine_.settle(elsewhere);
  if (hooks_.report) {
    const config::Findings fresh =
        step.everything ? told_.whole(findings) : told_.part(findings, follower_.about());
    if (!fresh.list().empty()) hooks_.report(fresh);
  }
  if (!hooks_.write_status) return;
  for (const kubernetes::gateway::StatusUpdate& update : step.model.statuses)
    hooks_.write_status(update);
}

}  // namespace gateproof::pipeline
