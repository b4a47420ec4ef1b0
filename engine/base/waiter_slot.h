// The place where one who waits is found, taken for as long as he waits: cleared also when his frame is destroyed.
#pragma once
#include "engine/base/task.h"

namespace gateproof {

class WaiterSlot {
 public:
  WaiterSlot(Waiter*& place, Waiter& waiter) : place_(place) { place_ = &waiter; }
  WaiterSlot(const WaiterSlot&) = delete;
  WaiterSlot& operator=(const WaiterSlot&) = delete;
  ~WaiterSlot() { place_ = nullptr; }

 private:
  Waiter*& place_;
};

}  // namespace gateproof
