// Schemas of the static configuration, by block.
#pragma once
#include "engine/config/schema.h"
#include "engine/config/static.h"

namespace gateproof::config {

const Schema<StaticConfig>& static_schema();           // the whole
const Schema<EntryPointConfig>& entry_point_schema();  // one entry point
const Schema<StaticConfig>& providers_schema();        // below `providers`
const Schema<NginxProviderConfig>& nginx_schema();     // below `providers.kubernetesIngressNGINX`
const Schema<GateproofOptions>& gateproof_schema();
// What every Kubernetes provider has: where the API server is, and how often to look.
const Schema<KubernetesProviderConfig>& api_server_schema();

// Checks that Traefik makes when it starts: what fails stops start-up.
void check_entry_point(const EntryPointConfig& e, const Value& at, DecodeContext& c);
void check_networks(const std::vector<Text>& networks, DecodeContext& c);
void check_precedence(const std::vector<Text>& names, StaticConfig& out, DecodeContext& c);

// "X is not acted on yet", once for a block, at its key.
void not_acted_on(std::string_view code, std::string_view block, SourceSpan at, DecodeContext& c);

}  // namespace gateproof::config
