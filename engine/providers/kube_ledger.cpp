#include "engine/providers/kube_ledger.h"

#include "engine/base/text.h"

namespace gateproof::providers {
namespace {

// Kubernetes has versions as decimal numbers that grow; 0 for anything else.
uint64_t number_of(const std::string& version) {
  const std::optional<int64_t> n = text::parse_int(version);
  return n && *n > 0 ? static_cast<uint64_t>(*n) : 0;
}

}  // namespace

bool KubeLedger::before(const std::string& version, const std::string& asked) {
  const uint64_t v = number_of(version), a = number_of(asked);
  return v != 0 && a != 0 && v <= a;
}

KubeChange KubeLedger::gone(const Name& name, const Entry& entry) const {
  KubeChange c;
  c.key = {group_, kind_, name.first, name.second};
  c.before = entry.content;
  return c;
}

KubeChange KubeLedger::changed(KubeObject object, const Entry* before) {
  KubeChange c;
  c.key = std::move(object.key);
  c.content = object.content;
  c.before = before ? before->content : 0;
  c.object = std::make_shared<const config::Document>(std::move(object.document));
  return c;
}

std::vector<KubeChange> KubeLedger::listed(std::vector<KubeObject> objects,
                                           const std::string& version) {
  std::vector<KubeChange> changes;
  std::map<Name, Entry> now;
  for (KubeObject& o : objects) {
    const Name name{o.key.ns, o.key.name};
    const Entry entry{number_of(o.resource_version), o.uid, o.content, o.status};
    const auto known = entries_.find(name);
    const Entry* before = known == entries_.end() ? nullptr : &known->second;
    now.insert_or_assign(now.end(), name, entry);  // servers list by name
    // Versions say nothing here: the server may have begun anew.
    if (before && before->uid == entry.uid && before->content == entry.content &&
        before->status == entry.status)
      continue;
    changes.push_back(changed(std::move(o), before));
  }
  for (const auto& [name, entry] : entries_) {
    if (!now.contains(name)) changes.push_back(gone(name, entry));
  }
  entries_ = std::move(now);
  tombs_.clear();
  buried_.clear();
  marks_.clear();
  settled_ = newest_ = number_of(version);
  last_ = version;
  return changes;
}

std::vector<KubeChange> KubeLedger::forget() { return listed({}, ""); }

bool KubeLedger::late(const KubeObject& o) const {
  const uint64_t version = number_of(o.resource_version);
  if (version == 0) return false;
  const Name name{o.key.ns, o.key.name};
  const auto tomb = tombs_.find(name);
  if (tomb != tombs_.end() && version <= tomb->second) return true;
  const auto known = entries_.find(name);
  return known != entries_.end() && version < known->second.version;
}

void KubeLedger::saw(const std::string& version, Instant now) {
  const uint64_t v = number_of(version);
  if (v == 0) {
    if (!version.empty()) last_ = version;
    return;
  }
  newest_ = std::max(newest_, v);
  marks_.push_back({now, v});
  while (marks_.size() > kube_overtaken_max) {
    settled_ = std::max(settled_, marks_.front().version);
    marks_.pop_front();
  }
}

void KubeLedger::mark(const std::string& version, Instant now) { saw(version, now); }

KubeLedger::Effect KubeLedger::put(KubeObject o, Instant now, KubeChange& change) {
  saw(o.resource_version, now);
  if (late(o)) return Effect::nothing;
  const Name name{o.key.ns, o.key.name};
  const Entry entry{number_of(o.resource_version), o.uid, o.content, o.status};
  const auto known = entries_.find(name);
  if (known == entries_.end() && entries_.size() >= objects_max_) return Effect::full;
  const bool same = known != entries_.end() && known->second.version == entry.version &&
                    known->second.uid == entry.uid && known->second.content == entry.content &&
                    known->second.status == entry.status;
  if (same) return Effect::nothing;
  change = changed(std::move(o), known == entries_.end() ? nullptr : &known->second);
  entries_[name] = entry;
  tombs_.erase(name);
  return Effect::change;
}

KubeLedger::Effect KubeLedger::remove(const KubeObject& o, Instant now, KubeChange& change) {
  saw(o.resource_version, now);
  if (late(o)) return Effect::nothing;
  const Name name{o.key.ns, o.key.name};
  bury(name, number_of(o.resource_version));
  const auto known = entries_.find(name);
  if (known == entries_.end()) return Effect::nothing;
  change = gone(name, known->second);
  entries_.erase(known);
  return Effect::change;
}

void KubeLedger::bury(const Name& name, uint64_t version) {
  if (version == 0) return;
  if (tombs_.insert_or_assign(name, version).second) buried_.push_back(name);
  // Names that were raised again are still in the queue; they cost their place only.
  while (buried_.size() > kube_tombstones_max) {
    tombs_.erase(buried_.front());
    buried_.pop_front();
  }
}

bool KubeLedger::plausible(const std::string& version, const KubeObject* first) const {
  const uint64_t v = number_of(version);
  if (v != 0 && v < newest_) return false;
  if (!first) return entries_.empty();
  const auto known = entries_.find({first->key.ns, first->key.name});
  return known != entries_.end() && known->second.uid == first->uid;
}

std::string KubeLedger::resume(Instant now) {
  while (!marks_.empty() && now - marks_.front().at > kube_overtaken_time) {
    settled_ = std::max(settled_, marks_.front().version);
    marks_.pop_front();
  }
  return settled_ != 0 ? std::to_string(settled_) : last_;
}

}  // namespace gateproof::providers
