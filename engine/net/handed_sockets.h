// Listening sockets that come from outside: from systemd (socket activation), or from the gateproofd that this process follows,
// which hands its own over in the same form. A socket that is handed over keeps its queue: no connection is refused or lost,
// as it would be when one of two SO_REUSEPORT sockets is closed.
#pragma once
#include <string>
#include <vector>

#include "engine/base/address.h"
#include "engine/env/environment.h"
#include "engine/net/fd.h"

namespace gateproof::net {

inline constexpr int handed_first_fd = 3;  // sd_listen_fds(3)
inline constexpr int handed_fds_max = 1024;
// Names the descriptor that a predecessor listens on for our first word.
inline constexpr std::string_view ready_variable = "LISTEN_READY_FD";

class HandedSockets {
 public:
  HandedSockets() = default;
  // LISTEN_FDS and LISTEN_FDNAMES (names joined by ':', an entry point's each), if LISTEN_PID is `own_pid` or a predecessor sent
  // them. The descriptors are this object's from here on. What is no number, or no open descriptor, is left out.
  static HandedSockets from(const Environment& environment, int64_t own_pid);

  // The sockets of an entry point, listening ones (`udp`: datagram ones): a predecessor's that are bound to `at`, whatever they
  // were called there; systemd's of its name, which decide the address themselves, as in Traefik.
  std::vector<Fd> take(std::string_view name, bool udp, const SocketAddress& at);
  bool from_predecessor() const { return static_cast<bool>(ready_); }
  // Tells the predecessor that connections are served here now.
  void say_ready();
  // What nobody took is closed; returns the names.
  std::vector<std::string> close_rest();

 private:
  struct Socket {
    std::string name;
    Fd fd;
  };
  std::vector<Socket> sockets_;
  Fd ready_;
};

}  // namespace gateproof::net
