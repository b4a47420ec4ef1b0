#include "engine/net/transport.h"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "engine/net/datagram.h"
#include "engine/net/listener.h"
#include "engine/net/socket.h"
#include "engine/net/stream.h"

namespace gateproof::net {

namespace {
Error dial_error(const SocketAddress& to, int error_number) {
  return Error(code_of_errno(error_number), Source::upstream,
               errno_text("dial tcp " + to.to_string(), error_number));
}
}  // namespace

Task<Result<std::unique_ptr<Stream>>> NetTransport::connect(SocketAddress to, Instant deadline) {
  if (detours_) to = detours_->real(to);
  Fd fd(::socket(to.ip.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return dial_error(to, errno);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_keep_alive(fd.get(), keep_alive_dialled_seconds);
  const RawAddress raw = to_raw(to);
  // Registered after connect: an unconnected socket would report a hang-up at once.
  if (::connect(fd.get(), raw.get(), raw.length) != 0 && errno != EINPROGRESS && errno != EINTR) {
    co_return dial_error(to, errno);
  }
  Result<std::unique_ptr<NetStream>> made =
      NetStream::adopt(loop_, std::move(fd), to, SocketAddress{}, NetStream::State::connecting);
  if (!made) co_return made.error();
  std::unique_ptr<NetStream> stream = std::move(*made);
  const Wake wake = co_await stream->writable(deadline);
  if (wake == Wake::timeout) co_return dial_error(to, ETIMEDOUT);
  if (const int error_number = stream->take_error()) co_return dial_error(to, error_number);
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Result<std::unique_ptr<Listener>> NetTransport::listen(SocketAddress at) {
  Result<Fd> fd = open_listener(at, {});
  if (!fd) return fd.error();
  Result<std::unique_ptr<NetListener>> listener = NetListener::adopt(loop_, std::move(*fd));
  if (!listener) return listener.error();
  return std::unique_ptr<Listener>(std::move(*listener));
}

Result<std::unique_ptr<DatagramSocket>> NetTransport::datagram_to(SocketAddress peer) {
  if (detours_) peer = detours_->real(peer);
  Fd fd(::socket(peer.ip.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const RawAddress raw = to_raw(peer);
  if (!fd || ::connect(fd.get(), raw.get(), raw.length) != 0) {
    return Error(Code::io, Source::upstream, errno_text("dial udp " + peer.to_string(), errno));
  }
  auto made = NetDatagram::adopt(loop_, std::move(fd), peer);
  if (!made) return made.error();
  return std::unique_ptr<DatagramSocket>(std::move(*made));
}

}  // namespace gateproof::net
