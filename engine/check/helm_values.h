// Helm values of Traefik's chart (41.x): which keys it accepts, and the static configuration that it renders from them.
#pragma once
#include "engine/check/config_set.h"

namespace gateproof::check {

// Whether `key` may stand at the top of the chart's values, now (`current`) or in some older chart.
bool is_chart_key(std::string_view key);
bool was_chart_key(std::string_view key);

// Keys that the chart rejects: GP0901.
void look_at_helm_keys(const config::Value& root, config::Findings& findings);
// The same, and what several replicas break (GP0902, GP0903).
void look_at_helm_values(const config::Value& root, config::Findings& findings);

struct RenderedChart {
  config::StaticConfig statics;
  std::string ingress_class;  // the IngressClass that the chart makes; "" for none
};
// The arguments that the chart would give Traefik, as far as routing goes; keys that it rejects take no effect.
RenderedChart render_chart(const config::Value& root, const std::string& file);

}  // namespace gateproof::check
