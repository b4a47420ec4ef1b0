#include "engine/net/datagram.h"

#include <cerrno>

#include <netinet/in.h>

namespace gateproof::net {

NetDatagram::NetDatagram(Fd fd, std::optional<SocketAddress> peer, bool v6)
    : fd_(std::move(fd)), peer_(peer), v6_(v6) {}

Result<std::unique_ptr<NetDatagram>> NetDatagram::adopt(EventLoop& loop, Fd fd,
                                                        std::optional<SocketAddress> peer) {
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  const bool v6 = ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &length) == 0 &&
                  own.ss_family == AF_INET6;
  std::unique_ptr<NetDatagram> made(new NetDatagram(std::move(fd), peer, v6));
  const Result<void> added = loop.add(made->fd_.get(), *made);
  if (!added) return added.error();
  return made;
}

IoResult NetDatagram::try_receive(std::span<char> into, SocketAddress& from) {
  for (;;) {
    if (!fd_) return {IoResult::failed, 0, Code::canceled};
    if (!ready_) return {};
    RawAddress raw;
    raw.length = sizeof raw.storage;
    const ssize_t n = ::recvfrom(fd_.get(), into.data(), into.size(), 0, raw.get(), &raw.length);
    if (n >= 0) {
      from = peer_ ? *peer_ : from_raw(raw.storage);
      return {IoResult::bytes, static_cast<size_t>(n)};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      ready_ = false;
      return {};
    }
    // What an ICMP message says of one datagram ends a socket with one peer, and nothing for one that many speak to.
    if (peer_) return {IoResult::failed, 0, code_of_errno(errno)};
  }
}

bool NetDatagram::try_send(std::string_view bytes, const SocketAddress& to) {
  if (!fd_) return false;
  if (peer_) return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
  SocketAddress where = to;
  if (v6_ && !where.ip.v6) {
    const IpAddress v4 = where.ip;
    where.ip = IpAddress{};
    where.ip.v6 = true;
    where.ip.bytes[10] = where.ip.bytes[11] = 0xFF;
    std::copy_n(v4.bytes.begin(), 4, where.ip.bytes.begin() + 12);
  }
  const RawAddress raw = to_raw(where);
  return ::sendto(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, raw.get(), raw.length) >= 0;
}

void NetDatagram::close() {
  close_watched(fd_);
  notify_readable();
}

void NetDatagram::on_events(uint32_t) {
  ready_ = true;
  notify_readable();
}

Result<Fd> open_datagram(const SocketAddress& at, const ListenOptions& options) {
  const bool any =
      std::all_of(at.ip.bytes.begin(), at.ip.bytes.end(), [](uint8_t b) { return b == 0; });
  SocketAddress where = at;
  if (any) where.ip.v6 = true;
  Fd fd(::socket(where.ip.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EAFNOSUPPORT && any) {  // a machine without IPv6
    where.ip.v6 = false;
    fd = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  const auto failed = [&](std::string_view call) {
    Error e(Code::io, errno_text("listen udp " + at.to_string() + ": " + std::string(call), errno));
    e.remedy = "end whoever listens there, or choose another address";
    return e;
  };
  if (!fd) return failed("socket");
  if (where.ip.v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, any ? 0 : 1);
  if (options.reuse_port || options.join) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  const RawAddress raw = to_raw(where);
  if (::bind(fd.get(), raw.get(), raw.length) != 0) return failed("bind");
  if (options.share) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  return fd;
}

}  // namespace gateproof::net
