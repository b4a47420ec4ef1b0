// Socket addresses and options of the system, in the engine's terms.
#pragma once
#include <sys/socket.h>

#include "engine/base/address.h"
#include "engine/net/fd.h"

namespace gateproof::net {

inline constexpr int keep_alive_accepted_seconds =
    180;  // catalogue 2.1: TCP keep-alive, period 3 minutes
inline constexpr int keep_alive_dialled_seconds = 30;  // Traefik's dialer
inline constexpr int listen_backlog =
    4096;  // connections; the system caps it at net.core.somaxconn

struct RawAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};
RawAddress to_raw(const SocketAddress& address);
// An IPv4 address in IPv6 clothes becomes IPv4; other families give 0.0.0.0:0.
SocketAddress from_raw(const sockaddr_storage& storage);

SocketAddress local_address(int fd);
void set_option(int fd, int level, int name, int value);
// Turns on TCP keep-alive with this idle time and interval.
void set_keep_alive(int fd, int seconds);

struct ListenOptions {
  bool reuse_port = false;  // the entry point's reusePort: other processes may share the port
  bool share = false;       // more listening sockets of ours will follow on the same address
  bool join = false;        // this is such a further socket
};
// A listening socket. A wildcard address listens on IPv4 and IPv6, as Go's net package does. Accepted connections inherit
// TCP_NODELAY and keep-alive from it, which saves four system calls per connection.
Result<Fd> open_listener(const SocketAddress& at, const ListenOptions& options);

}  // namespace gateproof::net
