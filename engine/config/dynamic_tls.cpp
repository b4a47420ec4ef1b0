// Schemas of the TLS part of the dynamic configuration (catalogue 4.6, 4.8, 5.1).
#include "engine/config/accepted.h"
#include "engine/config/dynamic_schemas.h"

namespace gateproof::config {

namespace {

const Schema<CertificateConfig>& pair_schema() {
  static const Schema<CertificateConfig> schema = [] {
    Schema<CertificateConfig> s;
    s.field("certFile", &CertificateConfig::cert_file, "string");
    s.field("keyFile", &CertificateConfig::key_file, "string");
    return s;
  }();
  return schema;
}

const Schema<SpiffeConfig>& spiffe_schema() {
  static const Schema<SpiffeConfig> schema = [] {
    Schema<SpiffeConfig> s;
    s.field("ids", &SpiffeConfig::ids, "list of strings");
    s.field("trustDomain", &SpiffeConfig::trust_domain, "string");
    return s;
  }();
  return schema;
}

void add_common(Schema<TransportTlsConfig>& s) {
  using C = TransportTlsConfig;
  s.field("serverName", &C::server_name, "string");
  s.field("insecureSkipVerify", &C::insecure_skip_verify, "bool", "false");
  s.field("rootCAs", &C::root_cas, "list of strings");
  s.list("certificates", &C::certificates, pair_schema());
  s.field("peerCertURI", &C::peer_cert_uri, "string");
  s.object("spiffe", &C::spiffe, spiffe_schema()).allow_empty();
}

}  // namespace

const Schema<TransportTlsConfig>& transport_tls_schema() {
  static const Schema<TransportTlsConfig> schema = [] {
    using C = TransportTlsConfig;
    Schema<C> s;
    add_common(s);
    s.field("cipherSuites", &C::cipher_suites, "list of strings");
    s.field("minVersion", &C::min_version, "string");
    s.field("maxVersion", &C::max_version, "string");
    s.field("disableHTTP2", &C::disable_http2, "bool", "false");
    return s;
  }();
  return schema;
}

const Schema<TransportTlsConfig>& tcp_transport_tls_schema() {
  static const Schema<TransportTlsConfig> schema = [] {
    Schema<TransportTlsConfig> s;
    add_common(s);
    return s;
  }();
  return schema;
}

const Schema<CertificateConfig>& certificate_schema() {
  static const Schema<CertificateConfig> schema = [] {
    Schema<CertificateConfig> s = pair_schema();
    s.field("stores", &CertificateConfig::stores, "list of strings");
    return s;
  }();
  return schema;
}

const Schema<TlsOptionsConfig>& tls_options_schema() {
  using C = TlsOptionsConfig;
  static const Schema<C> client_auth = [] {
    Schema<C> s;
    s.field("caFiles", &C::ca_files, "list of strings");
    s.field("clientAuthType", &C::client_auth_type, "string");
    return s;
  }();
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.field("minVersion", &C::min_version, "string");
    s.field("maxVersion", &C::max_version, "string");
    s.field("cipherSuites", &C::cipher_suites, "list of strings");
    s.field("curvePreferences", &C::curve_preferences, "list of strings");
    s.group("clientAuth", client_auth);
    s.field("sniStrict", &C::sni_strict, "bool", "false");
    s.field("alpnProtocols", &C::alpn_protocols, "list of strings", "h2, http/1.1, acme-tls/1");
    s.field("disableSessionTickets", &C::disable_session_tickets, "bool", "false");
    accept_fields(s, "preferServerCipherSuites:b");
    return s;
  }();
  return schema;
}

const Schema<TlsStoreConfig>& tls_store_schema() {
  using C = TlsStoreConfig;
  static const Schema<C> generated = [] {
    Schema<C> s;
    s.field("resolver", &C::generated_by, "string");
    accept_fields(s, "domain{main:s sans:l}");
    return s;
  }();
  static const Schema<C> schema = [] {
    Schema<C> s;
    s.object("defaultCertificate", &C::default_certificate, pair_schema());
    s.group("defaultGeneratedCert", generated);
    return s;
  }();
  return schema;
}

}  // namespace gateproof::config
