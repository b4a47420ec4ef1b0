// Routers and middlewares that Kubernetes objects declare.
#pragma once
#include "engine/check/declared.h"
#include "engine/kubernetes/names.h"

namespace gateproof::check {

inline constexpr std::string_view router_middlewares =
    "traefik.ingress.kubernetes.io/router.middlewares";

// `names`: as the CRD provider calls its objects.
void declare_kubernetes(const kubernetes::ObjectStore& store, const kubernetes::CrdNames& names,
                        Declared& out);

// The names in a comma list such as the annotation above, each with its place.
std::vector<MiddlewareUse> names_in_list(const config::Value& list);

}  // namespace gateproof::check
