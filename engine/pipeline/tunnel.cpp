#include "engine/pipeline/tunnel.h"

namespace gateproof::pipeline {
namespace {

// One direction; a clean end is passed on as the end of that direction only.
Task<void> copy(Stream& from, Stream& to, std::string early) {
  std::vector<std::string_view> pieces = {early};
  Result<void> sent = co_await write_all(to, std::move(pieces), instant_max);
  std::vector<char> buffer(tunnel_buffer_bytes);
  while (sent) {
    const Result<size_t> n = co_await read_some(from, buffer, instant_max);
    if (!n || *n == 0) {
      if (n) to.shutdown_write();
      co_return;
    }
    pieces = {std::string_view(buffer.data(), *n)};
    sent = co_await write_all(to, std::move(pieces), instant_max);
  }
}

}  // namespace

Task<void> run_tunnel(Stream& client, std::string early, std::unique_ptr<http::Tunnel> tunnel) {
  Waiter& me = co_await ThisWaiter{};
  Task<void> up = copy(client, *tunnel->stream, std::move(early));
  Task<void> down = copy(*tunnel->stream, client, std::move(tunnel->early));
  up.start(me);
  // The server's end closes the tunnel; the client's end only closes its own direction.
  bool closed = down.start(me);
  while (!closed) {
    co_await Suspend{"tunnel"};
    closed = down.done();
  }
}

}  // namespace gateproof::pipeline
