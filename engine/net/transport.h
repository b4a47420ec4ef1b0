// NetTransport: TCP connections and listeners of one loop.
#pragma once
#include "engine/env/transport.h"
#include "engine/net/detours.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class NetTransport final : public Transport {
 public:
  // `detours` may be null, which is the ordinary case.
  explicit NetTransport(EventLoop& loop, const Detours* detours = nullptr)
      : loop_(loop), detours_(detours) {}
  // Code::refused, timeout, io; all with Source::upstream.
  Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress to, Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(SocketAddress at) override;
  Result<std::unique_ptr<DatagramSocket>> datagram_to(SocketAddress peer) override;

 private:
  EventLoop& loop_;
  const Detours* detours_;
};

}  // namespace gateproof::net
