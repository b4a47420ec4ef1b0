#include "engine/kubernetes/cluster/watch_body.h"

#include <algorithm>

#include "engine/base/waiter_slot.h"

namespace gateproof::kubernetes::cluster {

WatchList::Seat::Seat(WatchList& list) : list_(list), after_(list.first_) {
  if (after_) after_->before_ = this;
  list.first_ = this;
  ++list.size_;
}

WatchList::Seat::~Seat() {
  (before_ ? before_->after_ : list_.first_) = after_;
  if (after_) after_->before_ = before_;
  --list_.size_;
}

void WatchList::wake() {
  for (Seat* s = first_; s; s = s->after_) {
    if (s->waiter_) s->waiter_->executor->post(*s->waiter_);
  }
}

WatchBody::WatchBody(const Store& store, WatchList& list, Watch watch, WatchTerms terms, Env& env)
    : store_(store),
      seat_(list),
      watch_(std::move(watch)),
      terms_(std::move(terms)),
      env_(env),
      end_(env.scheduler.now() + terms_.time),
      bookmark_at_(terms_.bookmarks ? env.scheduler.now() + bookmark_period : instant_max) {}

void WatchBody::append(std::string_view type, std::string_view object) {
  out_ += R"({"type":")";
  out_ += type;
  out_ += R"(","object":)";
  out_ += object;
  out_ += "}\n";
}

void WatchBody::append_bookmark(bool initial_end) {
  append("BOOKMARK", bookmark_text(terms_.shape, watch_.resource_version(), initial_end));
}

void WatchBody::fill() {
  bool more = true;
  std::vector<Event> events;
  for (size_t n = 0; more && n < watch_batch_events && out_.size() < watch_batch_bytes; ++n) {
    events.clear();
    const Reply<bool> got = store_.next(watch_, events, 1);
    for (const Event& e : events) {
      const std::string_view type = e.type == Event::added      ? "ADDED"
                                    : e.type == Event::modified ? "MODIFIED"
                                                                : "DELETED";
      append(type, object_text(*e.object, terms_.shape));
    }
    if (!got) {
      append("ERROR", to_text(got.error().to_json()));
      over_ = true;
      return;
    }
    more = *got;
  }
  if (more) return;
  if (std::exchange(terms_.says_initial_end, false)) append_bookmark(true);
  const Instant now = env_.scheduler.now();
  if (now >= bookmark_at_) {
    append_bookmark(false);
    bookmark_at_ = now + bookmark_period;
  }
  if (now >= end_) {
    if (terms_.bookmarks) append_bookmark(false);
    over_ = true;
  }
}

std::optional<Result<http::Chunk>> WatchBody::try_read() {
  out_.clear();
  if (!over_) fill();
  if (out_.empty() && !over_) {
    if (out_.capacity() > watch_idle_bytes) std::string().swap(out_);
    return std::nullopt;
  }
  return Result<http::Chunk>(http::Chunk{out_, over_});
}

Instant WatchBody::wakes_at() const { return std::min(end_, bookmark_at_); }

Task<Result<http::Chunk>> WatchBody::read() {
  Waiter& me = co_await ThisWaiter{};
  for (;;) {
    if (std::optional<Result<http::Chunk>> got = try_read()) co_return std::move(*got);
    WakeTimer timer(env_.scheduler, &me);
    timer.arm(wakes_at());
    const WaiterSlot slot(seat_.waiter_, me);
    co_await Suspend{"watch"};
  }
}

}  // namespace gateproof::kubernetes::cluster
