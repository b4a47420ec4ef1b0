// A blocking client for tests, made of the engine's own streams over a loop of its own.
#pragma once
#include <gtest/gtest.h>

#include "engine/net/clock.h"
#include "engine/net/transport.h"
#include "engine/tls/stream.h"

namespace gateproof::net {

class Client {
 public:
  // With `tls` over TLS, to a server of that name.
  explicit Client(SocketAddress to, std::shared_ptr<const tls::ClientContext> tls = nullptr,
                  const std::string& name = "a.test", const std::vector<std::string>& alpn = {}) {
    auto connecting = transport_.connect(to, loop_->clock().now() + std::chrono::seconds(5));
    if (!connecting.start_root(loop_->scheduler(), "connect")) {
      loop_->run_until([&] { return connecting.done(); }, std::chrono::seconds(6));
    }
    Result<std::unique_ptr<Stream>> r = connecting.take();
    if (r) stream_ = std::move(*r);
    if (!stream_ || !tls) return;
    auto secure = std::make_unique<tls::TlsStream>(std::move(stream_), std::move(tls), name, alpn,
                                                   RealClock().wall_ns());
    auto shaking = secure->handshake(loop_->clock().now() + std::chrono::seconds(5));
    if (!shaking.start_root(loop_->scheduler(), "handshake"))
      loop_->run_until([&] { return shaking.done(); }, std::chrono::seconds(6));
    if (!shaking.take()) return;
    protocol = secure->session().alpn();
    stream_ = std::move(secure);
  }
  bool connected() const { return stream_ != nullptr; }
  void send(std::string_view text) {
    auto writing = write_all(*stream_, {text}, loop_->clock().now() + std::chrono::seconds(5));
    if (!writing.start_root(loop_->scheduler(), "write")) {
      loop_->run_until([&] { return writing.done(); }, std::chrono::seconds(6));
    }
  }
  // Until `what` was received, the end, or the time is up.
  std::string receive(std::string_view what = "\r\n\r\n",
                      Duration longest = std::chrono::seconds(5)) {
    const Instant end = loop_->clock().now() + longest;
    std::array<char, 8192> buffer;
    while (in_.empty() || in_.find(what) == std::string::npos) {
      auto reading = read_some(*stream_, buffer, end);
      if (!reading.start_root(loop_->scheduler(), "read")) {
        loop_->run_until([&] { return reading.done(); }, longest + std::chrono::seconds(1));
      }
      const Result<size_t> n = reading.take();
      ended = n && *n == 0;
      timed_out = !n && n.error().code == Code::timeout;
      if (!n || *n == 0) break;
      in_.append(buffer.data(), *n);
    }
    return std::exchange(in_, {});
  }
  // A whole answer, head and body.
  std::string get(std::string_view path) {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
    std::string answer = receive();
    const size_t at = answer.find("Content-Length: ");
    const size_t body = answer.find("\r\n\r\n");
    if (at == std::string::npos || body == std::string::npos) return answer;
    const size_t whole = body + 4 + static_cast<size_t>(std::atoi(answer.c_str() + at + 16));
    while (answer.size() < whole && !ended && !timed_out) answer += receive("");
    return answer;
  }
  bool ended = false;
  bool timed_out = false;
  std::string protocol;  // that TLS has chosen

 private:
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::make());
  NetTransport transport_{*loop_};
  std::unique_ptr<Stream> stream_;
  std::string in_;
};

}  // namespace gateproof::net
