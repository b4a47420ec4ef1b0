// The variables of the process, as a World hands them in: what Go templates in configuration files may ask for.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gateproof {

class Environment {
 public:
  virtual ~Environment() = default;
  // nullopt: not set.
  virtual std::optional<std::string> get(std::string_view name) const = 0;
};

// Variables that were handed in; the default is none at all.
class MapEnvironment final : public Environment {
 public:
  MapEnvironment() = default;
  explicit MapEnvironment(std::map<std::string, std::string, std::less<>> variables)
      : variables_(std::move(variables)) {}
  std::optional<std::string> get(std::string_view name) const override {
    const auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

// Nothing is set.
inline const Environment& empty_environment() {
  static const MapEnvironment none;
  return none;
}

}  // namespace gateproof
