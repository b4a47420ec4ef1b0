// The inside of the contexts, for the sources of this layer.
#pragma once
#include <mutex>

#include "engine/tls/context.h"
#include "engine/tls/openssl.h"

namespace gateproof::tls {

struct ServerContext::Parts {
  explicit Parts(const ServerSettings& s) : settings(s) {}
  // Made by the first that needs it: it costs a process without TLS connections more than all the rest of its start.
  SSL_CTX* openssl();
  Result<void> open();

  const ServerSettings settings;
  std::once_flag once;
  SslContextPtr context;
};

// In session.cpp: what is stapled to a handshake whose client asks for it.
int give_staple(SSL* ssl, void*);

struct ClientContext::Parts {
  SslContextPtr context;
  std::string server_name;
  bool verify = true;
  std::string peer_cert_uri;
  std::vector<std::string> peer_dns, peer_uris;
  StorePtr chain_store;  // for peer_cert_uri, which is looked at with insecureSkipVerify too
};

}  // namespace gateproof::tls
