#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

const config::EntryPointConfig* Snapshot::options_of(std::string_view entry_point) const {
  if (const auto e = entry_points.find(entry_point); e != entry_points.end())
    return e->second->config;
  const auto udp = udp_entry_points.find(entry_point);
  return udp == udp_entry_points.end() ? nullptr : udp->second.config;
}

std::map<std::string, const config::EntryPointConfig*> entry_points_of(const BuildInputs& inputs) {
  std::map<std::string, const config::EntryPointConfig*> all;
  for (const auto& [name, e] : inputs.statics->entry_points) all.emplace(name, &e);
  for (const auto& [name, e] : inputs.dynamics->entry_points) all.emplace(name, e.get());
  return all;
}

}  // namespace gateproof::pipeline
