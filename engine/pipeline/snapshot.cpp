#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

std::string_view to_string(Status s) {
  return s == Status::enabled ? "enabled" : s == Status::warning ? "warning" : "disabled";
}

void ObjectInfo::fail(std::string error, Status to) {
  if (std::find(errors.begin(), errors.end(), error) == errors.end())
    errors.push_back(std::move(error));
  if (to > status) status = to;
}

}  // namespace gateproof::pipeline
