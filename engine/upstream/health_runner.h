// HealthRunner: the tasks that probe servers while a snapshot is current. One per process: it runs on one event loop, and all
// loops see what it finds.
#pragma once
#include "engine/upstream/health_check.h"

namespace gateproof::upstream {

class HealthRunner {
 public:
  // Env and origin are those of the loop that runs it; both outlive it. `log` gets one line for each failed probe; may be empty.
  HealthRunner(Env& env, http::Origin& origin, std::function<void(std::string)> log = {});
  HealthRunner(const HealthRunner&) = delete;
  HealthRunner& operator=(const HealthRunner&) = delete;
  ~HealthRunner();

  // Ends the probes of before and starts those of `specs`, which `keep` (their snapshot) holds: each after one interval, servers
  // up meanwhile. Not to be called from inside a probe.
  void follow(std::shared_ptr<const void> keep, const std::vector<HealthCheckSpec>& specs);
  void stop();
  size_t services() const { return watches_.size(); }

 private:
  struct Watch;
  Task<void> run(Watch& watch, bool healthy);
  Task<void> check(Watch& watch, size_t target);

  Env& env_;
  http::Origin& origin_;
  std::function<void(std::string)> log_;
  std::shared_ptr<const void> keep_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<uint64_t> tasks_;
};

}  // namespace gateproof::upstream
