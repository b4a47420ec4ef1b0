// Env: what a World is made of. Nothing in it is reachable without a parameter.
#pragma once
#include <atomic>
#include <string>

#include "engine/env/random.h"
#include "engine/env/transport.h"

namespace gateproof {

struct Env {
  Scheduler& scheduler;  // this thread's
  const Clock& clock;
  Random& random;
  Transport& transport;
  Resolver& resolver;
  std::string host_name;  // for X-Forwarded-Server
};

}  // namespace gateproof
