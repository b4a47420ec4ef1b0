// What a provider has made of a cluster's objects: everything, or only what has changed.
#pragma once
#include <functional>
#include <optional>
#include <set>

#include "engine/config/patch.h"

namespace gateproof::daemon {

struct ProviderOutcome {
  std::optional<config::ConfigPatch> changes;  // nullopt: `config` is everything
  config::DynamicConfig config;
  // Objects that were looked at, as "HTTPRoute shop/r"; nullopt: all. What was found before about any other still holds.
  std::optional<std::set<std::string>> about;
  // What traffic need not wait for: called when the configuration is in force. May be empty.
  std::function<void()> afterwards = {};
};

}  // namespace gateproof::daemon
