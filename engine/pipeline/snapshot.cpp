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

}  // namespace gateproof::pipeline
