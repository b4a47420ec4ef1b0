// The tls option of middlewares that ask a server of their own (catalogue 3.2, forwardAuth).
#pragma once
#include "engine/middleware/middleware.h"

namespace gateproof::middleware {

struct ClientTls {
  std::string ca, cert, key;  // a file's name, or PEM text
  bool insecure_skip_verify = false;
  std::optional<bool> ca_optional;  // deprecated
};

inline constexpr size_t pem_file_bytes_max = 1u << 20;

const config::Schema<ClientTls>& client_tls_schema();
// As far as can be told without a TLS library; the error is Traefik's text.
Result<void> check_client_tls(const ClientTls& tls, const BuildContext& context);
// What speaks TLS so; null options: with the defaults.
Result<std::shared_ptr<TlsConnector>> make_connector(const ClientTls* tls,
                                                     const BuildContext& context);

}  // namespace gateproof::middleware
