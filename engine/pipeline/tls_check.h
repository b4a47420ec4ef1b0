// Whether TLS options, certificates and the TLS part of a serversTransport can be used (catalogue 4.6, 5.1). Error texts are
// Traefik's. Nothing here speaks TLS.
#pragma once
#include "engine/config/dynamic.h"
#include "engine/env/files.h"

namespace gateproof::pipeline {

inline constexpr size_t pem_bytes_max = 1 << 20;  // of one PEM file

// A value that is a PEM text or a path: the file's text if there is such a file, else the value itself (as Traefik takes it).
// Without `files` paths stay as they are.
std::string pem_of(const std::string& value, Files* files);

// Errors make the options unusable: "invalid CipherSuite: X", "invalid certificate(s) content", each with the span of the
// value. Without `files` certificates that are paths count as good.
Result<void> check_tls_options(const config::TlsOptionsConfig& options, Files* files);
// Errors make Traefik speak TLS with its defaults instead.
Result<void> check_transport_tls(const config::TransportTlsConfig& tls);
// Why no server is accepted by `spiffe`; Traefik's text.
Result<void> check_spiffe(const config::SpiffeConfig& spiffe);
// Whether certificate and key are PEM; that they belong together is not looked at.
Result<void> check_certificate(const config::CertificateConfig& pair, Files* files);
// Whether a value of `rootCAs` holds a certificate; Traefik leaves out the others without a word.
bool holds_certificate(const std::string& value, Files* files);
bool is_tls_version(std::string_view text);  // VersionTLS10 ... VersionTLS13

}  // namespace gateproof::pipeline
