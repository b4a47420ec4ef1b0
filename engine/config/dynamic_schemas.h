// Schemas of the dynamic configuration that more than one decoder needs.
#pragma once
#include "engine/config/schema.h"

namespace gateproof::config {

const Schema<RouterTls>& router_tls_schema();  // routers and entry points
const Schema<RouterConfig>& router_schema();
const Schema<ServersTransportConfig>& servers_transport_schema();

const Schema<TransportTlsConfig>& transport_tls_schema();
const Schema<TransportTlsConfig>& tcp_transport_tls_schema();
const Schema<CertificateConfig>& certificate_schema();
const Schema<TlsOptionsConfig>& tls_options_schema();
const Schema<TlsStoreConfig>& tls_store_schema();

const Schema<HealthCheckConfig>& health_check_schema();
const Schema<PassiveHealthCheckConfig>& passive_health_check_schema();

// One service object: which kinds are written, and the options of those that are built.
void decode_service(const Value& v, ServiceConfig& out, DecodeContext& c);

// The schema of objects of a section ("http", "tcp", "udp") and kind ("routers", "services", "middlewares"); null for others
// and for HTTP middlewares, whose types have their own.
const ObjectSchema* object_schema(std::string_view section, std::string_view kind);
const ObjectSchema* stream_object_schema(std::string_view section, std::string_view kind);

// The sections `tcp` and `udp`.
void decode_tcp(const Value& v, std::string_view provider, TcpConfig& out, DecodeContext& c);
void decode_udp(const Value& v, std::string_view provider, UdpConfig& out, DecodeContext& c);

}  // namespace gateproof::config
