// The objects of a cluster, and every rule by which an API server takes, changes and gives them. No I/O: engine/net serves it.
// Not thread safe; the objects that it hands out are immutable and may go to any thread.
//
// A write is validated, defaulted and committed; then the hooks (garbage collector, simulated controllers, status writers) run
// until nothing changes any more, and only then does the call return. A reader never sees a state in between.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/config/document.h"
#include "engine/env/clock.h"
#include "engine/env/random.h"
#include "engine/kubernetes/cluster/address_pool.h"
#include "engine/kubernetes/cluster/resources.h"
#include "engine/kubernetes/cluster/schema.h"
#include "engine/kubernetes/cluster/selectors.h"
#include "engine/kubernetes/cluster/status.h"

namespace gateproof::kubernetes::cluster {

// One version of one object. Its body has the storage version's apiVersion.
class StoredObject {
 public:
  TypePtr type;
  Json body;
  std::string ns;  // "" for kinds of the cluster
  std::string name;
  std::string uid;
  uint64_t resource_version = 0;
  size_t bytes = 0;  // Json::weight() of the body

  // The body as JSON text, made when first asked for and then kept.
  const std::string& text() const;
  // The body under another served version's name: only apiVersion differs.
  Json in_version(std::string_view version) const;
  // As the translators take it, without managedFields, made when first asked for and then kept. Spans name the object
  // ("HTTPRoute default/shop").
  std::shared_ptr<const config::Document> document() const;

 private:
  mutable std::once_flag text_once_, document_once_;
  mutable std::string text_;
  mutable std::shared_ptr<const config::Document> document_;
};
using ObjectPtr = std::shared_ptr<const StoredObject>;

struct StoreLimits {
  size_t object_bytes_max = 3u << 19;  // 1.5 MiB of JSON text, etcd's request limit: 413 beyond
  size_t annotation_bytes_max = 256u << 10;  // keys and values of one object's annotations
  size_t total_bytes_max =
      2ull << 30;  // of all objects' bodies, in memory: 500 "database space exceeded" beyond
  size_t events_per_type_max = 16384;           // kept for watches that resume
  size_t event_bytes_per_type_max = 64u << 20;  // the same in bytes
  size_t settle_rounds_max = 1000;      // of hooks that answer each other's writes, per call
  size_t patch_operations_max = 10000;  // of one JSON patch, as the real server
};

struct WriteOptions {
  bool dry_run = false;  // dryRun=All: everything but the commit
  std::string
      field_manager;   // of the query, or made from User-Agent ("kubectl", "python-requests")
  bool force = false;  // apply only: take fields from other managers
  enum Validation : uint8_t { ignore, warn, strict } field_validation = warn;  // of unknown fields
};

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  int64_t limit = 0;  // 0: all
  std::string continue_token;
  std::string
      resource_version;  // "" or "0": any; a future one is 504 Timeout ("Too large resource version")
  std::string resource_version_match;  // "", "Exact", "NotOlderThan"
};

struct DeleteOptions {
  bool dry_run = false;
  std::string precondition_uid;
  std::string precondition_resource_version;
  enum Propagation : uint8_t { by_default, background, foreground, orphan };
  Propagation propagation = by_default;
  // From a DeleteOptions body and query ("propagationPolicy", "dryRun"); 400 for nonsense, 422 for an unknown policy.
  static Reply<DeleteOptions> from_json(const Json& body);
};

enum class Patch : uint8_t { merge, json, strategic, apply };
enum class Sub : uint8_t { none, status, scale, finalize };

struct Target {  // what a URL names
  TypePtr type;
  std::string version;  // of the URL; a body's apiVersion has to agree
  std::string ns;
  std::string name;  // "" for create and collections
  Sub sub = Sub::none;
};

struct Written {
  ObjectPtr
      object;  // as it is when the call returns: with what the hooks wrote. On dry run as it would have been committed.
  bool created = false;               // 201
  std::vector<std::string> warnings;  // Warning: 299 headers
};

struct Removed {
  ObjectPtr object;  // last state
  bool gone =
      false;  // false: deletionTimestamp is set and finalizers are awaited: the answer is the object; else a Status
};

struct Listed {
  std::vector<ObjectPtr> items;  // by namespace and name
  uint64_t resource_version = 0;
  std::string continue_token;  // "" on the last page
  int64_t remaining = -1;      // remainingItemCount; -1: not told (selector, or last page)
};

struct Event {
  enum Type : uint8_t { added, modified, removed };
  Type type;
  ObjectPtr object;    // of a removal: the last state with the removal's resourceVersion
  ObjectPtr previous;  // null when added
  uint64_t resource_version;
};

// Where a watch stands. The events are pulled; Store::on_commit says when it is worth it.
class Watch {
 public:
  uint64_t resource_version() const {
    return at_;
  }  // for a bookmark: everything up to here was delivered

 private:
  friend class Store;
  TypePtr type_;
  std::string ns_;
  LabelSelector labels_;
  FieldSelector fields_;
  std::vector<ObjectPtr> initial_;  // to be sent as ADDED first
  uint64_t at_ = 0;
};

struct StoreOptions {
  StoreLimits limits;
  bool managed_fields = true;  // keep metadata.managedFields; without, apply never conflicts
  std::vector<std::string> namespaces = {"default", "kube-node-lease", "kube-public",
                                         "kube-system"};  // made at the start
  std::string service_network = "127.101";  // /16 that Services take their addresses from
  PatternCompiler
      patterns;  // the engine's regular expressions; without them `pattern` is not checked
};

