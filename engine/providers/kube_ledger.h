// What we know of one resource: which objects there are, in which version, and how much of the server's history has been seen.
// It turns lists and events into changes, so that whatever is lost, sent twice or in another order, the consumer ends with what
// a fresh list would say.
#pragma once
#include <deque>
#include <map>

#include "engine/env/clock.h"
#include "engine/providers/kube_wire.h"

namespace gateproof::providers {

// Objects of one resource that are known at a time. More stop the following of that resource until there are fewer.
inline constexpr size_t kube_objects_max = 200'000;
// Deletions that are remembered, against older events that come late.
inline constexpr size_t kube_tombstones_max = 10'000;
// A watch is resumed so many events, or so long, before the newest version that was seen: what was on its way then may have been
// overtaken by it. What comes twice for that is told apart by its version.
inline constexpr size_t kube_overtaken_max = 32;
inline constexpr Duration kube_overtaken_time = std::chrono::seconds(30);

class KubeLedger {
 public:
  KubeLedger(std::string group, std::string kind, size_t objects_max = kube_objects_max)
      : group_(std::move(group)), kind_(std::move(kind)), objects_max_(objects_max) {}

  // A whole list: what is new, different or gone. The resource version is the list's.
  std::vector<KubeChange> listed(std::vector<KubeObject> objects, const std::string& version);
  // Everything is gone: the kind is.
  std::vector<KubeChange> forget();

  enum class Effect : uint8_t {
    change,   // told
    nothing,  // known already, or older than what is known
    full,     // one object too many: not taken
  };
  Effect put(KubeObject object, Instant now, KubeChange& change);
  Effect remove(const KubeObject& object, Instant now, KubeChange& change);
  // The server's word that all before this version has been sent.
  void mark(const std::string& version, Instant now);

  // Where a watch goes on; "" before the first list.
  std::string resume(Instant now);
  // Whether an event with this version cannot be an answer to a watch from `asked` on: a server that began its history anew.
  static bool before(const std::string& version, const std::string& asked);

  // Whether a server that says so of itself (its newest version, the first object of a list) may be the one that we know, rather
  // than one with another store. When in doubt it is not.
  bool plausible(const std::string& version, const KubeObject* first) const;

  size_t size() const { return entries_.size(); }
  size_t tombstones() const { return tombs_.size(); }

 private:
  struct Entry {
    uint64_t version = 0;  // 0: no number, compared for equality only
    std::string uid;
    uint64_t content = 0, status = 0;
  };
  using Name = std::pair<std::string, std::string>;  // namespace, name

  bool late(const KubeObject& o) const;
  KubeChange changed(KubeObject object, const Entry* before);
  void bury(const Name& name, uint64_t version);
  void saw(const std::string& version, Instant now);

  KubeChange gone(const Name& name, const Entry& entry) const;

  const std::string group_, kind_;
  const size_t objects_max_;
  std::map<Name, Entry> entries_;
  std::map<Name, uint64_t> tombs_;
  std::deque<Name> buried_;  // the oldest first
  struct Mark {
    Instant at;
    uint64_t version;
  };
  std::deque<Mark> marks_;
  uint64_t settled_ = 0;
  uint64_t newest_ = 0;
  std::string last_;  // the newest version as it was written, where versions are no numbers
};

}  // namespace gateproof::providers
