#include "engine/tls/connector.h"

#include "engine/tls/stream.h"

namespace gateproof::tls {

Task<Result<TlsConnection>> Connector::connect(std::unique_ptr<Stream> plain,
                                               std::string server_name,
                                               std::vector<std::string> alpn, Instant deadline) {
  deadline = std::min(deadline, plain->scheduler().now() + handshake_time);
  auto stream = std::make_unique<TlsStream>(std::move(plain), context_, std::move(server_name),
                                            alpn, clock_.wall_ns());
  const Result<void> done = co_await stream->handshake(deadline);
  if (!done) {
    Error e = done.error();
    e.source = Source::upstream;
    if (e.code == Code::protocol && !strict_) e.code = Code::invalid;
    co_return e;
  }
  TlsConnection made;
  made.alpn = std::string(stream->session().alpn());
  made.stream = std::move(stream);
  co_return made;
}

}  // namespace gateproof::tls
