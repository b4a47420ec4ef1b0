// NetStream: a connected TCP socket.
#pragma once
#include "engine/env/transport.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class NetStream final : public Stream, public Pollable {
 public:
  static constexpr size_t pieces_per_write_max = 64;  // pieces given to one sendmsg

  enum class State : uint8_t { connecting, connected };
  // Registers the socket with the loop. `peer` and `local` as known; a local port of 0 is asked for when needed.
  static Result<std::unique_ptr<NetStream>> adopt(EventLoop& loop, Fd fd, const SocketAddress& peer,
                                                  const SocketAddress& local, State state);
  ~NetStream() override = default;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  void shutdown_write() override;
  void close() override;
  SocketAddress peer() const override { return peer_; }
  SocketAddress local() const override;
  bool ended() const override { return input_ended_ || !fd_; }
  void on_events(uint32_t events) override;

  // Bytes received so far: tells an idle connection from one whose request has begun.
  uint64_t bytes_read() const { return bytes_read_; }
  // Makes the next read find the end once what has arrived is read (drain).
  void end_input();
  // SO_ERROR: how a connect ended.
  int take_error();

 protected:
  bool read_ready() const override { return read_ready_ || !fd_; }
  bool write_ready() const override { return write_ready_ || !fd_; }

 private:
  NetStream(EventLoop& loop, Fd fd, const SocketAddress& peer, const SocketAddress& local, State state);

  Fd fd_;
  // Edge-triggered: true until a call has said otherwise.
  bool read_ready_;
  bool write_ready_;
  bool input_ended_ = false;  // the peer's FIN or a hang-up was reported: a short read does not mean "drained" any more
  uint64_t bytes_read_ = 0;
  SocketAddress peer_;
  mutable SocketAddress local_;
};

}  // namespace gateproof::net