class Store {
 public:
  Store(const Clock& clock, Random& random, StoreOptions options = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const Registry& registry() const { return registry_; }
  const StoreLimits& limits() const { return options_.limits; }
  uint64_t resource_version() const { return resource_version_; }

  // --- what clients call. `body` of create and update is the object; its apiVersion and kind may be left out.
  Reply<Written> create(const Target& at, Json body, const WriteOptions& options = {});
  Reply<ObjectPtr> get(const Target& at) const;
  // {"kind":"Scale","apiVersion":"autoscaling/v1",...} of a kind that has it.
  Reply<Json> get_scale(const Target& at) const;
  Reply<Listed> list(const TypePtr& type, std::string_view version, std::string_view ns,
                     const ListOptions& options = {}) const;
  // 409 when the body's resourceVersion or uid is not the current one. With Sub::scale the body is a Scale.
  Reply<Written> update(const Target& at, Json body, const WriteOptions& options = {});
  // Patch::apply creates what is not there. A JSON patch is an array; others are objects.
  Reply<Written> patch(const Target& at, Patch kind, const Json& patch,
                       const WriteOptions& options = {});
  Reply<Removed> remove(const Target& at, const DeleteOptions& options = {});
  // deletecollection: the objects as they were.
  Reply<Listed> remove_all(const TypePtr& type, std::string_view version, std::string_view ns,
                           const ListOptions& which, const DeleteOptions& options = {});

  // `options.resource_version` "" or "0": ADDED of everything there is, then what happens; otherwise what happened since.
  // 410 Expired when that is no longer known.
  Reply<Watch> watch(const TypePtr& type, std::string_view version, std::string_view ns,
                     const ListOptions& options) const;
  // Appends at most `max` events that the watch has not seen, selectors applied (an object that begins to match is `added`,
  // one that ceases to is `removed`). 410 when it fell behind what is kept: the stream ends with that Status.
  // True: more wait.
  Reply<bool> next(Watch& watch, std::vector<Event>& out, size_t max) const;

  // --- in the process
  // The current version, or null.
  ObjectPtr find(const ResourceType& type, std::string_view ns, std::string_view name) const;
  // All of a kind, or of a kind and namespace, by namespace and name.
  std::vector<ObjectPtr> all(const ResourceType& type, std::string_view ns = {}) const;
  size_t count(const ResourceType& type) const;
  // Objects that name this uid in their ownerReferences.
  std::vector<ObjectPtr> dependents(std::string_view uid) const;

  // Hooks run in the order of their registration, each with the events since its last call; what they write is told to all
  // of them again. They may call everything above.
  using Hook = std::function<void(Store&, std::span<const Event>)>;
  void add_hook(Hook hook);
  // Called once after each outermost write, when the hooks are done: wake the watches.
  void on_commit(std::function<void()> f);
  // Runs the hooks although nothing was written (time passed, a node came).
  void settle();
  // How often settle_rounds_max stopped hooks that did not come to rest.
  uint64_t unsettled() const { return unsettled_; }

 private:
  struct Shelf {                                            // of one type
    std::map<std::string, ObjectPtr, std::less<>> objects;  // "ns/name"
    std::deque<Event> events;
    size_t event_bytes = 0;
    uint64_t forgotten = 0;  // the newest resourceVersion that was dropped
  };
  struct Draft;  // store_write.cpp: a write on its way

  Shelf& shelf(const ResourceType& type);
  const Shelf* shelf_if(const ResourceType& type) const;
  std::optional<Status> check_target(const Target& at) const;
  std::optional<Status> check_namespace(const ResourceType& type, const std::string& ns) const;

  // store_write.cpp
  std::optional<Status> admit(Draft& draft);
  std::optional<Status> decode(Draft& draft) const;
  std::optional<Status> check(Draft& draft) const;
  void carry_metadata(Draft& draft) const;
  Reply<Written> finish(Draft& draft);
  Reply<Written> replace(Draft& draft);
  Reply<Written> update_scale(const Target& at, const Json& scale, const WriteOptions& options);
  Reply<Written> apply(const Target& at, const Json& configuration, const WriteOptions& options);
  std::string new_uid() const;

  // store.cpp
  ObjectPtr commit(Event::Type what, const ObjectPtr& before, TypePtr type, Json body);
  void remember(Shelf& shelf, Event event);
  void index(const ObjectPtr& before, const ObjectPtr& after);
  ObjectPtr current(const ObjectPtr& object) const;

  // store_remove.cpp
  ObjectPtr erase(const ObjectPtr& object);
  void unregister(const ObjectPtr& crd);
  ObjectPtr mark_deleted(const ObjectPtr& object, std::vector<std::string> finalizers);
  void orphan(const ObjectPtr& owner);
  void collect(std::span<const Event> events);
  void collect_one(const Event& event);
  void drop_dangling(const ObjectPtr& dependent);
  void empty_namespace(const ObjectPtr& ns);
  bool remove_customs(const ObjectPtr& crd);

  const Clock& clock_;
  mutable RandomStream uids_;
  StoreOptions options_;
  Registry registry_;
  uint64_t resource_version_ = 0;
  uint64_t unsettled_ = 0;
  size_t total_bytes_ = 0;
  std::map<std::pair<std::string, std::string>, Shelf, std::less<>> shelves_;
  std::unordered_map<std::string, ObjectPtr> by_uid_;
  std::unordered_map<std::string, std::unordered_set<std::string>> dependents_;  // owner's uid
  std::unordered_map<std::string, size_t> in_namespace_;                         // objects of it
  AddressPool cluster_ips_;
  std::set<int64_t> node_ports_;
  std::vector<Hook> hooks_;
  std::function<void()> on_commit_;
  std::vector<Event> pending_;
  bool settling_ = false;
};

}  // namespace gateproof::kubernetes::cluster
