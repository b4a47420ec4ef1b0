// What a snapshot knows of TLS: the options that a server name gets, and its certificate (catalogue 5.1-5.3).
#pragma once
#include "engine/env/offload.h"
#include "engine/tls/registry.h"
#include "engine/tls/store.h"

namespace gateproof::pipeline {

// TLS options as a connection gets them.
struct TlsChoice {
  std::string name = "default";  // qualified, of the options
  // Null: they do not exist or cannot be used, and connections are closed behind the ClientHello (catalogue 5.1).
  std::shared_ptr<const tls::ServerContext> context;
  // Of a Gateway's listener, which has its own; null: those of the snapshot.
  std::shared_ptr<const tls::CertificateStore> certificates;
};

struct TlsSide {
  std::shared_ptr<tls::Registry> registry;
  std::shared_ptr<const tls::CertificateStore> certificates;

  using IdentityPtr = std::shared_ptr<const tls::Identity>;

  // The certificate for a server name in lower case; without a name, for the address that was connected to. Null: none, as
  // sniStrict wants it. nullopt: one has to be generated first.
  std::optional<IdentityPtr> identity(std::string_view server_name, const SocketAddress& local,
                                      bool sni_strict) const;
  // Makes it, or waits for who makes it, away from the loop.
  Task<IdentityPtr> generate(Offload& offload) const;
};

}  // namespace gateproof::pipeline
