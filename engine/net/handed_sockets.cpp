#include "engine/net/handed_sockets.h"

#include <algorithm>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "engine/base/text.h"
#include "engine/net/socket.h"

namespace gateproof::net {
namespace {

std::optional<int64_t> number(const Environment& environment, std::string_view name) {
  const std::optional<std::string> value = environment.get(name);
  return value ? text::parse_int(*value) : std::nullopt;
}

bool open_descriptor(int64_t fd) {
  return fd >= handed_first_fd && fd <= INT32_MAX && ::fcntl(static_cast<int>(fd), F_GETFD) >= 0;
}

int socket_option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

bool of_kind(int fd, bool udp) {
  if (udp) return socket_option(fd, SO_TYPE) == SOCK_DGRAM;
  return socket_option(fd, SO_TYPE) == SOCK_STREAM && socket_option(fd, SO_ACCEPTCONN) == 1;
}

bool any(const IpAddress& ip) {
  return std::all_of(ip.bytes.begin(), ip.bytes.end(), [](uint8_t b) { return b == 0; });
}

bool bound_to(int fd, const SocketAddress& at) {
  const SocketAddress here = local_address(fd);
  return (at.port == 0 || here.port == at.port) &&
         (here.ip == at.ip || (any(here.ip) && any(at.ip)));
}

// What a socket of our own making would have from its birth (open_listener).
void make_ours(int fd, bool udp) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (udp) return;
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_keep_alive(fd, keep_alive_accepted_seconds);
}

}  // namespace

HandedSockets HandedSockets::from(const Environment& environment, int64_t own_pid) {
  HandedSockets handed;
  const std::optional<int64_t> ready = number(environment, ready_variable);
  if (ready && open_descriptor(*ready)) {
    handed.ready_ = Fd(static_cast<int>(*ready));
    ::fcntl(handed.ready_.get(), F_SETFD, FD_CLOEXEC);
  }
  if (!handed.ready_ && number(environment, "LISTEN_PID") != own_pid) return handed;
  const int64_t count =
      std::min<int64_t>(number(environment, "LISTEN_FDS").value_or(0), handed_fds_max);
  const std::string names = environment.get("LISTEN_FDNAMES").value_or("");
  const std::vector<std::string_view> each = text::split(names, ':');
  for (int64_t i = 0; i < count; ++i) {
    const int64_t fd = handed_first_fd + i;
    if (!open_descriptor(fd) || (handed.ready_ && handed.ready_.get() == fd)) continue;
    const auto at = static_cast<size_t>(i);
    handed.sockets_.push_back(
        {at < each.size() ? std::string(each[at]) : "", Fd(static_cast<int>(fd))});
  }
  return handed;
}

std::vector<Fd> HandedSockets::take(std::string_view name, bool udp, const SocketAddress& at) {
  std::vector<Fd> taken;
  std::erase_if(sockets_, [&](Socket& s) {
    if (!of_kind(s.fd.get(), udp)) return false;
    // Names of Gateways' listeners have colons in them, which the list of names cannot hold; addresses are as good.
    if (from_predecessor() ? !bound_to(s.fd.get(), at) : s.name != name) return false;
    make_ours(s.fd.get(), udp);
    taken.push_back(std::move(s.fd));
    return true;
  });
  return taken;
}

void HandedSockets::say_ready() {
  if (!ready_) return;
  ::send(ready_.get(), "ready\n", 6, MSG_NOSIGNAL);
  ready_.close();
}

std::vector<std::string> HandedSockets::close_rest() {
  std::vector<std::string> names;
  for (const Socket& s : sockets_) names.push_back(s.name);
  sockets_.clear();
  return names;
}

}  // namespace gateproof::net
