// The body of a watch: one JSON event to a line, for as long as the watch lasts.
#pragma once
#include "engine/env/env.h"
#include "engine/http/body.h"
#include "engine/kubernetes/cluster/answers.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t watches_max = 10'000;      // at once; 429 beyond
inline constexpr size_t watch_batch_events = 256;  // rendered at a time
// Behind so many bytes no further event is rendered until these have been written: with one event more the most that a client
// that does not read costs. What it has not read waits in the store, which forgets it in the end (StoreLimits::event_bytes_per_type_max).
inline constexpr size_t watch_batch_bytes = 1u << 20;
inline constexpr size_t watch_idle_bytes = 16u << 10;  // room that a watch keeps while it waits
inline constexpr Duration watch_time_default = std::chrono::minutes(30);
inline constexpr Duration watch_time_max = std::chrono::hours(24);
inline constexpr Duration bookmark_period = std::chrono::minutes(1);

// The watches under way, woken when something was committed.
class WatchList {
 public:
  class Seat {
   public:
    explicit Seat(WatchList& list);
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat();

   private:
    friend class WatchList;
    friend class WatchBody;
    WatchList& list_;
    Seat* before_ = nullptr;
    Seat* after_ = nullptr;
    Waiter* waiter_ = nullptr;
  };
  void wake();
  size_t size() const { return size_; }

 private:
  Seat* first_ = nullptr;
  size_t size_ = 0;
};

struct WatchTerms {
  Shape shape;  // of the objects in events
  Duration time = watch_time_default;
  bool bookmarks = false;
  bool says_initial_end = false;  // sendInitialEvents: a bookmark behind the objects there are
};

class WatchBody final : public http::BodySource {
 public:
  // Store and list outlive the body.
  WatchBody(const Store& store, WatchList& list, Watch watch, WatchTerms terms, Env& env);
  std::optional<Result<http::Chunk>> try_read() override;
  Task<Result<http::Chunk>> read() override;

 private:
  void fill();
  void append(std::string_view type, std::string_view object);
  void append_bookmark(bool initial_end);
  Instant wakes_at() const;

  const Store& store_;
  WatchList::Seat seat_;
  Watch watch_;
  WatchTerms terms_;
  Env& env_;
  Instant end_;
  Instant bookmark_at_;
  std::string out_;
  bool over_ = false;
};

}  // namespace gateproof::kubernetes::cluster
