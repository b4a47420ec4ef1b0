// NetTransport: TCP connections and listeners of one loop.
#pragma once
#include "engine/env/transport.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class NetTransport final : public Transport {
 public:
  explicit NetTransport(EventLoop& loop) : loop_(loop) {}
  // Code::refused, timeout, io; all with Source::upstream.
  Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress to, Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(SocketAddress at) override;

 private:
  EventLoop& loop_;
};

}  // namespace gateproof::net
