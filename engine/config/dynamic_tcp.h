// The `tcp` and `udp` sections of the dynamic model (catalogue 1.9, 3.4, 4.8). Keys are qualified names.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/document.h"
#include "engine/config/dynamic_tls.h"
#include "engine/env/clock.h"

namespace gateproof::config {

struct TcpRouterTls {
  bool passthrough = false;  // raw bytes go to the server; nothing else here applies then
  Located<std::string> options;
  Located<std::string> cert_resolver;
  SourceSpan span;
};

struct TcpRouterConfig {
  std::vector<Located<std::string>> entry_points;  // empty: the defaults
  std::vector<Located<std::string>> middlewares;   // as written
  Located<std::string> service;
  Located<std::string> rule;
  Located<std::string> rule_syntax;
  Located<int64_t> priority;  // 0: automatic
  std::optional<TcpRouterTls> tls;
  SourceSpan span;
};

struct IpRangesConfig {
  std::vector<Located<std::string>> source_range;
};
struct InFlightConnConfig {
  int64_t amount = 0;  // connections of one client address at once
};

// One object may hold several; Traefik acts on the last of this order that is there.
struct TcpMiddlewareConfig {
  std::optional<InFlightConnConfig> in_flight_conn;
  std::optional<IpRangesConfig> ip_white_list;
  std::optional<IpRangesConfig> ip_allow_list;
  SourceSpan span;
};

struct ProxyProtocolConfig {
  Located<int64_t> version{2, {}};  // 1 or 2; anything else disables routers of the service
};

struct TcpServerConfig {
  Located<std::string> address;  // host:port
  Located<std::string> port;     // labels; elsewhere Traefik reads it and takes no notice
  bool tls = false;
};

struct TcpHealthCheckConfig {
  int64_t port = 0;    // 0: the server's
  std::string send;    // "": nothing is sent
  std::string expect;  // "": connecting is enough
  Duration interval = std::chrono::seconds(30);
  std::optional<Duration> unhealthy_interval;  // absent: interval
  Duration timeout = std::chrono::seconds(5);
  SourceSpan span;
};

struct TcpLoadBalancerConfig {
  std::vector<TcpServerConfig> servers;
  Located<std::string> servers_transport;
  std::optional<int64_t> termination_delay_ms;        // deprecated; without serversTransport only
  std::optional<ProxyProtocolConfig> proxy_protocol;  // deprecated; without serversTransport only
  std::optional<TcpHealthCheckConfig> health_check;
};

struct StreamWeightedChild {
  Located<std::string> name;
  int64_t weight = 1;
};

struct TcpWeightedConfig {
  std::vector<StreamWeightedChild> services;
  bool has_health_check = false;
};

struct TcpServiceConfig {
  std::optional<TcpLoadBalancerConfig> load_balancer;
  std::optional<TcpWeightedConfig> weighted;
  SourceSpan span;
};

struct TcpServersTransportConfig {
  Duration dial_timeout = std::chrono::seconds(30);
  Duration dial_keep_alive = std::chrono::seconds(15);
  Duration termination_delay = std::chrono::milliseconds(100);  // negative: wait for ever
  std::optional<ProxyProtocolConfig> proxy_protocol;
  std::optional<TransportTlsConfig> tls;
  SourceSpan span;
};

struct TcpConfig {
  std::map<std::string, TcpRouterConfig> routers;
  std::map<std::string, TcpMiddlewareConfig> middlewares;
  std::map<std::string, TcpServiceConfig> services;
  std::map<std::string, TcpServersTransportConfig> servers_transports;
};

struct UdpRouterConfig {
  std::vector<Located<std::string>> entry_points;  // empty: every UDP entry point
  Located<std::string> service;
  SourceSpan span;
};

struct UdpServiceConfig {
  std::optional<std::vector<Located<std::string>>> servers;  // addresses of loadBalancer
  Located<std::string> port;                                 // labels: of the only server
  std::optional<std::vector<StreamWeightedChild>> weighted;
  SourceSpan span;
};

struct UdpConfig {
  std::map<std::string, UdpRouterConfig> routers;
  std::map<std::string, UdpServiceConfig> services;
};

}  // namespace gateproof::config
