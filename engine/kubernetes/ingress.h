// The Kubernetes Ingress provider: networking.k8s.io/v1 to the dynamic model, provider `kubernetes` (catalogue 6.6).
#pragma once
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

// `rule_syntax` is core.defaultRuleSyntax, which decides how a wildcard host is written.
config::DynamicConfig translate_ingress(const Context& c, std::string_view rule_syntax);

// Whether an Ingress is for this provider: its class names an IngressClass of ours, or its annotation (or nothing) does.
// A finding where it is not taken though it looks as if it should.
bool ingress_taken(const Context& c, const Object& ingress);

}  // namespace gateproof::kubernetes
