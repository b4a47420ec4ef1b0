#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

std::string_view to_string(Status s) {
  return s == Status::enabled ? "enabled" : s == Status::warning ? "warning" : "disabled";
}

void ObjectInfo::fail(std::string error, Status to) {
  const auto told = std::find(errors.begin(), errors.end(), error);
  if (told == errors.end()) {
    errors.push_back(std::move(error));
  } else {
    std::rotate(told, told + 1, errors.end());  // told once, as the latest
  }
  if (to > status) status = to;
}

void ObjectInfo::keep_last_error(size_t first) {
  if (errors.size() > first + 1)
    errors.erase(errors.begin() + static_cast<ptrdiff_t>(first), errors.end() - 1);
}

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
