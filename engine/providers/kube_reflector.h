// Follows one resource of one namespace, or of all: a list, then a watch from it on, and a list anew when the watch cannot go on.
// Whatever fails is tried again, later and later; what is known stays meanwhile.
#pragma once
#include "engine/providers/kube_client.h"
#include "engine/providers/kube_ledger.h"

namespace gateproof::providers {

inline constexpr int kube_pages_max = 10'000;
inline constexpr int64_t kube_page_objects =
    500;  // of a list's page; fewer when a page is too large
// Pages that are read elsewhere (env/offload.h) while the next one comes.
inline constexpr size_t kube_pages_reading_max = 4;
// Between tries: the least doubles up to the most, half to one and a half of it by chance.
inline constexpr Duration kube_backoff_min = std::chrono::milliseconds(200);
inline constexpr Duration kube_backoff_max = std::chrono::seconds(30);
// A watch that went on for so long was a good one: what fails next is tried again soon.
inline constexpr Duration kube_good_watch = std::chrono::seconds(5);
// A server ends a watch after so long, the same again at most by chance; one that is silent for the second is begun anew.
inline constexpr Duration kube_watch_time = std::chrono::minutes(5);
inline constexpr Duration kube_silence_max = std::chrono::minutes(3);
// How often a watch looks whether its connection is still the one to have: a client certificate that was renewed is shown within
// this time, as client-go does within five minutes.
inline constexpr Duration kube_rotation_period = std::chrono::minutes(1);
// A kind that is not there (its CRD is absent) is looked for again; one that was there counts as gone only after this grace, since
// an API server that starts knows its CRDs a little later.
inline constexpr Duration kube_absent_retry = std::chrono::seconds(10);
inline constexpr Duration kube_absent_grace = std::chrono::seconds(10);
inline constexpr int kube_resumes_max = 5;  // tries to go on with a watch before there is a list

struct KubeSelection {
  KubeResource resource;
  std::string ns;  // "": all
  std::string label_selector;
  size_t objects_max = kube_objects_max;
};

enum class KubeLevel : uint8_t { debug, info, warn, error };

struct KubeWatcherHooks {
  std::function<void(std::vector<KubeChange>)> changed;
  std::function<void()> moved;  // state() or listing() is another
  std::function<void(KubeLevel, const std::string&)> log;
};

class KubeReflector {
 public:
  KubeReflector(KubeClient& client, KubeSelection selection, const KubeWatcherHooks& hooks);
  Task<void> run();  // endless; the reflector outlives it

  enum class State : uint8_t {
    starting,  // nothing is known yet
    listed,    // what is known was true a moment ago
    absent,    // the server has no such kind
    refused,   // we may not see it
  };
  State state() const { return state_; }
  bool listing() const { return listing_; }  // anew, with what was known before still in force
  const KubeSelection& selection() const { return selection_; }
  size_t objects() const { return ledger_.size(); }
  // That the server has, or that is asked for next.
  const std::string& version() const { return selection_.resource.versions[version_]; }
  uint64_t lists() const { return lists_; }
  uint64_t watches() const { return watches_; }

 private:
  enum class Next : uint8_t { follow, list, pause };
  enum class End : uint8_t { resume, broken, list };

  Task<Next> list();
  // nullopt: there is no such version.
  Task<std::optional<Next>> list_version(std::string version);
  KubeRequest page_request(const std::string& version, const std::string& next) const;
  Next absent();
  Next list_failed(const Error& why);
  Next list_refused(const KubeResponse& response);
  // Of a page.
  struct Items;
  struct Reading;
  std::vector<KubeObject> told(Items items);
  // Until a list is needed; true: at once.
  Task<bool> follow();
  // After a connection that was lost: whether the server may be another one now.
  Task<End> probe();
  Task<End> watch(std::string asked);
  End watch_refused(const KubeClient::Opened& opened);
  Task<End> read_events(KubeClient::Body& body, std::string asked, Instant deadline);
  // What a read of the watch's body has brought; nullopt: on with it.
  std::optional<End> take_piece(KubeEventReader& reader, const std::string& piece,
                                const std::string& asked);
  // nullopt: on to the next.
  std::optional<End> take_event(KubeEvent event, const std::string& asked,
                                std::vector<KubeChange>& changes);
  Task<void> pause();
  void enter(State state, bool listing);
  std::string target(const std::string& version) const;
  void trouble(KubeLevel level, const std::string& what);

  KubeClient& client_;
  const KubeSelection selection_;
  const KubeWatcherHooks& hooks_;
  KubeLedger ledger_;
  RandomStream random_;
  State state_ = State::starting;
  bool listing_ = false;
  size_t version_ = 0;  // of the resource's versions, that the server has
  int64_t page_objects_ = kube_page_objects;
  Duration backoff_ = kube_backoff_min;
  Duration wanted_pause_{0};  // by the server
  bool lost_ = false;         // the last watch ended before its time
  std::optional<Instant> absent_since_;
  std::optional<Instant> listed_at_;
  std::string told_;  // the trouble that was logged last
  uint64_t lists_ = 0, watches_ = 0;
};

// Follows several selections at once.
class KubeFollower {
 public:
  KubeFollower(KubeClient& client, std::vector<KubeSelection> selections, KubeWatcherHooks hooks);
  Task<void> run();  // endless; the follower outlives it

  // Each resource was listed, is absent or is refused: what was told so far is a whole.
  bool synced() const;
  // A list is under way to replace what was known.
  bool listing() const;
  const std::vector<std::unique_ptr<KubeReflector>>& reflectors() const { return reflectors_; }

 private:
  KubeClient& client_;
  const KubeWatcherHooks hooks_;
  std::vector<std::unique_ptr<KubeReflector>> reflectors_;
};

}  // namespace gateproof::providers
