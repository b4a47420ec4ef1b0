// The dynamic model: routers, middlewares and services with spans, whatever provider they came from. Names are qualified
// (`name@provider`) once a provider's objects are in a DynamicConfig.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/document.h"
#include "engine/config/dynamic_tcp.h"
#include "engine/config/dynamic_tls.h"
#include "engine/config/finding.h"
#include "engine/env/clock.h"

namespace gateproof::config {

using Text = Located<std::string>;

struct EntryPointConfig;  // engine/config/static.h
struct RouteFilters;      // engine/config/route_filters.h

struct TlsDomain {
  std::string main;
  std::vector<std::string> sans;
};

struct RouterTls {
  Text options;
  Text cert_resolver;
  std::vector<TlsDomain> domains;
  SourceSpan span;
};

struct RouterConfig {
  std::vector<Text> entry_points;  // empty: the defaults
  std::vector<Text> middlewares;   // as written; unqualified takes the router's provider
  Text service;
  Text rule;
  Text rule_syntax;           // "", "v2", anything else is v3
  Located<int64_t> priority;  // 0: automatic
  std::optional<RouterTls> tls;
  std::vector<Text> parent_refs;
  bool has_observability = false;
  bool default_rule = false;  // the rule was made by a provider's defaultRule (catalogue 1.8)
  // Of a rule of a Gateway API route; null: none.
  std::shared_ptr<const RouteFilters> filters;
  SourceSpan span;  // of the router's key
};

// A middleware's options, decoded by its own schema (engine/middleware). Exactly one type; more is an error of the object.
struct MiddlewareConfig {
  std::string type;                      // as documented: "stripPrefix"
  std::vector<std::string> extra_types;  // other types written in the same object
  std::shared_ptr<const void>
      options;  // the struct of that type; null: a type of Traefik's that is not built yet (GP1108)
  std::vector<Text> refs;  // names of middlewares it refers to (chain)
  SourceSpan span;
};

struct CookieConfig {
  std::string name;
  bool secure = false;
  bool http_only = false;
  std::string same_site;
  int64_t max_age = 0;
  int64_t expires = 0;  // seconds from the answer on; 0: no attribute (ingress-nginx)
  std::string path = "/";
  std::string domain;
};

struct ServerConfig {
  Text url;
  int64_t weight = 1;
  bool preserve_path = false;
  bool fenced = false;  // Kubernetes: terminating, only for sticky clients
  Text scheme, port;    // labels only; the container's provider makes the URL from them
};

// Active probing of a load balancer's servers (catalogue 4.4).
struct HealthCheckConfig {
  std::string scheme;    // "": the server's
  std::string mode;      // "grpc", anything else is http
  Text path;             // relative; an absolute one fails every probe
  std::string method;    // "": GET
  int status = 0;        // 0: any of 200..399
  int port = 0;          // 0: the server's
  std::string hostname;  // Host; "": the server's
  Duration interval = std::chrono::seconds(30);
  std::optional<Duration> unhealthy_interval;  // absent: interval
  Duration timeout = std::chrono::seconds(5);
  bool follow_redirects = true;
  std::map<std::string, std::string> headers;
  SourceSpan span;
};

// Servers are judged by their answers (catalogue 4.4).
struct PassiveHealthCheckConfig {
  Duration failure_window = std::chrono::seconds(10);
  int64_t max_failed_attempts = 1;
  SourceSpan span;
};

struct LoadBalancerConfig {
  std::vector<ServerConfig> servers;
  Text strategy;  // "wrr" when empty
  // hrw: what is hashed beside the server's name, with variables of NGINX; "": the client's address (ingress-nginx).
  std::string hash_by;
  bool pass_host_header = true;
  Duration flush_interval = std::chrono::milliseconds(100);
  Text servers_transport;
  std::optional<CookieConfig> sticky;
  std::optional<HealthCheckConfig> health_check;
  std::optional<PassiveHealthCheckConfig> passive_health_check;
};

struct WeightedChild {
  Text name;
  int64_t weight = 1;
  std::optional<int> status;  // Kubernetes: answer this instead of asking a service
  std::shared_ptr<const RouteFilters> filters;  // Gateway API: of the backendRef; null: none
};

struct WeightedConfig {
  std::vector<WeightedChild> services;
  std::optional<CookieConfig> sticky;
  bool has_health_check = false;
};

// highestRandomWeight: children by a hash of the client's IP.
struct HighestRandomWeightConfig {
  std::vector<WeightedChild> services;
  bool has_health_check = false;
};

struct MirrorConfig {
  Text name;
  Located<int64_t> percent;  // 0..100; anything else disables the service
};

struct MirroringConfig {
  Text service;
  std::vector<MirrorConfig> mirrors;
  bool mirror_body = true;
  int64_t max_body_size = -1;  // bytes; negative: no limit
  bool has_health_check = false;
};

struct FailoverErrorsConfig {
  std::vector<Text> status;             // "500-599", "404"; empty: errors are not looked at
  int64_t max_request_body_bytes = -1;  // negative: no limit
};

struct FailoverConfig {
  Text service;
  Text fallback;
  bool has_health_check = false;
  std::optional<FailoverErrorsConfig> errors;
};

struct ServiceConfig {
  std::optional<LoadBalancerConfig> load_balancer;
  std::optional<WeightedConfig> weighted;
  std::optional<HighestRandomWeightConfig> highest_random_weight;
  std::optional<MirroringConfig> mirroring;
  std::optional<FailoverConfig> failover;
  std::vector<std::string> types;  // every type written, in order
  std::vector<Text> middlewares;
  SourceSpan span;
};

struct ServersTransportConfig {
  Duration dial_timeout = std::chrono::seconds(30);
  Duration response_header_timeout{0};  // 0: none
  Duration idle_conn_timeout = std::chrono::seconds(90);
  // Of one read, and of one write, of a connection, whatever it carries; 0: none. A provider's alone.
  Duration read_timeout{0}, write_timeout{0};
  // HTTP/2: a connection that has been silent so long is asked with a PING (0: never), and has so long to answer.
  Duration read_idle_timeout{0};
  Duration ping_timeout = std::chrono::seconds(15);
  int64_t max_idle_conns_per_host = 200;
  TransportTlsConfig tls;
  SourceSpan span;
};

// One provider's objects, or all providers' together. Keys are qualified names.
struct DynamicConfig {
  // Entry points that a provider brings (listeners of Gateways), by name: they come and go with a reload. No file can write any.
  std::map<std::string, std::shared_ptr<const EntryPointConfig>> entry_points;
  std::map<std::string, RouterConfig> routers;
  std::map<std::string, MiddlewareConfig> middlewares;
  std::map<std::string, ServiceConfig> services;
  std::map<std::string, ServersTransportConfig> servers_transports;
  std::map<std::string, TlsOptionsConfig> tls_options;
  std::map<std::string, TlsStoreConfig> tls_stores;
  using Certificate = CertificateConfig;
  std::vector<Certificate> certificates;
  TcpConfig tcp;
  UdpConfig udp;
};

// Members of a map of named objects as Traefik's decoder sees them: null ones are dropped, a name that is no text becomes
// "<int Value>" (with a warning), and objects in a list get the names [0], [1] ...
struct NamedValue {
  std::string name;
  SourceSpan span;  // of the name
  const Value* value;
};
std::vector<NamedValue> named_values(const Value& map, Findings& findings);

std::string qualify(std::string_view name,
                    std::string_view provider);  // "x" -> "x@provider"; "x@y" stays
std::string_view provider_of(std::string_view qualified);
std::string_view bare_name(std::string_view qualified);

// What the middleware layer tells the decoder about its types: how a body of one type becomes its options.
struct MiddlewareSchema;

// The decoder's view of the registry.
class MiddlewareTypes {
 public:
  virtual ~MiddlewareTypes() = default;
  virtual const MiddlewareSchema* find(std::string_view type_nocase) const = 0;
  // With types and options that no file can write.
  virtual const MiddlewareSchema* find_of_provider(std::string_view type) const {
    return find(type);
  }
  virtual std::vector<std::string_view> names() const = 0;
};

// Decodes Traefik's dynamic configuration of one file, of one container's labels or of a tree of key/value pairs
// (doc.origin). Errors reject the whole of it, as Traefik does ("field not found, node: x"): the result is then nullopt and
// `findings` holds every problem, not only the first.
std::optional<DynamicConfig> decode_dynamic(const Document& doc, std::string_view provider,
                                            const MiddlewareTypes& types, Findings& findings);

}  // namespace gateproof::config
