// The TLS part of the dynamic model (catalogue 4.6, 4.8, 5.1): what is written, with spans. What it is worth is judged where a
// snapshot is built, because certificates may be files.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "engine/config/document.h"

namespace gateproof::config {

// A pair of PEM texts or of paths.
struct CertificateConfig {
  Located<std::string> cert_file, key_file;
  std::vector<Located<std::string>> stores;  // empty: `default`
};

struct TlsOptionsConfig {
  Located<std::string> min_version, max_version;  // an unknown text means nothing (observed)
  std::vector<Located<std::string>> cipher_suites, curve_preferences;
  std::vector<Located<std::string>> ca_files;  // PEM texts or paths
  Located<std::string> client_auth_type;
  bool sni_strict = false;
  std::vector<Located<std::string>> alpn_protocols;  // empty: the default ones
  bool disable_session_tickets = false;
  bool clashes = false;  // `default` of two providers: neither is taken
  SourceSpan span;
};

struct TlsStoreConfig {
  std::optional<CertificateConfig> default_certificate;
  std::string generated_by;  // defaultGeneratedCert.resolver
  SourceSpan span;
};

// Who a server must be, by SPIFFE; without ids and domain: anybody whom the trust bundle vouches for.
struct SpiffeConfig {
  std::vector<Located<std::string>> ids;
  Located<std::string> trust_domain;
};

// A name that a server's certificate may bear, a DNS name or a URI (subjectAltNames of a BackendTLSPolicy).
struct PeerNameConfig {
  bool uri = false;
  std::string value;
};

// How a serversTransport speaks TLS. TCP transports know no versions and cipher suites.
struct TransportTlsConfig {
  std::string server_name;
  bool insecure_skip_verify = false;
  std::vector<Located<std::string>> root_cas;  // PEM texts or paths
  std::vector<CertificateConfig> certificates;
  std::vector<Located<std::string>> cipher_suites;
  Located<std::string> min_version, max_version;
  bool disable_http2 = false;
  std::string peer_cert_uri;
  // Not empty: one of these must be in the certificate, and its host name is not looked at. Gateway API only.
  std::vector<PeerNameConfig> peer_names;
  std::optional<SpiffeConfig> spiffe;
};

}  // namespace gateproof::config
