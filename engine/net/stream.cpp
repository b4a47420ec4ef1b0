#include "engine/net/stream.h"

#include <cerrno>

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "engine/net/socket.h"

namespace gateproof::net {

namespace {
IoResult failed(int error_number) { return {IoResult::failed, 0, code_of_errno(error_number)}; }
}  // namespace

NetStream::NetStream(EventLoop& loop, Fd fd, const SocketAddress& peer, const SocketAddress& local,
                     State state)
    : Stream(loop.scheduler()),
      fd_(std::move(fd)),
      // A client usually sends with its handshake's last segment, so an accepted socket is worth one try; a socket that we
      // connected has nothing to read before we wrote.
      read_ready_(state == State::connected),
      write_ready_(state == State::connected),
      born_(loop.clock().now()),
      peer_(peer),
      local_(local) {}

NetStream::~NetStream() {
  close_watched(fd_);
  if (list_) list_->remove(*this);
}

void StreamList::add(NetStream& stream) {
  stream.list_ = this;
  stream.next_ = first_;
  if (first_) first_->previous_ = &stream;
  first_ = &stream;
  ++size_;
  total_.fetch_add(1, std::memory_order_relaxed);
}

void StreamList::remove(NetStream& stream) {
  (stream.previous_ ? stream.previous_->next_ : first_) = stream.next_;
  if (stream.next_) stream.next_->previous_ = stream.previous_;
  stream.list_ = nullptr;
  stream.previous_ = stream.next_ = nullptr;
  --size_;
  total_.fetch_sub(1, std::memory_order_relaxed);
}

StreamList::~StreamList() {
  while (first_) remove(*first_);
}

Result<std::unique_ptr<NetStream>> NetStream::adopt(EventLoop& loop, Fd fd,
                                                    const SocketAddress& peer,
                                                    const SocketAddress& local, State state) {
  std::unique_ptr<NetStream> stream(new NetStream(loop, std::move(fd), peer, local, state));
  const Result<void> added = loop.add(stream->fd_.get(), *stream);
  if (!added) return added.error();
  return stream;
}

IoResult NetStream::try_read(std::span<char> into) {
  if (!fd_) return {IoResult::failed, 0, Code::canceled};
  if (into.empty()) return {IoResult::bytes, 0};
  if (!read_ready_) return {};
  for (;;) {
    const ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (n > 0) {
      // epoll(7): fewer bytes than asked for means that the socket is drained; the next byte makes a new edge. An end that was
      // reported already makes none.
      if (static_cast<size_t>(n) < into.size() && !input_ended_) read_ready_ = false;
      used_ = true;
      return {IoResult::bytes, static_cast<size_t>(n)};
    }
    if (n == 0) {
      input_ended_ = true;
      return {IoResult::eof};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      input_ended_ = true;
      return failed(errno);
    }
    read_ready_ = false;
    return {};
  }
}

IoResult NetStream::try_write(std::span<const std::string_view> pieces) {
  if (!fd_) return {IoResult::failed, 0, Code::canceled};
  if (!write_ready_) return {};
  std::array<iovec, pieces_per_write_max> vectors;
  size_t count = 0;
  size_t total = 0;
  for (const std::string_view piece : pieces.first(std::min(pieces.size(), pieces_per_write_max))) {
    if (piece.empty()) continue;
    vectors[count++] = {const_cast<char*>(piece.data()), piece.size()};
    total += piece.size();
  }
  if (count == 0) return {IoResult::bytes, 0};
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t n = count == 1 ? ::send(fd_.get(), vectors[0].iov_base, total, MSG_NOSIGNAL)
                                 : ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (n >= 0) {
      if (static_cast<size_t>(n) < total) write_ready_ = false;
      return {IoResult::bytes, static_cast<size_t>(n)};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(errno);
    write_ready_ = false;
    return {};
  }
}

void NetStream::shutdown_write() {
  if (fd_) ::shutdown(fd_.get(), SHUT_WR);
}

void NetStream::end_if_silent() {
  int waiting = 0;
  if (!fd_ || (read_ready_ && used_) || ::ioctl(fd_.get(), FIONREAD, &waiting) != 0 || waiting > 0)
    return;
  ::shutdown(fd_.get(), SHUT_RD);
  input_ended_ = true;
  read_ready_ = true;
  notify_readable();
}

void NetStream::set_idle(bool on, bool fresh) {
  idle_ = on;
  fresh_ = fresh;
  if (on) idle_since_ = scheduler().now();
}

void NetStream::set_keep_alive(Duration period) {
  if (!fd_) return;
  if (period < Duration::zero()) {
    set_option(fd_.get(), SOL_SOCKET, SO_KEEPALIVE, 0);
    return;
  }
  // Go's law: zero means 15 seconds; whole seconds, rounded up.
  if (period == Duration::zero()) period = std::chrono::seconds(15);
  net::set_keep_alive(fd_.get(), static_cast<int>((period.count() + 999'999'999) / 1'000'000'000));
}

void NetStream::close() {
  close_watched(fd_);
  notify_readable();
  notify_writable();
}

SocketAddress NetStream::local() const {
  if (local_.port == 0 && fd_) local_ = local_address(fd_.get());
  return local_;
}

int NetStream::take_error() {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error_number, &length) != 0) return errno;
  return error_number;
}

void NetStream::on_events(uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) input_ended_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    read_ready_ = true;
    notify_readable();
  }
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
    write_ready_ = true;
    notify_writable();
  }
}

}  // namespace gateproof::net
