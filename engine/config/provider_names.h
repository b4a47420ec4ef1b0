// Names that providers.precedence may hold, in Traefik's own order, which is the default (catalogue 1.6).
#pragma once
#include <array>
#include <string_view>

namespace gateproof::config {

inline constexpr std::array<std::string_view, 17> provider_names = {
    "kubernetesgateway",
    "kubernetescrd",
    "kubernetes",
    "kubernetesingressnginx",
    "swarm",
    "docker",
    "file",
    "redis",
    "knative",
    "consul",
    "consulcatalog",
    "nomad",
    "etcd",
    "ecs",
    "http",
    "zookeeper",
    "rest",
};

}  // namespace gateproof::config
