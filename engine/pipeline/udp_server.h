// UDP sessions of one listening socket: each client ip:port gets a server and an upstream socket of its own, until nothing has
// come from either side for the entry point's udp.timeout (catalogue 1.10 step 6, 2.1). One per event loop and entry point.
#pragma once
#include <deque>
#include <functional>

#include "engine/env/env.h"
#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {

// Sessions of one listening socket at once; a datagram that would need one more is dropped.
inline constexpr size_t udp_sessions_max = 4096;
// Datagrams that wait while a session's server is looked up; further ones are dropped.
inline constexpr size_t udp_queued_datagrams_max = 64;

// Why a datagram was dropped.
enum class UdpDrop : uint8_t {
  no_server,      // no router, or nobody behind it
  sessions_max,   // udp_sessions_max
  datagrams_max,  // udp_queued_datagrams_max
};

class UdpServer {
 public:
  struct Counters {
    uint64_t opened = 0;   // sessions
    uint64_t refused = 0;  // datagrams without a session: the limit, no router, no server
    uint64_t dropped = 0;  // datagrams that came while too many waited
  };
  // `snapshot` gives the current one for each new session. All but the socket outlive this.
  UdpServer(Env& env, std::unique_ptr<DatagramSocket> socket, std::string entry_point,
            Duration timeout, std::function<std::shared_ptr<const Snapshot>()> snapshot,
            size_t sessions_max = udp_sessions_max);
  UdpServer(const UdpServer&) = delete;
  UdpServer& operator=(const UdpServer&) = delete;
  ~UdpServer();

  // Told of each datagram that is dropped; before run().
  void on_drop(std::function<void(UdpDrop)> told) { told_ = std::move(told); }
  // Until close(). Its task must be over, or destroyed, before this is.
  Task<void> run();
  void close() { socket_->close(); }
  // Hears no more: another process that has the socket does. Sessions go on answering their clients.
  void retire() { retired_ = true; }
  size_t sessions() const { return sessions_.size(); }
  const Counters& counters() const { return counters_; }
  SocketAddress local() const { return socket_->local(); }

 private:
  struct Session;
  void received(const SocketAddress& from, std::string_view bytes);
  void drop(uint64_t& counter, UdpDrop why);
  Task<void> serve(Session& session);
  Task<bool> open(Session& session);
  Task<void> until_idle(Session& session);
  Task<void> answers(Session& session);

  Env& env_;
  std::unique_ptr<DatagramSocket> socket_;
  std::string entry_point_;
  Duration timeout_;
  std::function<std::shared_ptr<const Snapshot>()> snapshot_;
  size_t sessions_max_;
  std::function<void(UdpDrop)> told_;
  bool retired_ = false;
  Counters counters_;
  std::map<SocketAddress, std::unique_ptr<Session>> sessions_;
  std::vector<char> buffer_;  // of what clients send
  std::vector<char>
      answer_;  // of what servers send: none waits in it, so that sessions hold no buffer
};

}  // namespace gateproof::pipeline
