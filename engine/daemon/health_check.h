// `gateproofd healthcheck`: asks the ping of a running process, as `traefik healthcheck` does.
#pragma once
#include "engine/config/static.h"

namespace gateproof::daemon {

// Prints one line and returns the exit code.
int health_check(const config::StaticConfig& statics);

}  // namespace gateproof::daemon
