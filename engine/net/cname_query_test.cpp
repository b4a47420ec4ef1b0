// CNAME questions to a name server on loopback that answers as told.
#include "engine/net/cname_query.h"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "engine/net/fd.h"
#include "engine/net/socket.h"

namespace gateproof::net {
namespace {

TEST(CnameQuery, NameServers) {
  const auto texts = [](std::string_view conf) {
    std::string out;
    for (const IpAddress& ip : name_servers(conf)) out += ip.to_string() + " ";
    return out;
  };
  EXPECT_EQ(texts(""), "127.0.0.1 ");
  EXPECT_EQ(
      texts("# nameserver 1.1.1.1\nsearch x\nnameserver 10.0.0.1\n nameserver\t10.0.0.2 ; b\n"),
      "10.0.0.1 10.0.0.2 ");
  EXPECT_EQ(texts("nameserver ::1\nnameserver x\nnameservers 1.1.1.1\noptions ndots:5"), "::1 ");
  std::string many;
  for (int i = 0; i < 30; ++i) many += "nameserver 10.0.0." + std::to_string(i) + "\n";
  EXPECT_EQ(name_servers(many).size(), name_servers_max);
}

// Answers one question: the question's bytes with the given answer section behind it.
class Server {
 public:
  explicit Server(std::string answer) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const RawAddress at = to_raw({IpAddress::v4(127, 0, 0, 1), 0});
    EXPECT_EQ(::bind(fd_.get(), at.get(), at.length), 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    port = from_raw(bound).port;
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
    conf = "/tmp/gateproof-cname-" + std::to_string(port);
    std::ofstream(conf) << "nameserver 127.0.0.1\n";
  }
  ~Server() {
    thread_.join();
    ::unlink(conf.c_str());
  }
  uint16_t port = 0;
  std::string conf;

 private:
  void serve(const std::string& answer) {
    char buffer[512];
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const ssize_t n =
        ::recvfrom(fd_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 12) return;
    std::string reply(buffer, size_t(n));
    reply[2] = char(0x81);
    reply[3] = char(0x80);
    reply[7] = answer.empty() ? 0 : 1;
    reply += answer;
    const std::string stray = "\xff\xff another answer";
    ::sendto(fd_.get(), stray.data(), stray.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    ::sendto(fd_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
  Fd fd_;
  std::thread thread_;
};

TEST(CnameQuery, Answers) {
  using namespace std::string_literals;
  const std::string cname =
      "\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x08\x01"
      "b\x04Test\0"s;
  {
    Server s(cname);
    const CnameAnswer a = ask_cname("a.test", s.conf, s.port);
    ASSERT_TRUE(a && *a);
    EXPECT_EQ((*a)->name, "b.Test");
    EXPECT_EQ((*a)->ttl, std::chrono::seconds(60));
  }
  const std::string bad[] = {
      "",                                                   // no record
      "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"s,  // an address
      "\xc0\x0c\0\x05"s,                                    // cut off
      "\xc0\xff\0\x05\0\x01\0\0\0\x3c\0\x02\xc0\x0c"s,      // a pointer out of the message
  };
  for (const std::string& answer : bad) {
    Server s(answer);
    const CnameAnswer a = ask_cname("a.test", s.conf, s.port);
    EXPECT_TRUE(a && !*a);
  }
}

TEST(CnameQuery, FilesAndNames) {
  EXPECT_EQ(ask_cname("a.test", "/nowhere/resolv.conf").error().code, Code::io);
  EXPECT_FALSE(*ask_cname(std::string(300, 'a') + ".test", "/dev/null"));
}

}  // namespace
}  // namespace gateproof::net
