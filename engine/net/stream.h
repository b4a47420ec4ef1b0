// NetStream: a connected TCP socket.
#pragma once
#include <atomic>

#include "engine/env/transport.h"
#include "engine/net/event_loop.h"

namespace gateproof::net {

class NetStream;

// The open connections of one entry point on one loop; a stream leaves it when it is destroyed.
class StreamList {
 public:
  // `total`: counted up and down as well (the process's connections); outlives the list.
  explicit StreamList(std::atomic<size_t>& total) : total_(total) {}
  StreamList(const StreamList&) = delete;
  StreamList& operator=(const StreamList&) = delete;
  ~StreamList();
  void add(NetStream& stream);
  size_t size() const { return size_; }
  NetStream* first() const { return first_; }

 private:
  friend class NetStream;
  void remove(NetStream& stream);
  std::atomic<size_t>& total_;
  NetStream* first_ = nullptr;
  size_t size_ = 0;
};

class NetStream final : public Stream, public Pollable {
 public:
  static constexpr size_t pieces_per_write_max = 64;  // pieces given to one sendmsg

  enum class State : uint8_t { connecting, connected };
  // Registers the socket with the loop. `peer` and `local` as known; a local port of 0 is asked for when needed.
  static Result<std::unique_ptr<NetStream>> adopt(EventLoop& loop, Fd fd, const SocketAddress& peer,
                                                  const SocketAddress& local, State state);
  ~NetStream() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  void shutdown_write() override;
  void close() override;
  void set_keep_alive(Duration period) override;
  SocketAddress peer() const override { return peer_; }
  SocketAddress local() const override;
  bool ended() const override { return input_ended_ || !fd_; }
  void on_events(uint32_t events) override;

  // Whether the connection waits for a request, and since when; kept by the server, read by its drain.
  void set_idle(bool on, bool fresh);
  bool idle_for(Duration d, Instant now) const { return idle_ && now - idle_since_ >= d; }
  // It waits for its first request. (Bytes tell nothing: they may be a TLS handshake's.)
  bool fresh() const { return fresh_; }
  Instant born() const { return born_; }
  NetStream* next_in_list() const { return next_; }
  // Makes the next read find the end, unless bytes have arrived already: they are a request, and it is served.
  void end_if_silent();
  // SO_ERROR: how a connect ended.
  int take_error();

 protected:
  bool read_ready() const override { return read_ready_ || !fd_; }
  bool write_ready() const override { return write_ready_ || !fd_; }

 private:
  friend class StreamList;
  NetStream(EventLoop& loop, Fd fd, const SocketAddress& peer, const SocketAddress& local,
            State state);

  Fd fd_;
  // Edge-triggered: true until a call has said otherwise.
  bool read_ready_;
  bool write_ready_;
  bool input_ended_ =
      false;  // the peer's FIN or a hang-up was reported: a short read does not mean "drained" any more
  bool used_ = false;
  bool idle_ = false;
  bool fresh_ = true;
  Instant born_;
  Instant idle_since_{};
  SocketAddress peer_;
  mutable SocketAddress local_;
  StreamList* list_ = nullptr;
  NetStream* previous_ = nullptr;
  NetStream* next_ = nullptr;
};

}  // namespace gateproof::net
