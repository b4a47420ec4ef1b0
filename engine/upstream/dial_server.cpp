#include "engine/upstream/dial_server.h"

#include "engine/env/dial.h"

namespace gateproof::upstream {
namespace {

Task<Result<TlsConnection>> reach(Env& env, const http::OriginServer& server,
                                  std::vector<std::string> alpn) {
  const Instant deadline = deadline_in(env.scheduler, server.dial_timeout);
  Result<std::unique_ptr<Stream>> stream = co_await dial(env, server.host, server.port, deadline);
  if (!stream) co_return stream.error();
  TlsConnector* const tls = tls_of(server);
  if (!tls) co_return TlsConnection{std::move(*stream), {}};
  // The handshake has a limit of its own, as in Go.
  co_return co_await tls->connect(std::move(*stream), server.host, std::move(alpn), instant_max);
}

}  // namespace

Task<Result<TlsConnection>> dial_server(Env& env, const http::OriginServer& server,
                                        std::vector<std::string> alpn) {
  Result<TlsConnection> made = co_await reach(env, server, std::move(alpn));
  if (made) co_return made;
  Error e = made.error();
  e.retry = Retry::yes;
  co_return e;
}

}  // namespace gateproof::upstream
