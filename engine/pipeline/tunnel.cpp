#include "engine/pipeline/tunnel.h"

namespace gateproof::pipeline {
namespace {

// How long one read and one write of a direction may take; 0: for ever.
struct Patience {
  Duration read{0}, write{0};
};

// One direction; a clean end is passed on as the end of that direction only.
Task<void> copy(Stream& from, Stream& to, std::string early, Patience patience = Patience()) {
  std::vector<std::string_view> pieces = {early};
  Result<void> sent =
      co_await write_all(to, std::move(pieces), deadline_in(to.scheduler(), patience.write));
  std::vector<char> buffer(tunnel_buffer_bytes);
  while (sent) {
    const Result<size_t> n =
        co_await read_some(from, buffer, deadline_in(from.scheduler(), patience.read));
    if (!n || *n == 0) {
      if (n) to.shutdown_write();
      co_return;
    }
    pieces = {std::string_view(buffer.data(), *n)};
    sent = co_await write_all(to, std::move(pieces), deadline_in(to.scheduler(), patience.write));
  }
}

// One direction of a TCP tunnel: however it ends, the other side hears the end.
Task<void> copy_through(Stream& from, Stream& to, std::string early) {
  co_await copy(from, to, std::move(early));
  to.shutdown_write();
}

}  // namespace

Task<void> run_tunnel(Stream& client, std::string early, std::unique_ptr<http::Tunnel> tunnel) {
  Waiter& me = co_await ThisWaiter{};
  const Patience upwards{Duration(0), tunnel->write_timeout};
  const Patience downwards{tunnel->read_timeout, Duration(0)};
  Task<void> up = copy(client, *tunnel->stream, std::move(early), upwards);
  Task<void> down = copy(*tunnel->stream, client, std::move(tunnel->early), downwards);
  up.start(me);
  // The server's end closes the tunnel; the client's end only closes its own direction.
  bool closed = down.start(me);
  while (!closed) {
    co_await Suspend{"tunnel"};
    closed = down.done();
  }
}

Task<void> run_tcp_tunnel(Stream& client, std::string early, Stream& server,
                          Duration termination_delay) {
  Waiter& me = co_await ThisWaiter{};
  Task<void> up = copy_through(client, server, std::move(early));
  Task<void> down = copy_through(server, client, std::string());
  up.start(me);
  down.start(me);
  while (!up.done() && !down.done()) co_await Suspend{"tcp tunnel"};
  WakeTimer last(client.scheduler(), &me);
  if (termination_delay >= Duration::zero()) last.arm(client.scheduler().now() + termination_delay);
  while (!(up.done() && down.done()) && !last.expired) co_await Suspend{"tcp tunnel ending"};
}

}  // namespace gateproof::pipeline
