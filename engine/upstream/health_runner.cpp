#include "engine/upstream/health_runner.h"

namespace gateproof::upstream {

// One service's servers, in two lists with an interval each, as Traefik keeps them.
struct HealthRunner::Watch {
  const HealthCheckSpec* spec;
  struct Listed {
    size_t target;
    Instant since;
  };
  std::vector<Listed> healthy, unhealthy;
  std::vector<Listed>& list(bool up) { return up ? healthy : unhealthy; }
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
    for (size_t i = 0; i < spec.targets.size(); ++i)
      watch->healthy.push_back({i, env_.scheduler.now()});
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
    // Those that are on the list now; one that moves meanwhile, or has just come, is looked at next time.
    const Instant tick = env_.scheduler.now();
    std::vector<size_t> due;
    for (const Watch::Listed& l : watch.list(healthy)) {
      if (l.since < tick) due.push_back(l.target);
    }
    std::erase_if(watch.list(healthy), [tick](const Watch::Listed& l) { return l.since < tick; });
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
  watch.list(reason.empty()).push_back({target, env_.scheduler.now()});
  if (!reason.empty() && log_)
    log_("Health check failed. service " + watch.spec->service + ", " + t.server.url + ": " +
         reason);
  watch.spec->health->probed(t.index, std::move(reason));
}

}  // namespace gateproof::upstream
