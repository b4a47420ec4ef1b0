// One connection that speaks HTTP, whichever version: over TLS as ALPN has settled it, on a plain stream HTTP/2 when its preface
// comes (prior knowledge), else HTTP/1. An Upgrade to h2c is not answered (Traefik does not either, and RFC 9113 dropped it).
#pragma once
#include "engine/pipeline/h1_server.h"

namespace gateproof::pipeline {

// Who takes what is no HTTP on an entry point where nothing else is expected.
class OtherProtocols {
 public:
  // A connection whose first bytes, in start.early, are a TLS record.
  virtual Task<void> serve_tls(std::unique_ptr<Stream> stream, std::string early) = 0;

 protected:
  ~OtherProtocols() = default;
};

// `other` null: TLS is no HTTP.
Task<void> serve_http(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                      ServerOptions options, ConnectionStart start = {},
                      OtherProtocols* other = nullptr);

}  // namespace gateproof::pipeline
