#include "engine/sim/secure_host.h"

#include "engine/pipeline/http_server.h"
#include "engine/tls/stream.h"

namespace gateproof::sim {

Task<void> serve_secure(Env& env, std::unique_ptr<Stream> stream,
                        std::shared_ptr<const HostTls> how, pipeline::ExchangeHandler& handler,
                        pipeline::ServerOptions options) {
  tls::ServerSettings settings;
  settings.min_version = how->min_version;
  settings.max_version = how->max_version;
  settings.alpn = {"http/1.1"};
  if (options.http2) settings.alpn.insert(settings.alpn.begin(), "h2");
  if (!how->client_authority.empty()) {
    settings.client_auth = tls::ClientAuth::require_and_verify;
    settings.client_authorities = {how->client_authority};
  }
  const auto identity = tls::Identity::load(how->certificate, how->key);
  const auto context = tls::ServerContext::make(settings);
  if (!identity || !context) co_return;
  auto inside = std::make_unique<tls::TlsStream>(std::move(stream), std::string(), *context,
                                                 identity->get(), env.clock.wall_ns());
  const Result<void> done = co_await inside->handshake(instant_max);
  if (!done) {
    inside->close();
    co_return;
  }
  pipeline::ConnectionStart start;
  start.tls = std::make_shared<const http::TlsState>(inside->session().state());
  co_await pipeline::serve_http(env, std::move(inside), handler, options, std::move(start));
}

}  // namespace gateproof::sim
