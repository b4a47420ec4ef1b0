// Key/value pairs to a dynamic configuration, as Traefik's consul, etcd, redis and zookeeper providers make it (catalogue 6.9).
#pragma once
#include "engine/config/dynamic.h"
#include "engine/config/kv_reader.h"

namespace gateproof::providers {

// nullopt: the tree cannot be decoded, and nothing of it is served (a running Traefik keeps what it had).
struct PairConfig {
  config::DynamicConfig objects;
  std::shared_ptr<const config::Value> tree;  // below the root key
};
std::optional<PairConfig> config_of_pairs(std::span<const config::FlatPair> pairs,
                                          const std::string& provider, const std::string& root_key,
                                          const config::MiddlewareTypes& types,
                                          config::Findings& findings);

}  // namespace gateproof::providers
