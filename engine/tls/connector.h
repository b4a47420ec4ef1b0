// Connector: the client side of TLS for those who dial servers (env/tls_connector.h).
#pragma once
#include "engine/env/tls_connector.h"
#include "engine/tls/context.h"

namespace gateproof::tls {

// Of a handshake with a server, as Go's transport has it.
inline constexpr Duration handshake_time = std::chrono::seconds(10);

class Connector final : public TlsConnector {
 public:
  // `clock` is asked for the time at which certificates must be valid; it outlives the connector.
  Connector(std::shared_ptr<const ClientContext> context, const Clock& clock, bool strict)
      : context_(std::move(context)), clock_(clock), strict_(strict) {}
  Task<Result<TlsConnection>> connect(std::unique_ptr<Stream> plain, std::string server_name,
                                      std::vector<std::string> alpn, Instant deadline) override;
  const std::shared_ptr<const ClientContext>& context() const { return context_; }

 private:
  std::shared_ptr<const ClientContext> context_;
  const Clock& clock_;
  bool strict_;
};

}  // namespace gateproof::tls
