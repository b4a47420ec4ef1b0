// Moves bytes between its clients and one server without looking at any: what bench/sockets takes for the floor below
// every proxy. One thread, epoll, a connection to the server for each of a client. `byte_relay PORT SERVER_PORT`, on
// 127.0.0.1.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr size_t piece_bytes = 64 * 1024;
constexpr int backlog = 1024;

struct Side {
  int other = -1;
  std::string waiting;  // for this side; while there is any, nothing is read from the other
};

class Relay {
 public:
  Relay(uint16_t port, uint16_t server) : server_(server), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in at = local(port);
    ready_ = ::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
             ::listen(listener_, backlog) == 0;
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  bool ready() const { return ready_; }

  [[noreturn]] void run() {
    std::array<epoll_event, 128> events{};
    for (;;) {
      const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < n; ++i) {
        const epoll_event& event = events.at(static_cast<size_t>(i));
        if (event.data.fd == listener_) {
          accept();
        } else {
          serve(event.data.fd, event.events);
        }
      }
      // Numbers are used again: what an event of this turn speaks of must be what it spoke of.
      for (const int fd : gone_) ::close(fd);
      gone_.clear();
    }
  }

 private:
  static sockaddr_in local(uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
  }

  void watch(int fd, uint32_t what, int how) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, how, fd, &event);
  }

  void join(int fd, int other) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sides_[fd] = {other, {}};
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }

  void accept() {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client < 0) return;
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      const sockaddr_in at = local(server_);
      const int done = ::connect(server, reinterpret_cast<const sockaddr*>(&at), sizeof at);
      if (server < 0 || (done != 0 && errno != EINPROGRESS)) {
        ::close(client);
        if (server >= 0) ::close(server);
        continue;
      }
      join(client, server);
      join(server, client);
    }
  }

  void serve(int fd, uint32_t events) {
    const auto at = sides_.find(fd);
    if (at == sides_.end()) return;
    const int other = at->second.other;
    bool fine = true;
    if ((events & EPOLLOUT) != 0) fine = flush(fd, at->second);
    if (fine && (events & ~uint32_t{EPOLLOUT}) != 0) fine = move(fd, other);
    if (!fine) end(fd, other);
  }

  bool flush(int fd, Side& side) {
    const ssize_t n = ::write(fd, side.waiting.data(), side.waiting.size());
    if (n < 0) return errno == EAGAIN;
    side.waiting.erase(0, static_cast<size_t>(n));
    if (side.waiting.empty()) {
      watch(fd, EPOLLIN, EPOLL_CTL_MOD);
      watch(side.other, EPOLLIN, EPOLL_CTL_MOD);
    }
    return true;
  }

  bool move(int fd, int other) {
    const ssize_t n = ::read(fd, piece_.data(), piece_.size());
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    ssize_t sent = ::write(other, piece_.data(), static_cast<size_t>(n));
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) return false;
    sent = sent < 0 ? 0 : sent;
    if (sent == n) return true;
    sides_[other].waiting.assign(piece_.data() + sent, static_cast<size_t>(n - sent));
    watch(other, EPOLLOUT, EPOLL_CTL_MOD);
    watch(fd, 0, EPOLL_CTL_MOD);
    return true;
  }

  void end(int fd, int other) {
    for (const int one : {fd, other}) {
      sides_.erase(one);
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, one, nullptr);
      gone_.push_back(one);
    }
  }

  uint16_t server_;
  int epoll_;
  int listener_ = -1;
  bool ready_ = false;
  std::unordered_map<int, Side> sides_;
  std::vector<int> gone_;
  std::array<char, piece_bytes> piece_{};
};

uint16_t port_of(const char* text) {
  return static_cast<uint16_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  static Relay relay(port_of(argv[1]), port_of(argv[2]));
  if (!relay.ready()) return 1;
  relay.run();
}
