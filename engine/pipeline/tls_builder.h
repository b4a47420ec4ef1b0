// TlsBuilder: what a snapshot needs of TLS: certificates, options by name, and connectors to servers. What has not changed since
// the snapshot before comes from the registry.
#pragma once
#include "engine/config/static.h"
#include "engine/pipeline/tls_side.h"

namespace gateproof::pipeline {

class TlsBuilder {
 public:
  // All outlive it. `files` may be null: paths are then texts without certificates.
  TlsBuilder(const config::DynamicConfig& dynamics, tls::Registry& registry, Files* files,
             bool strict)
      : dynamics_(dynamics), registry_(registry), files_(files), strict_(strict) {}

  std::shared_ptr<const tls::CertificateStore> certificates();
  // By qualified name, or "default". Without a context where they do not exist or cannot be used.
  const TlsChoice& options(const std::string& name);
  // Of a listener whose TLS ends here. Without a context where nothing of it can be used.
  TlsChoice listener(const config::ListenerConfig& listener);
  // Whether certificate and key belong together; fine where they are paths that cannot be read here. Go's text.
  Result<void> check_pair(const config::CertificateConfig& pair);
  // How servers of a transport are spoken to over TLS; where the transport's TLS cannot be used, with the defaults (catalogue
  // 4.6). The error: spiffe, which needs a Workload API that is not here.
  Result<std::shared_ptr<TlsConnector>> connector(const config::TransportTlsConfig& transport);

 private:
  Result<std::shared_ptr<const tls::Identity>> identity(const config::CertificateConfig& pair);
  TlsChoice make_options(const std::string& name);

  const config::DynamicConfig& dynamics_;
  tls::Registry& registry_;
  Files* files_;
  bool strict_;
  std::map<std::string, TlsChoice> options_;
};

}  // namespace gateproof::pipeline
