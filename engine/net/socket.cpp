#include "engine/net/socket.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace gateproof::net {

RawAddress to_raw(const SocketAddress& address) {
  RawAddress raw;
  if (address.ip.v6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, address.ip.bytes.data(), 16);
    std::memcpy(&raw.storage, &in, sizeof in);
    raw.length = sizeof in;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.ip.bytes.data(), 4);
    std::memcpy(&raw.storage, &in, sizeof in);
    raw.length = sizeof in;
  }
  return raw;
}

SocketAddress from_raw(const sockaddr_storage& storage) {
  SocketAddress address;
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    std::memcpy(address.ip.bytes.data(), &in.sin_addr, 4);
    address.port = ntohs(in.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof in);
    std::memcpy(address.ip.bytes.data(), &in.sin6_addr, 16);
    address.ip.v6 = true;
    address.ip = address.ip.unmapped();
    address.port = ntohs(in.sin6_port);
  }
  return address;
}

SocketAddress local_address(int fd) {
  RawAddress raw;
  raw.length = sizeof raw.storage;
  if (::getsockname(fd, raw.get(), &raw.length) != 0) return {};
  return from_raw(raw.storage);
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void set_keep_alive(int fd, int seconds) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
}

namespace {

Error listen_error(const SocketAddress& at, std::string_view call, int error_number) {
  Error e(Code::io,
          errno_text("listen tcp " + at.to_string() + ": " + std::string(call), error_number));
  if (error_number == EADDRINUSE) {
    e.remedy =
        "another process listens there: end it, choose another address, or set reusePort on both";
  } else if (error_number == EACCES) {
    e.remedy = "ports below 1024 need CAP_NET_BIND_SERVICE: grant it, or choose a higher port";
  } else if (error_number == EADDRNOTAVAIL) {
    e.remedy = "no interface has this address: leave the host out to listen on all of them";
  } else if (out_of_resources(error_number)) {
    e.remedy = "raise the limit of open files (ulimit -n)";
  }
  return e;
}

bool wildcard(const IpAddress& ip) {
  return std::all_of(ip.bytes.begin(), ip.bytes.end(), [](uint8_t b) { return b == 0; });
}

}  // namespace

Result<Fd> open_listener(const SocketAddress& at, const ListenOptions& options) {
  SocketAddress where = at;
  if (wildcard(at.ip)) where.ip.v6 = true;
  Fd fd(::socket(where.ip.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EAFNOSUPPORT && wildcard(at.ip)) {  // a machine without IPv6
    where.ip.v6 = false;
    fd = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!fd) return listen_error(at, "socket", errno);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (where.ip.v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, wildcard(at.ip) ? 0 : 1);
  if (options.reuse_port || options.join) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_keep_alive(fd.get(), keep_alive_accepted_seconds);
  const RawAddress raw = to_raw(where);
  if (::bind(fd.get(), raw.get(), raw.length) != 0) return listen_error(at, "bind", errno);
  // Only after bind: a port held by anybody else is refused first, although our own sockets then share it.
  if (options.share) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (::listen(fd.get(), listen_backlog) != 0) return listen_error(at, "listen", errno);
  return fd;
}

}  // namespace gateproof::net
