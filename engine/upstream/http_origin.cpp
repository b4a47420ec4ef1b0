#include "engine/upstream/http_origin.h"

#include "engine/upstream/dial_server.h"

namespace gateproof::upstream {

Task<Result<void>> HttpOrigin::round_trip(http::Exchange& x, http::Outbound& out) {
  const http::OriginServer& server = *out.server;
  if (server.scheme == "h2c") return h2_.round_trip(x, out);
  if (server.scheme != "https" || !server.http2 || !server.tls || out.headers.has("Upgrade"))
    return h1_.round_trip(x, out);
  if (h2_.has_connection(server)) {
    // Of a time when the server spoke HTTP/1.1 only: they would wait in vain.
    h1_.close_idle_of(server);
    return h2_.round_trip(x, out);
  }
  if (h1_.has_idle(server)) return h1_.round_trip(x, out);
  return negotiate(x, out);
}

Task<Result<void>> HttpOrigin::negotiate(http::Exchange& x, http::Outbound& out) {
  std::vector<std::string> alpn(1, "h2");
  alpn.emplace_back("http/1.1");
  Result<TlsConnection> made = co_await dial_server(env_, *out.server, std::move(alpn));
  if (!made) co_return made.error();
  if (made->alpn == "h2") co_return co_await h2_.round_trip_on(x, out, std::move(made->stream));
  co_return co_await h1_.round_trip_on(x, out, std::move(made->stream));
}

}  // namespace gateproof::upstream
