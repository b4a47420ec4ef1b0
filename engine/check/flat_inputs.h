// Compose files and dumps of key/value stores of a set, as the objects that Traefik's providers would make of them.
#pragma once
#include "engine/check/config_set.h"

namespace gateproof::check {

// The provider that a dump belongs to: the one that its name says (consul-dump.kv, etcd.json ...), else the only one of the
// static configuration, else what its format is of (consul, etcd), else redis.
std::string pair_provider(const LoadedFile& file, config::PairFormat format,
                          const config::StaticConfig* statics);

// Adds to the assembly what its static configuration's providers docker, swarm, consul, etcd, redis and zooKeeper make of the
// files. `part`: the static configuration names no provider, so each has its defaults: labels are docker's, those under
// deploy.labels swarm's.
void add_flat_inputs(Assembly& assembly, const ConfigSet& set, bool part);

}  // namespace gateproof::check
