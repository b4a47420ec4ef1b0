// RequestMirror of the Gateway API: a share of the requests goes to another service as well. The copy leaves as soon as the
// request is known whole, which is before the answer; what it is answered is read and dropped.
#include <mutex>

#include "engine/middleware/route_filters.h"
#include "engine/upstream/body_end.h"
#include "engine/upstream/replay.h"

namespace gateproof::middleware {
namespace {

constexpr Duration mirror_time_max = std::chrono::minutes(1);  // of one copy, its answer included

struct Copy {
  Copy(Env& e, std::shared_ptr<std::atomic<size_t>> counter)
      : env(e), under_way(std::move(counter)) {
    ++*under_way;
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() { --*under_way; }

  Env& env;
  std::shared_ptr<std::atomic<size_t>> under_way;
  http::Origin* origin = nullptr;
  std::string_view entry_point;        // lives in the snapshot
  std::shared_ptr<const void> pinned;  // the snapshot
  upstream::RecordedRequest request;
  std::shared_ptr<http::Handler> to;
};

Task<bool> ask(std::shared_ptr<Copy> copy) {
  http::Exchange x(copy->env);
  copy->request.restore(x);
  x.origin = copy->origin;
  x.entry_point = copy->entry_point;
  x.pinned = copy->pinned;
  co_await copy->to->handle(x);
  for (bool last = false; !last;) {
    const Result<http::Chunk> chunk = co_await x.response.body.read();
    last = !chunk || chunk->last;
  }
  co_return true;
}

Task<void> send(std::shared_ptr<Copy> copy) {
  Scheduler& scheduler = copy->env.scheduler;
  co_await with_deadline(scheduler, scheduler.now() + mirror_time_max, ask(copy));
}

void start(std::shared_ptr<Copy> copy) {
  Scheduler& scheduler = copy->env.scheduler;
  scheduler.spawn("mirror", send(std::move(copy)));
}

// A request's body on its way to the server, written down meanwhile. A copy whose body is cut short, or too long, is not sent.
class TeeBody final : public upstream::ObservedBody {
 public:
  TeeBody(http::Body inner, bool told, std::shared_ptr<Copy> copy)
      : ObservedBody(std::move(inner)), told_(told), copy_(std::move(copy)) {}

 private:
  void look(const Result<http::Chunk>& chunk) override {
    if (!copy_) return;
    if (!chunk || bytes_.size() + chunk->data.size() > mirrored_body_bytes_max) {
      copy_.reset();
      return;
    }
    bytes_ += chunk->data;
    if (!chunk->last) return;
    copy_->request.set_body(std::move(bytes_), told_);
    start(std::move(copy_));
  }
  const bool told_;  // the length
  std::shared_ptr<Copy> copy_;
  std::string bytes_;
};

class Mirror final : public SyncFilter {
 public:
  explicit Mirror(MirrorTarget target) : target_(std::move(target)) {}

  Flow on_request(Exchange& x) override {
    if (x.look_beyond || !due()) return Flow::next;
    if (under_way_->load() >= route_mirrors_max) {
      if (x.trace) x.note(stage, "mirror", "none: too many copies are under way");
      return Flow::next;
    }
    if (x.trace) x.note(stage, "mirror", "a copy to " + target_.name);
    auto copy = std::make_shared<Copy>(*x.env, under_way_);
    copy->origin = x.origin;
    copy->entry_point = x.entry_point;
    copy->pinned = x.pinned;
    copy->to = target_.handler;
    copy->request.take_head(x);
    http::Body& body = x.request.body;
    if (!body.streaming()) {
      if (body.bytes().size() > mirrored_body_bytes_max) return Flow::next;
      copy->request.set_body(std::string(body.bytes()), body.length().has_value());
      start(std::move(copy));
      return Flow::next;
    }
    const std::optional<uint64_t> length = body.length();
    if (length && *length > mirrored_body_bytes_max) return Flow::next;
    auto tee = std::make_unique<TeeBody>(std::move(body), length.has_value(), std::move(copy));
    body = http::Body::stream(std::move(tee), length);
    return Flow::next;
  }

 private:
  // Shares are exact: the mirror gets a request whenever it is behind its share.
  bool due() {
    const std::lock_guard lock(mutex_);
    ++total_;
    const double share = static_cast<double>(target_.numerator) /
                         static_cast<double>(std::max<int64_t>(target_.denominator, 1));
    if (static_cast<double>(sent_) >= static_cast<double>(total_) * share) return false;
    ++sent_;
    return true;
  }

  MirrorTarget target_;
  std::mutex mutex_;
  uint64_t total_ = 0, sent_ = 0;
  std::shared_ptr<std::atomic<size_t>> under_way_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace

std::unique_ptr<Middleware> route_mirror(MirrorTarget target) {
  return std::make_unique<Mirror>(std::move(target));
}

}  // namespace gateproof::middleware
