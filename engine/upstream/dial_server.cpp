#include "engine/upstream/dial_server.h"

#include "engine/env/dial.h"

namespace gateproof::upstream {

Task<Result<TlsConnection>> dial_server(Env& env, const http::OriginServer& server,
                                        std::vector<std::string> alpn) {
  const Instant deadline = server.dial_timeout > Duration::zero()
                               ? env.scheduler.now() + server.dial_timeout
                               : instant_max;
  Result<std::unique_ptr<Stream>> stream = co_await dial(env, server.host, server.port, deadline);
  if (!stream) co_return stream.error();
  TlsConnector* const tls = tls_of(server);
  if (!tls) co_return TlsConnection{std::move(*stream), {}};
  // The handshake has a limit of its own, as in Go.
  co_return co_await tls->connect(std::move(*stream), server.host, std::move(alpn), instant_max);
}

}  // namespace gateproof::upstream
