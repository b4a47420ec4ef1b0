// A scripted host behind TLS of its own (wire arm).
#pragma once
#include <memory>
#include <string>

#include "engine/pipeline/h1_server.h"

namespace gateproof::sim {

// PEM texts; Go's names of versions, empty: the default.
struct HostTls {
  std::string certificate, key;
  std::string
      client_authority;  // clients must prove themselves with what it signed; empty: nobody is asked
  std::string min_version, max_version;
};

// Serves one connection to its end; one whose handshake fails is closed.
Task<void> serve_secure(Env& env, std::unique_ptr<Stream> stream,
                        std::shared_ptr<const HostTls> how, pipeline::ExchangeHandler& handler,
                        pipeline::ServerOptions options);

}  // namespace gateproof::sim
