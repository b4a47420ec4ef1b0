// NetListener: a listening socket on one loop.
#pragma once
#include "engine/env/transport.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class NetListener final : public Listener, public Pollable {
 public:
  // How long accepting rests when the process has no descriptor left; a level-triggered loop would spin instead.
  static constexpr Duration pause_without_descriptors = std::chrono::milliseconds(50);

  static Result<std::unique_ptr<NetListener>> adopt(EventLoop& loop, Fd listening);
  ~NetListener() override { close_watched(fd_); }

  // Code::canceled after close().
  Task<Result<std::unique_ptr<Stream>>> accept() override;
  // Without waiting. nullopt: nothing is queued. Code::limit: no descriptor left.
  std::optional<Result<std::unique_ptr<Stream>>> try_accept();
  SocketAddress local() const override { return local_; }
  void on_events(uint32_t events) override;

  void close();
  // How often accepting had to rest for want of descriptors.
  uint64_t pauses() const { return pauses_; }

 private:
  NetListener(EventLoop& loop, Fd fd);
  EventLoop& loop_;
  Fd fd_;
  SocketAddress local_;
  bool any_address_ = false;  // connections have other local addresses than the socket
  bool ready_ = true;
  uint64_t pauses_ = 0;
  Waiter* waiter_ = nullptr;
};

}  // namespace gateproof::net
