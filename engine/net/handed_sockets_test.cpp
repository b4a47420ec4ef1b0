// Sockets that come from outside: whose they are, which entry point gets them, what becomes of the rest.
#include "engine/net/handed_sockets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/net/datagram.h"
#include "engine/net/service_manager.h"

namespace gateproof::net {
namespace {

constexpr int64_t own = 4711;
const SocketAddress anywhere{IpAddress::v4(127, 0, 0, 1), 0};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// Descriptors from 3 on are the test runner's own, so a child process plays the one that is started: what it tells is its exit
// code, 0 when every expectation held.
class HandedTest : public ::testing::Test {
 protected:
  // Lays out descriptors 3, 4, ... in a child and runs `check` there.
  static int in_child(const std::vector<const Fd*>& given, const std::function<bool()>& check) {
    const pid_t child =
        ::fork();  // allowed: descriptors have to be where sd_listen_fds(3) puts them
    if (child == 0) {
      std::vector<int> high;
      for (const Fd* fd : given) high.push_back(::fcntl(fd->get(), F_DUPFD, 200));
      for (size_t i = 0; i < high.size(); ++i)
        ::dup2(high[i], handed_first_fd + static_cast<int>(i));
      ::_exit(check() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static MapEnvironment told(const std::string& count, const std::string& names,
                             const std::string& pid = std::to_string(own)) {
    return MapEnvironment({{"LISTEN_FDS", count}, {"LISTEN_FDNAMES", names}, {"LISTEN_PID", pid}});
  }
  Fd tcp_ = std::move(*open_listener(anywhere, {}));
  Fd udp_ = std::move(*open_datagram(anywhere, {}));
};

TEST_F(HandedTest, ByNameAndKind) {
  EXPECT_EQ(in_child({&tcp_, &udp_, &tcp_},
                     [] {
                       HandedSockets h = HandedSockets::from(told("3", "web:dns:web"), own);
                       return h.take("web", true, anywhere).empty() &&
                              h.take("other", false, anywhere).empty() &&
                              h.take("web", false, anywhere).size() == 2 &&
                              h.take("dns", true, anywhere).size() == 1 && h.close_rest().empty();
                     }),
            0);
}

TEST_F(HandedTest, WhatIsTakenIsMadeOurs) {
  EXPECT_EQ(in_child({&tcp_},
                     [] {
                       ::fcntl(3, F_SETFL, 0);
                       HandedSockets h = HandedSockets::from(told("1", "web"), own);
                       const auto got = h.take("web", false, anywhere);
                       return got.size() == 1 && (::fcntl(3, F_GETFL) & O_NONBLOCK) &&
                              (::fcntl(3, F_GETFD) & FD_CLOEXEC);
                     }),
            0);
}

TEST_F(HandedTest, OnlyForTheProcessThatTheyAreMeantFor) {
  EXPECT_EQ(in_child({&tcp_},
                     [] {
                       HandedSockets h = HandedSockets::from(told("1", "web", "1"), own);
                       return h.take("web", false, anywhere).empty() && is_open(3);
                     }),
            0);
}

TEST_F(HandedTest, TheRestIsClosedAndNamed) {
  EXPECT_EQ(in_child({&tcp_, &udp_},
                     [] {
                       HandedSockets h = HandedSockets::from(told("2", "web:old"), own);
                       const auto kept = h.take("web", false, anywhere);
                       return h.close_rest() == std::vector<std::string>{"old"} && is_open(3) &&
                              !is_open(4);
                     }),
            0);
}

TEST_F(HandedTest, NumbersThatLeadNowhereAreLeftOut) {
  for (const char* count : {"-1", "x", "", "99999999999999999999", "0"}) {
    EXPECT_EQ(in_child({&tcp_},
                       [count] {
                         ::close(4);
                         HandedSockets h = HandedSockets::from(told(count, "web"), own);
                         return h.take("web", false, anywhere).empty();
                       }),
              0)
        << count;
  }
  EXPECT_EQ(in_child({&tcp_},
                     [] {
                       ::close(4);
                       HandedSockets h = HandedSockets::from(told("5000", "web:web"), own);
                       return h.take("web", false, anywhere).size() == 1;
                     }),
            0);
}

// A predecessor's sockets count only where the configuration still wants that address; names with colons do not come through.
TEST_F(HandedTest, APredecessorsSocketsKeepTheirAddress) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const Fd here(pair[0]);
  const Fd there(pair[1]);
  const SocketAddress at = local_address(tcp_.get());
  EXPECT_EQ(in_child({&tcp_, &tcp_, &there},
                     [&at] {
                       const MapEnvironment e({{"LISTEN_FDS", "2"},
                                               {"LISTEN_FDNAMES", "a:127.80.0.1:80/tcp"},
                                               {std::string(ready_variable), "5"}});
                       HandedSockets h = HandedSockets::from(e, own);
                       SocketAddress other = at;
                       other.port = static_cast<uint16_t>(at.port ^ 1);
                       const bool right = h.from_predecessor() &&
                                          h.take("a", false, other).empty() &&
                                          h.take("127.80.0.1:80/tcp", false, at).size() == 2;
                       h.say_ready();
                       return right && !is_open(5);
                     }),
            0);
  char word[16];
  EXPECT_EQ(std::string(word, static_cast<size_t>(::recv(here.get(), word, sizeof word, 0))),
            "ready\n");
}

TEST(ServiceManager, TellsWhoeverListens) {
  std::string path = ::testing::TempDir();
  path += "/gp_notify_" + std::to_string(::getpid());
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  const ServiceManager manager(MapEnvironment({{"NOTIFY_SOCKET", path}}));
  EXPECT_TRUE(manager.tell("READY=1"));
  char got[64];
  EXPECT_EQ(std::string(got, static_cast<size_t>(::recv(fd.get(), got, sizeof got, 0))), "READY=1");
  ::unlink(path.c_str());
  EXPECT_FALSE(manager.tell("READY=1"));
  EXPECT_FALSE(ServiceManager(MapEnvironment{}).tell("READY=1"));
  EXPECT_FALSE(
      ServiceManager(MapEnvironment({{"NOTIFY_SOCKET", std::string(200, 'x')}})).tell("READY=1"));
}

}  // namespace
}  // namespace gateproof::net
