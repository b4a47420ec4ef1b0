// The virtual network: listeners by address and in-memory streams between them, with a latency and a segment size, so that bytes
// arrive late and cut as on a real network.
#pragma once
#include <deque>
#include <map>

#include "engine/env/transport.h"

namespace gateproof::sim {

struct LinkOptions {
  Duration latency{0};               // from write to readable
  size_t segment_bytes_max = 65536;  // a read gives at most one segment
  size_t window_bytes = 262144;      // unread bytes before writing blocks
};

// One direction of a connection.
struct Pipe {
  struct Segment {
    Instant arrives;
    std::string bytes;
    size_t offset = 0;
  };
  std::deque<Segment> segments;
  size_t unread = 0;
  bool ended = false;  // the writer's end, after what is in segments
  Instant end_arrives{};
  bool broken = false;  // reset
};

class SimStream final : public Stream {
 public:
  SimStream(Scheduler& s, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, LinkOptions link,
            SocketAddress local, SocketAddress peer);
  ~SimStream() override;
  static void join(SimStream& a, SimStream& b);

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  void shutdown_write() override;
  void close() override;
  SocketAddress peer() const override { return peer_; }
  SocketAddress local() const override { return local_; }
  bool ended() const override;

 protected:
  bool read_ready() const override;
  bool write_ready() const override;

 private:
  struct Arrival final : Timer {
    Arrival(Scheduler& s, SimStream& owner) : Timer(s), owner(owner) {}
    SimStream& owner;
    void fired() override { owner.notify_readable(); }
  };
  void expect(Instant arrives);

  std::shared_ptr<Pipe> in_, out_;
  LinkOptions link_;
  SocketAddress local_, peer_;
  SimStream* other_ = nullptr;
  Arrival arrival_;
};

// Both ends of a new connection.
std::pair<std::unique_ptr<SimStream>, std::unique_ptr<SimStream>> make_pair(Scheduler& s,
                                                                            SocketAddress client,
                                                                            SocketAddress server,
                                                                            LinkOptions link);

class SimTransport;

class SimDatagramSocket final : public DatagramSocket {
 public:
  SimDatagramSocket(SimTransport& net, SocketAddress local);
  ~SimDatagramSocket() override;
  IoResult try_receive(std::span<char> into, SocketAddress& from) override;
  bool try_send(std::string_view bytes, const SocketAddress& to) override;
  void close() override;
  SocketAddress local() const override { return local_; }

 protected:
  bool read_ready() const override;

 private:
  friend class SimTransport;
  struct Arrival final : Timer {
    Arrival(Scheduler& s, SimDatagramSocket& owner) : Timer(s), owner(owner) {}
    SimDatagramSocket& owner;
    void fired() override { owner.notify_readable(); }
  };
  struct Datagram {
    Instant arrives;
    SocketAddress from;
    std::string bytes;
  };
  void deliver(Datagram d);

  SimTransport& net_;
  SocketAddress local_;
  std::deque<Datagram> queue_;
  Arrival arrival_;
  bool closed_ = false;
};

// What happens when somebody connects to an address.
using AcceptFunction = std::function<void(std::unique_ptr<Stream>)>;

class SimTransport final : public Transport {
 public:
  explicit SimTransport(Scheduler& s) : scheduler_(s) {}
  LinkOptions link;

  void serve(SocketAddress at, AcceptFunction accept) { hosts_[at] = std::move(accept); }
  void stop(SocketAddress at) { hosts_.erase(at); }

  // Nobody there: Code::refused at once.
  Task<Result<std::unique_ptr<Stream>>> connect(SocketAddress to, Instant deadline) override;
  Result<std::unique_ptr<Listener>> listen(SocketAddress at) override;
  Result<std::unique_ptr<DatagramSocket>> datagram_to(SocketAddress peer) override;
  // A socket at a chosen address; nobody else may have it.
  std::unique_ptr<SimDatagramSocket> datagram_at(SocketAddress at) {
    return std::make_unique<SimDatagramSocket>(*this, at);
  }

 private:
  friend class SimDatagramSocket;
  Scheduler& scheduler_;
  std::map<SocketAddress, SimDatagramSocket*> datagrams_;
  std::map<SocketAddress, AcceptFunction> hosts_;
  uint16_t next_port_ = 40000;
};

}  // namespace gateproof::sim
