#include "engine/daemon/cluster_source.h"

#include "engine/env/pieces.h"

namespace gateproof::daemon {

using providers::KubeChange;
using providers::KubeKey;
using providers::KubeLevel;

namespace {

providers::KubeHooks client_hooks(const ClusterSource::Hooks& hooks) {
  providers::KubeHooks out = hooks.client;
  out.trouble = [log = hooks.log](const std::string& what) { log(KubeLevel::warn, what); };
  return out;
}

}  // namespace

ClusterSource::Live::Live(Scheduler& s, Unit u)
    : unit(std::move(u)), throttle(s, unit.throttle, {}) {}

ClusterSource::ClusterSource(Env& env, std::vector<providers::KubeSelection> selections,
                             Hooks hooks)
    : env_(env),
      hooks_(std::move(hooks)),
      client_(env, client_hooks(hooks_)),
      settle_(env.scheduler, *this),
      writer_(client_, {[this] { return writes(); }, hooks_.log}),
      follower_(client_, std::move(selections),
                {[this](std::vector<KubeChange> changes) { take(std::move(changes)); },
                 [this] { look_soon(cluster_settle); }, hooks_.log}) {}

ClusterSource::~ClusterSource() {
  for (const uint64_t task : tasks_) env_.scheduler.cancel(task);
}

void ClusterSource::add(Unit unit) {
  units_.push_back(std::make_unique<Live>(env_.scheduler, std::move(unit)));
}

void ClusterSource::use_lease(std::string ns, std::string name, std::string identity) {
  lease_ = std::make_unique<providers::KubeLease>(
      client_, std::move(ns), std::move(name), std::move(identity),
      providers::KubeLease::Hooks{[this](bool) { writer_.wake(); }, hooks_.log});
}

void ClusterSource::start() {
  if (lease_) tasks_.push_back(lease_task_ = env_.scheduler.spawn("cluster lease", lease_->run()));
  tasks_.push_back(env_.scheduler.spawn("cluster statuses", writer_.run()));
  tasks_.push_back(env_.scheduler.spawn("cluster", follower_.run()));
}

Task<void> ClusterSource::release() {
  if (!lease_) co_return;
  env_.scheduler.cancel(lease_task_);
  co_await lease_->release();
}

std::shared_ptr<const config::Document> ClusterSource::document(const KubeKey& key) const {
  const auto found = documents_.find(key);
  return found == documents_.end() ? nullptr : found->second;
}

std::vector<const config::Value*> ClusterSource::documents(std::string_view group,
                                                           std::string_view kind) const {
  std::vector<const config::Value*> out;
  const KubeKey from{std::string(group), std::string(kind), "", ""};
  for (auto it = documents_.lower_bound(from);
       it != documents_.end() && it->first.group == group && it->first.kind == kind; ++it)
    out.push_back(&it->second->root);
  return out;
}

std::string ClusterSource::version_of(const ClusterKind& kind) const {
  for (const auto& r : follower_.reflectors()) {
    const providers::KubeResource& resource = r->selection().resource;
    if (resource.group == kind.first && resource.kind == kind.second) return r->version();
  }
  return "v1";
}

void ClusterSource::want_status(const KubeKey& key, providers::KubeStatusMaker make) {
  const std::shared_ptr<const config::Document> now = document(key);
  // Most are as they should be, and need not wait for their turn.
  if (!now || !make(now->root)) return;
  const ClusterKind kind{key.group, key.kind};
  if (!writer_.want(resource_of(kind), version_of(kind), key, now, std::move(make)))
    hooks_.log(KubeLevel::warn, "too many statuses wait to be written");
}

namespace {

// Objects that are read in one go, here or elsewhere.
constexpr size_t piece_objects = 64;

struct ReadObjects {
  std::vector<std::optional<kubernetes::Object>> objects;
  config::Findings findings;
};

ReadObjects read_objects(std::span<const KubeChange> changes) {
  ReadObjects out;
  for (const KubeChange& c : changes) {
    out.objects.push_back(c.object && c.content_changed()
                              ? kubernetes::ObjectStore::read(c.object, out.findings)
                              : std::nullopt);
  }
  return out;
}

}  // namespace

// What the store makes of the changes.
void ClusterSource::put(std::span<const KubeChange> changes) {
  config::Findings findings;
  Pieces<ReadObjects> pieces(
      env_.offload, (changes.size() + piece_objects - 1) / piece_objects, [&](size_t i) {
        const auto rest = changes.subspan(i * piece_objects);
        return read_objects(rest.first(std::min(rest.size(), piece_objects)));
      });
  for (size_t i = 0; i < pieces.size(); ++i) {
    ReadObjects read = pieces.take(i);
    findings.append(read.findings);
    for (size_t j = 0; j < read.objects.size(); ++j) {
      const KubeChange& c = changes[i * piece_objects + j];
      if (read.objects[j]) store_.put(std::move(*read.objects[j]));
      if (!c.object) store_.remove(c.key.group, c.key.kind, c.key.ns, c.key.name);
    }
  }
  if (!findings.list().empty()) hooks_.report(findings);
}

void ClusterSource::take(std::vector<KubeChange> changes) {
  put(changes);
  bool look = false;
  // Lists come in order.
  auto hint = changes.empty() ? documents_.end() : documents_.lower_bound(changes.front().key);
  for (const KubeChange& c : changes) {
    const KubeKey& k = c.key;
    if (c.object) {
      hint = std::next(documents_.insert_or_assign(hint, k, c.object));
    } else {
      if (const auto known = documents_.find(k); known != documents_.end())
        hint = documents_.erase(known);
      writer_.forget(k);
    }
    sums_[{k.group, k.kind}] += c.content - c.before;
    look = look || c.content_changed();
  }
  if (!told_) {
    for (KubeChange& c : changes) early_.push_back(std::move(c));
  } else {
    for (const Listener& listener : listeners_) listener(changes);
  }
  if (look) look_soon(cluster_settle);
}

void ClusterSource::look_soon(Duration in) {
  const Instant at = env_.scheduler.now() + in;
  if (!settle_.armed() || settle_.at() > at) settle_.arm(at);
}

std::string ClusterSource::digest_of(const Unit& unit) const {
  std::string digest;
  for (const ClusterKind& kind : unit.kinds) {
    const auto sum = sums_.find(kind);
    digest += std::to_string(sum == sums_.end() ? 0 : sum->second) + " ";
  }
  return digest;
}

void ClusterSource::look() {
  if (!follower_.synced()) return;
  const Instant now = env_.scheduler.now();
  if (follower_.listing()) {
    if (!held_since_) held_since_ = now;
    if (now - *held_since_ < cluster_list_hold) {
      look_soon(*held_since_ + cluster_list_hold - now);
      return;
    }
  }
  held_since_.reset();
  if (!std::exchange(told_, true)) {
    hooks_.log(KubeLevel::info, std::to_string(documents_.size()) + " objects of " +
                                    client_.access().url() + " are followed");
    const std::vector<KubeChange> early = std::move(early_);
    for (const Listener& listener : listeners_) listener(early);
  }
  for (const auto& live : units_) {
    std::string digest = digest_of(live->unit);
    if (live->delivered && digest == live->seen) continue;
    live->seen = digest;
    if (!std::exchange(live->delivered, true)) ++delivered_;
    live->throttle.take_turn(std::move(digest), live->unit.show);
  }
}

}  // namespace gateproof::daemon
