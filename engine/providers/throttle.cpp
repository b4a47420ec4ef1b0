#include "engine/providers/throttle.h"

namespace gateproof::providers {

Throttle::Throttle(Scheduler& scheduler, Duration duration, Deliver deliver)
    : scheduler_(scheduler),
      duration_(duration),
      deliver_(std::move(deliver)),
      slot_(scheduler, *this) {}

void Throttle::offer(Message message) {
  if (slot_.armed()) {
    pending_ = std::move(message);
    return;
  }
  pass_on(std::move(message));
}

void Throttle::slot_free() {
  if (!pending_) return;
  Message next = std::move(*pending_);
  pending_.reset();
  pass_on(std::move(next));
}

void Throttle::pass_on(Message message) {
  if (duration_ > Duration::zero()) slot_.arm(scheduler_.now() + duration_);
  if (!message.digest.empty() && message.digest == delivered_) {
    ++unchanged_;
    return;
  }
  delivered_ = std::move(message.digest);
  deliver_(std::move(message.objects));
}

}  // namespace gateproof::providers
