// What became of one configured object.
#pragma once
#include <string>
#include <vector>

#include "engine/base/span.h"

namespace gateproof::pipeline {

enum class Status : uint8_t { enabled, warning, disabled };
std::string_view to_string(Status s);

// What became of one configured object (Traefik's API shows the same).
struct ObjectInfo {
  std::string_view kind = "router";  // "router", "middleware", "service", "TCP router" ...
  std::string name;                  // qualified
  Status status = Status::enabled;
  std::vector<std::string> errors;
  std::vector<std::string> used_by;
  SourceSpan span;
  std::string label() const { return std::string(kind) + " " + name; }
  void fail(std::string error, Status to = Status::disabled);
  // Traefik builds a list of middlewares from its end and stops at the first that fails: of the errors behind the first
  // `first` ones only the last is told.
  void keep_last_error(size_t first);
};

}  // namespace gateproof::pipeline
