#include "engine/pipeline/http_server.h"

#include "engine/pipeline/h2_server.h"

namespace gateproof::pipeline {

Task<void> serve_http(Env& env, std::unique_ptr<Stream> stream, ExchangeHandler& handler,
                      ServerOptions options, ConnectionStart start, OtherProtocols* other) {
  options.gives_tls_back = other != nullptr;
  bool h2 = options.http2 && start.tls && start.tls->alpn == "h2";
  if (!h2) h2 = co_await serve_h1_unless_h2(env, stream, handler, options, start);
  const bool tls = other && h2 && !start.tls && start.early.starts_with('\x16');
  if (tls) {
    co_await other->serve_tls(std::move(stream), std::move(start.early));
    co_return;
  }
  if (h2) co_await serve_h2(env, std::move(stream), handler, options, std::move(start));
}

}  // namespace gateproof::pipeline
