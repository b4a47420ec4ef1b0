#include "engine/providers/throttle.h"

namespace gateproof::providers {

Throttle::Throttle(Scheduler& scheduler, Duration duration, Deliver deliver)
    : scheduler_(scheduler),
      duration_(duration),
      deliver_(std::move(deliver)),
      slot_(scheduler, *this) {}

void Throttle::offer(Message message) {
  const auto objects = std::make_shared<config::DynamicConfig>(std::move(message.objects));
  take_turn(std::move(message.digest), [this, objects] { deliver_(std::move(*objects)); });
}

void Throttle::take_turn(std::string digest, std::function<void()> pass) {
  Offer offer{std::move(digest), std::move(pass)};
  if (slot_.armed()) {
    pending_ = std::move(offer);
    return;
  }
  pass_on(std::move(offer));
}

void Throttle::slot_free() {
  if (!pending_) return;
  Offer next = std::move(*pending_);
  pending_.reset();
  pass_on(std::move(next));
}

void Throttle::pass_on(Offer offer) {
  if (duration_ > Duration::zero()) slot_.arm(scheduler_.now() + duration_);
  if (!offer.digest.empty() && offer.digest == delivered_) {
    ++unchanged_;
    return;
  }
  delivered_ = std::move(offer.digest);
  offer.pass();
}

}  // namespace gateproof::providers
