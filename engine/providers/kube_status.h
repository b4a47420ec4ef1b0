// Status written back: the newest that is wanted of each object, a few at a time, tried again until it is there.
#pragma once
#include "engine/providers/kube_reflector.h"

namespace gateproof::providers {

inline constexpr size_t kube_status_writers = 4;  // writes at a time
inline constexpr int kube_conflicts_max = 5;      // in a row, before it waits
inline constexpr size_t kube_statuses_max =
    200'000;  // that wait; more are not taken until there are fewer

// The status that an object ought to have, as JSON, made of the object as it is (lists that others write to as well have to be
// kept); nullopt: it is as it should be.
using KubeStatusMaker = std::function<std::optional<std::string>(const config::Value& object)>;

class KubeStatusWriter {
 public:
  struct Hooks {
    std::function<bool()> may_write;  // asked before each write: whether this replica is the writer
    std::function<void(KubeLevel, const std::string&)> log;
  };
  KubeStatusWriter(KubeClient& client, Hooks hooks);

  // `object` is what is known of it; when the server's is newer it is read again. A later call takes the place of an earlier one
  // that has not been carried out. False: too many wait.
  bool want(const KubeResource& resource, std::string version, const KubeKey& key,
            std::shared_ptr<const config::Document> object, KubeStatusMaker make);
  void forget(const KubeKey& key) { wanted_.erase(key); }
  // What may_write says has changed.
  void wake();
  Task<void> run();  // endless; the writer outlives it

  size_t waiting() const { return wanted_.size(); }
  uint64_t written() const { return written_; }

 private:
  struct Wanted {
    KubeResource resource;
    std::string version;
    std::shared_ptr<const config::Document> object;
    KubeStatusMaker make;
  };
  enum class Fate : uint8_t { done, later, dropped };
  Task<void> work();
  Task<Fate> write(KubeKey key, Wanted wanted);
  Task<Result<config::Value>> read(std::string path);

  KubeClient& client_;
  Hooks hooks_;
  std::map<KubeKey, Wanted> wanted_;
  std::vector<Waiter*> idle_;
  RandomStream random_;
  Duration backoff_ = kube_backoff_min;
  uint64_t written_ = 0;
};

}  // namespace gateproof::providers
