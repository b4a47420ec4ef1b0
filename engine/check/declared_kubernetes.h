// Routers and middlewares that Kubernetes objects declare.
#pragma once
#include "engine/check/declared.h"

namespace gateproof::check {

inline constexpr std::string_view router_middlewares =
    "traefik.ingress.kubernetes.io/router.middlewares";

void declare_kubernetes(const kubernetes::ObjectStore& store, Declared& out);

// The names in a comma list such as the annotation above, each with its place.
std::vector<MiddlewareUse> names_in_list(const config::Value& list);

}  // namespace gateproof::check
