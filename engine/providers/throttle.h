// Throttle: one provider's messages on their way to the engine, by the reference's law (catalogue 6.1).
//
// The first message is delivered at once; after each delivery nothing is delivered for the throttle duration; of the messages that
// come meanwhile only the newest stays. A message equal to the last one delivered is dropped, but only when its turn comes: it
// takes its slot like any other (measured on Traefik 3.7.15: a SIGHUP without a change delays the next change by up to 2 s).
#pragma once
#include <functional>
#include <optional>

#include "engine/config/dynamic.h"
#include "engine/env/scheduler.h"

namespace gateproof::providers {

struct Message {
  config::DynamicConfig objects;
  std::string digest;  // equal digests mean equal configurations; empty: unknown, never equal
};

class Throttle {
 public:
  using Deliver = std::function<void(config::DynamicConfig)>;
  // A duration of zero or less: every message at once. `deliver` is for offer() alone.
  Throttle(Scheduler& scheduler, Duration duration, Deliver deliver);

  void offer(Message message);
  // What is dear to make: when its turn has come `pass` makes and delivers it, unless its digest is that of the last one.
  void take_turn(std::string digest, std::function<void()> pass);
  // Messages that were dropped as equal to the one before.
  uint64_t unchanged() const { return unchanged_; }

 private:
  class Slot final : public Timer {
   public:
    Slot(Scheduler& s, Throttle& t) : Timer(s), throttle_(t) {}

   private:
    void fired() override { throttle_.slot_free(); }
    Throttle& throttle_;
  };
  void slot_free();
  struct Offer {
    std::string digest;
    std::function<void()> pass;
  };
  void pass_on(Offer offer);

  Scheduler& scheduler_;
  Duration duration_;
  Deliver deliver_;
  Slot slot_;
  std::optional<Offer> pending_;
  std::string delivered_;  // digest
  uint64_t unchanged_ = 0;
};

}  // namespace gateproof::providers
