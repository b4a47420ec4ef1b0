#include "engine/upstream/health_runner.h"

namespace gateproof::upstream {

// One service's servers, in two lists with an interval each, as Traefik keeps them.
struct HealthRunner::Watch {
  const HealthCheckSpec* spec;
  std::vector<size_t> healthy, unhealthy;  // indices of targets
};

HealthRunner::HealthRunner(Env& env, http::Origin& origin, std::function<void(std::string)> log)
    : env_(env), origin_(origin), log_(std::move(log)) {}

HealthRunner::~HealthRunner() { stop(); }

void HealthRunner::stop() {
  for (uint64_t id : tasks_) env_.scheduler.cancel(id);
  tasks_.clear();
  watches_.clear();
  keep_.reset();
}

void HealthRunner::follow(std::shared_ptr<const void> keep,
                          const std::vector<HealthCheckSpec>& specs) {
  stop();
  keep_ = std::move(keep);
  for (const HealthCheckSpec& spec : specs) {
    auto watch = std::make_unique<Watch>(Watch{&spec, {}, {}});
    for (size_t i = 0; i < spec.targets.size(); ++i) watch->healthy.push_back(i);
    // The unhealthy first: a server found down now is looked at again after an interval, not at once.
    for (const bool healthy : {false, true}) {
      tasks_.push_back(env_.scheduler.spawn(
          "health of " + spec.service + (healthy ? "" : ", servers down"), run(*watch, healthy)));
    }
    watches_.push_back(std::move(watch));
  }
}

Task<void> HealthRunner::run(Watch& watch, bool healthy) {
  const Duration interval = healthy ? watch.spec->interval : watch.spec->unhealthy_interval;
  Instant next = env_.scheduler.now() + interval;
  for (;;) {
    co_await sleep_in_background(env_.scheduler, next);
    // Those that are on the list now; one that moves meanwhile is looked at in the other list's time.
    const std::vector<size_t> due = std::exchange(healthy ? watch.healthy : watch.unhealthy, {});
    for (size_t target : due) co_await check(watch, target);
    // A ticker: late ticks are not made up for, but one may be waiting.
    next += interval;
    const Instant now = env_.scheduler.now();
    if (now > next) next += interval * ((now - next) / interval);
  }
}

Task<void> HealthRunner::check(Watch& watch, size_t target) {
  const HealthTarget& t = watch.spec->targets[target];
  std::string reason = co_await probe(env_, origin_, *watch.spec, t);
  (reason.empty() ? watch.healthy : watch.unhealthy).push_back(target);
  if (!reason.empty() && log_)
    log_("Health check failed. service " + watch.spec->service + ", " + t.server.url + ": " + reason);
  watch.spec->health->probed(t.index, std::move(reason));
}

}  // namespace gateproof::upstream
