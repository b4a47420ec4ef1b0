// NetDatagram: a UDP socket on one loop.
#pragma once
#include "engine/env/transport.h"
#include "engine/net/event_loop.h"
#include "engine/net/socket.h"

namespace gateproof::net {

class NetDatagram final : public DatagramSocket, public Pollable {
 public:
  // `peer`: the socket is connected to it, and hears from nobody else.
  static Result<std::unique_ptr<NetDatagram>> adopt(EventLoop& loop, Fd fd,
                                                    std::optional<SocketAddress> peer = {});
  ~NetDatagram() override { close_watched(fd_); }
  IoResult try_receive(std::span<char> into, SocketAddress& from) override;
  bool try_send(std::string_view bytes, const SocketAddress& to) override;
  void close() override;
  SocketAddress local() const override { return local_address(fd_.get()); }
  void on_events(uint32_t events) override;

 protected:
  bool read_ready() const override { return ready_ || !fd_; }

 private:
  NetDatagram(Fd fd, std::optional<SocketAddress> peer, bool v6);
  Fd fd_;
  std::optional<SocketAddress> peer_;
  bool v6_;  // the socket's family: IPv4 addresses are written as IPv6 for it
  bool ready_ = true;
};

// A bound UDP socket. A wildcard address hears IPv4 and IPv6.
Result<Fd> open_datagram(const SocketAddress& at, const ListenOptions& options);

}  // namespace gateproof::net
