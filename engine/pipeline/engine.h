// Engine: the current snapshot, and an exchange's way through it. One engine serves all event loops of a process.
#pragma once
#include <atomic>
#include <mutex>

#include "engine/pipeline/h1_server.h"
#include "engine/pipeline/request_limit.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

// Told of every routing decision while it is made; explanations are made of it.
class RoutingObserver {
 public:
  virtual ~RoutingObserver() = default;
  // `winner` is null when no router matched. The arguments live until the exchange ends.
  virtual void routed(const rules::RequestFacts& facts, const rules::RoutingTable& table,
                      const rules::Route* winner) = 0;
};

class Engine {
 public:
  Engine(std::shared_ptr<const config::StaticConfig> statics, const Clock& clock, Random& random,
         std::string host_name);

  // Replaces one provider's objects, merges, builds and swaps. Exchanges under way keep their snapshot. Returns the findings of
  // the build. Called from one thread at a time (guarded).
  std::shared_ptr<const Snapshot> update(const std::string& provider,
                                         config::DynamicConfig objects);
  // The same for whoever wants it soon: `elsewhere` takes its share of building, and the rest is left for settle().
  std::shared_ptr<const Snapshot> update(const std::string& provider, config::DynamicConfig objects,
                                         Offload& elsewhere);
  // The same for a provider that knows what changed since its last update or patch: costs what depends on that.
  std::shared_ptr<const Snapshot> patch(const std::string& provider,
                                        const config::ConfigPatch& changes,
                                        Offload& elsewhere = inline_offload());
  // Does what is needed only for the patches to come, which wait for it, after whoever made everything has shown it. `elsewhere`
  // frees what was needed for building.
  void settle(Offload& elsewhere = inline_offload());
  // Before the first update: that of no objects, which is made only when somebody asks for it.
  std::shared_ptr<const Snapshot> snapshot() const {
    std::shared_ptr<const Snapshot> now = std::atomic_load(&current_);
    return now ? now : of_no_objects();
  }
  // Grows by one at every swap; lets an event loop keep its own copy of the pointer.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  const config::StaticConfig& statics() const { return *statics_; }

  // Matchers that rules may use from the next update on (tests).
  void set_matchers(rules::MatcherSet m);
  // What middlewares may read (usersFile); before the first update.
  void set_files(Files& files) { files_ = &files; }
  // The plugins that middlewares may name; before the first update. They outlive every snapshot.
  void set_plugins(const middleware::PluginHost& plugins) { plugins_ = &plugins; }
  // Of all event loops together.
  RequestLimit& requests() const { return requests_; }
  void set_terminating(bool on) { terminating_.store(on); }

  // The whole way: entry point stage, routing, chain, service. Before: x.request as received (url.raw: the escaped path of the
  // target; url.path empty), x.origin, x.peer, x.local, x.tls and x.entry_point's name. After: x.response.
  static Task<void> handle(http::Exchange& x, std::shared_ptr<const Snapshot> snapshot,
                           RoutingObserver* observer = nullptr);

 private:
  std::shared_ptr<const config::StaticConfig> statics_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex update_mutex_;
  std::map<std::string, std::shared_ptr<const Objects>> by_provider_;
  std::shared_ptr<const Objects> objects_ =
      std::make_shared<const Objects>(merged({}));  // all of them
  rules::MatcherSet matchers_ = rules::MatcherSet::standard();
  mutable std::shared_ptr<const Snapshot> current_;
  std::function<void()> unsettled_;  // what is left to be done of it; empty: nothing
  std::atomic<uint64_t> version_{1};
  std::atomic<bool> terminating_{false};
  mutable RequestLimit requests_;
  std::string host_name_;
  Files* files_ = nullptr;
  const middleware::PluginHost* plugins_ = nullptr;
  std::shared_ptr<tls::Registry> tls_;
  std::shared_ptr<HostFlattener> flattener_;  // what it learnt outlives snapshots

  std::shared_ptr<const Snapshot> of_no_objects() const;
  void settle_now(Offload& elsewhere);
  std::shared_ptr<const Snapshot> rebuild(Offload& elsewhere);
  BuildInputs inputs(Offload& elsewhere = inline_offload()) const;
  std::shared_ptr<const Snapshot> show(std::shared_ptr<Snapshot> built);
};

// One event loop's way into the engine, for one entry point.
class EngineHandler final : public ExchangeHandler {
 public:
  EngineHandler(const Engine& engine, http::Origin& origin, std::string entry_point)
      : engine_(engine), origin_(origin), entry_point_(std::move(entry_point)) {}
  Task<void> handle(http::Exchange& x) override;
  bool draining() const override { return draining_; }
  void drain() { draining_ = true; }
  // Takes the current snapshot, if there is a newer one: by itself at every exchange; an idle loop lets go of an old one so.
  void refresh();
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }

 private:
  Task<void> limited(http::Exchange& x);

  const Engine& engine_;
  http::Origin& origin_;
  std::string entry_point_;
  std::shared_ptr<const Snapshot>
      snapshot_;  // this loop's own reference: no shared counter is touched between reloads
  uint64_t version_ = 0;
  bool draining_ = false;
};

}  // namespace gateproof::pipeline
