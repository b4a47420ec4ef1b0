// TCP middlewares: whether a connection may go on, before a byte of it reaches a server (catalogue 3.4). One instance for each
// place in a router's list on each entry point, as in Traefik.
#pragma once
#include "engine/base/address.h"
#include "engine/config/dynamic_tcp.h"

namespace gateproof::middleware {

class TcpMiddleware {
 public:
  virtual ~TcpMiddleware() = default;
  // False: the connection is closed. `why`, if asked for, gets what was decided in words.
  virtual bool enter(const IpAddress& peer, std::string* why) = 0;
  // Once for each enter() that said yes.
  virtual void leave(const IpAddress& peer) {}

  std::string stage;  // "middleware office@file", for traces
};

// The error is Traefik's text: it disables the middleware and every router that uses it.
Result<std::shared_ptr<TcpMiddleware>> build_tcp_middleware(const std::string& name,
                                                            const config::TcpMiddlewareConfig& m);

}  // namespace gateproof::middleware
