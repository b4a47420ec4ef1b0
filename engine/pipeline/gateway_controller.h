// The Gateway API's controller (standard dialect): keeps an engine at what the objects of a cluster ask for, and tells every
// object its status. It knows no sockets and no API server; whoever holds the objects calls it after each change.
#pragma once
#include <functional>

#include "engine/config/told_findings.h"
#include "engine/kubernetes/gateway/follower.h"
#include "engine/pipeline/engine.h"

namespace gateproof::pipeline {

// The name of its objects' provider: `router@kubernetesgateway`.
inline constexpr std::string_view gateway_provider = "kubernetesgateway";

class GatewayController {
 public:
  struct Hooks {
    // A status as it should be, once for each object and change; whoever writes it merges it with what is there.
    std::function<void(const kubernetes::gateway::StatusUpdate&)> write_status;
    // The engine has another configuration: entry points come and go. Empty in virtual time.
    std::function<void()> configuration_changed = {};
    // What is wrong with the objects and was not before: the statuses say it to whoever wrote them, this to whoever runs us.
    std::function<void(const config::Findings&)> report = {};
  };

  // The engine outlives it.
  GatewayController(Engine& engine, kubernetes::gateway::Options options, Hooks hooks)
      : engine_(engine),
        options_(std::move(options)),
        hooks_(std::move(hooks)),
        follower_(options_) {}

  // What the objects ask for is served and told when this returns. The store is the same one each time; `changed` names every
  // object of it that was put or removed since the last call. `elsewhere` takes its share of
  // what makes everything anew.
  void reconcile(const kubernetes::ObjectStore& objects,
                 std::span<const kubernetes::gateway::ObjectName> changed,
                 Offload& elsewhere = inline_offload());

  const kubernetes::gateway::Options& options() const { return options_; }

 private:
  Engine& engine_;
  const kubernetes::gateway::Options options_;
  const Hooks hooks_;
  kubernetes::gateway::Follower follower_;
  config::ToldFindings told_;
};

}  // namespace gateproof::pipeline
