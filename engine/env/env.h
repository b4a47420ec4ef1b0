// Env: what a World is made of. Nothing in it is reachable without a parameter.
#pragma once
#include <atomic>
#include <string>

#include "engine/env/loop_store.h"
#include "engine/env/offload.h"
#include "engine/env/random.h"
#include "engine/env/transport.h"

namespace gateproof {

struct Env {
  Scheduler& scheduler;  // this thread's
  const Clock& clock;
  Random& random;
  Transport& transport;
  Resolver& resolver;
  std::string host_name;                // for X-Forwarded-Server
  Offload& offload = inline_offload();  // where long work is done
  LoopStore store{};                    // this loop's part of what all loops share
};

}  // namespace gateproof
