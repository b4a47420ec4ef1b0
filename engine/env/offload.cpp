#include "engine/env/offload.h"

namespace gateproof {

Offload& inline_offload() {
  struct Inline final : Offload {
    bool start(std::function<void()> work, std::function<void()> done) override {
      work();
      done();
      return true;
    }
  };
  static Inline at_once;
  return at_once;
}

}  // namespace gateproof
