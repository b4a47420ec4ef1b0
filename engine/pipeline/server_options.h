// An entry point's limits and deadlines as the server loop takes them: one reading for the wire and socket arms.
#pragma once
#include "engine/config/static.h"
#include "engine/pipeline/h1_server.h"

namespace gateproof::pipeline {

ServerOptions server_options(const config::EntryPointConfig& entry_point);

}  // namespace gateproof::pipeline
