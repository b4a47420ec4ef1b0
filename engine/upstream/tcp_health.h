// One probe of a TCP server.
#pragma once
#include "engine/upstream/tcp_service.h"

namespace gateproof::upstream {

struct TcpProbe {
  TcpServer server;    // with the check's own port
  std::string send;    // "": nothing
  std::string expect;  // "": connecting is enough
};

// Empty when the server is healthy, else why it is not.
Task<std::string> probe_tcp(Env& env, const TcpProbe& probe, Duration timeout);

}  // namespace gateproof::upstream
