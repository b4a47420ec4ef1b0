#include "engine/upstream/dial.h"

namespace gateproof::upstream {
namespace {

Task<Result<std::unique_ptr<Stream>>> dial_plain(Env& env, const http::OriginServer& server) {
  const Instant deadline = server.dial_timeout > Duration::zero()
                               ? env.scheduler.now() + server.dial_timeout
                               : instant_max;
  std::vector<SocketAddress> candidates;
  if (server.address) {
    candidates.push_back(*server.address);
  } else {
    Result<std::vector<IpAddress>> ips = co_await env.resolver.resolve(server.host);
    if (!ips) co_return Error(Code::refused, Source::upstream, ips.error().message);
    for (const IpAddress& ip : *ips) candidates.push_back({ip, server.port});
  }
  Error last(Code::refused, Source::upstream, "no address for " + server.host);
  for (const SocketAddress& to : candidates) {
    Result<std::unique_ptr<Stream>> stream = co_await env.transport.connect(to, deadline);
    if (stream) co_return stream;
    last = stream.error();
    last.source = Source::upstream;
  }
  co_return last;
}

}  // namespace

Task<Result<TlsConnection>> dial(Env& env, const http::OriginServer& server,
                                 std::vector<std::string> alpn) {
  Result<std::unique_ptr<Stream>> plain = co_await dial_plain(env, server);
  if (!plain) co_return plain.error();
  if (server.scheme != "https") co_return TlsConnection{std::move(*plain), {}};
  if (!server.tls) co_return Error(Code::unsupported, Source::upstream, "no TLS for this server");
  const Instant deadline = env.scheduler.now() + tls_handshake_timeout;
  Result<TlsConnection> tls = co_await server.tls->connect(std::move(*plain), server.host,
                                                           std::move(alpn), deadline);
  if (tls) co_return tls;
  Error e = tls.error();
  e.source = Source::upstream;
  co_return e;
}

}  // namespace gateproof::upstream
