// Traefik's static configuration: what gateproofd is started with.
#pragma once
#include <functional>

#include "engine/config/dynamic.h"
#include "engine/http/encoded_characters.h"

namespace gateproof::config {

struct EntryPointRedirection {
  Text to;  // entry point name or ":port"
  std::string scheme = "https";
  bool permanent = true;
  std::optional<int64_t> priority;  // default: int max - 1
  SourceSpan span;
};

using http::EncodedCharacters;  // catalogue 1.5

struct ForwardedHeadersConfig {
  bool insecure = false;
  std::vector<Text> trusted_ips;
  std::vector<std::string> connection;
  bool not_append_x_forwarded_for = false;
};

// A listener of a Gateway: a routing table of its own behind the socket that it shares with the others of its port. Routers name
// it as they name an entry point. A connection or a request belongs to the listener whose hostname fits best, and to no other.
struct ListenerConfig {
  enum class Protocol : uint8_t { http, https, tls, tcp };
  std::string name;
  Protocol protocol = Protocol::http;
  std::string hostname;  // lower case; "": any; "*.x": one label or more in front of x
  std::vector<CertificateConfig>
      certificates;  // https, and tls that ends here; the first is the default
  // Client certificates: the authorities that they must come from. With `any_client` they are asked for, and anybody is let in.
  std::vector<Text> client_authorities;
  bool any_client = false;
  SourceSpan span;
};

struct EntryPointConfig {
  std::string name;
  Text address;
  bool reuse_port = false;
  bool as_default = false;
  bool allow_acme_bypass = false;
  std::vector<Text> middlewares;
  std::optional<EntryPointRedirection> redirection;
  std::optional<RouterTls> tls;
  bool encode_query_semicolons = false;
  bool sanitize_path = true;
  std::optional<EncodedCharacters> encoded_characters;
  int64_t max_header_bytes = 1048576;
  std::string underscore_headers_strategy = "keep";  // keep, delete, reject
  std::string alias_headers_strategy;                // "", keep, delete, reject
  Duration read_timeout = std::chrono::seconds(60);
  Duration write_timeout{0};
  Duration idle_timeout = std::chrono::seconds(180);
  Duration request_accept_grace_timeout{0};
  Duration grace_timeout = std::chrono::seconds(10);
  Duration keep_alive_max_time{0};
  int64_t keep_alive_max_requests = 0;
  ForwardedHeadersConfig forwarded;
  bool has_proxy_protocol = false;
  bool proxy_protocol_insecure = false;      // every peer is trusted
  std::vector<Text> proxy_protocol_trusted;  // networks
  int64_t http2_max_concurrent_streams = 250;
  int64_t http2_max_decoder_header_table_size = 4096;
  int64_t http2_max_encoder_header_table_size = 4096;
  bool has_http3 = false;
  bool has_observability = false;  // a model of its own then (catalogue 2.4)
  Duration udp_timeout = std::chrono::seconds(3);
  std::vector<ListenerConfig> listeners;  // of one that a Gateway brings
  SourceSpan span;
};

struct FileProviderConfig {
  Text filename;
  Text directory;
  bool watch = true;
  SourceSpan span;
};

struct KubernetesProviderConfig {
  // Whose address is written into the status of what is served: ingressEndpoint, statusAddress.
  struct StatusAddress {
    std::string ip, hostname;
    std::string service;  // "namespace/name"
  };
  std::string endpoint, token, cert_auth_file;  // of the API server
  std::string label_selector;
  Duration throttle{0};
  bool disable_cluster_scope = false;
  std::optional<StatusAddress> status_address;
  std::vector<Text> namespaces;
  std::string ingress_class;
  bool allow_cross_namespace = false;
  bool allow_empty_services = false;
  bool allow_external_name_services = false;
  bool native_lb_by_default = false;
  bool strict_prefix_matching = false;
  bool safe_naming = false;  // names that cannot collide (catalogue 6.5)
  std::optional<std::vector<std::string>> cross_provider_namespaces;
  // kubernetesGateway: TCPRoutes and TCP listeners are read; the only Gateways that are taken, empty: all.
  bool experimental_channel = false;
  struct GatewayName {
    std::string ns, name;
  };
  std::vector<GatewayName> gateways;
  SourceSpan span;
};

// kubernetesIngressNGINX (catalogue 6.7): bytes and seconds as its options have them. `cluster` is what it shares with the other
// Kubernetes providers.
struct NginxProviderConfig {
  KubernetesProviderConfig cluster;
  std::string ingress_class = "nginx", controller_class = "k8s.io/ingress-nginx";
  bool without_class = false, class_by_name = false;
  std::string namespace_selector;
  Text default_backend;  // "namespace/name"
  bool disable_external_name = false;
  std::string http_entry_point, https_entry_point, global_auth_url;
  bool request_buffering = false, response_buffering = false;
  int64_t client_body_buffer = 16384, body_size = 1048576, buffer_size = 8192, buffers = 4;
  int64_t connect_timeout = 60, read_timeout = 60, send_timeout = 60, keepalive_timeout = 60;
  std::string next_upstream = "error timeout";
  int64_t next_upstream_tries = 3, next_upstream_timeout = 0;
  std::vector<Text> custom_http_errors;
  bool cross_namespace = false, snippets = false, strict_path_type = true;
  std::vector<std::string> allowed_response_headers;
  Value ip_strategy;  // of ipAllowList, as written
  // What Ingresses are told: a Service ("namespace/name"), or addresses, which win.
  Text publish_service;
  std::vector<Text> publish_addresses;
  bool publishes() const { return !publish_service.value.empty() || !publish_addresses.empty(); }
};

// What docker and swarm have in common, as far as it decides routing (catalogue 6.4).
struct ContainerProviderConfig {
  bool exposed_by_default = true;
  Text default_rule;  // "": Host(`{{ normalize .Name }}`)
  Text constraints;   // an expression over labels; "": all
  std::string network;
  bool use_bind_port_ip = false;
  SourceSpan span;
};

// consul, etcd, redis, zooKeeper (catalogue 6.9).
struct PairProviderConfig {
  std::string root_key = "traefik";
  SourceSpan span;
};

struct AcmeConfig {
  std::string storage = "acme.json";
  std::string http_challenge_entry_point;
  bool has_http_challenge = false;
  bool has_tls_challenge = false;
  std::string dns_provider;
  SourceSpan span;
};

// Following CNAME records of request hosts (catalogue 1.4).
struct HostResolverConfig {
  bool cname_flattening = false;
  std::string resolv_config = "/etc/resolv.conf";
  int64_t resolv_depth = 5;
};

struct PingConfig {
  std::string entry_point = "traefik";
  bool manual_routing = false;
  int terminating_status_code = 503;
  SourceSpan span;
};

struct ApiConfig {
  bool insecure = false;
  bool dashboard = true;
  bool debug = false;
  std::string base_path = "/";
  SourceSpan span;
};

// OCSP stapling; the block alone turns it on.
struct OcspConfig {
  std::map<std::string, Text> responder_overrides;  // by the URL in certificates
};

// Options of ours, beside Traefik's: `--gateproof.strict`, GATEPROOF_STRICT, or a `gateproof:` block in the file.
struct GateproofOptions {
  bool strict = false;  // the safe meaning where Traefik's differs (DESIGN decision 7)
  int64_t workers = 0;  // event loops; 0: one per core
  int64_t seed = 0;     // 0: from the system
  // In the process. Connections of clients that are open at once, further ones wait in the system's backlog (0: as many as the limit
  // of open files allows); requests that are under way at once, further ones are answered 503 (0: no limit).
  int64_t connections = 0, requests = 0;
  // The Lease whose holder writes statuses into a cluster: "name", or "namespace/name".
  std::string lease = "gateproof";
  // Gateway API objects: as Traefik serves them, or as the API asks of any controller (docs/gateway.md).
  enum class Dialect : uint8_t { traefik, standard };
  Dialect dialect = Dialect::traefik;
  // standard: each Gateway gets an address of this network.
  std::string gateway_addresses = "127.80.0.0/16";
  // standard: version of the Gateway API's CRDs in the cluster, which decides what features are called.
  std::string gateway_version = "v1.7.0";
};

// Of the program's own lines (catalogue 7.6). Not read, as in Traefik or for want of a meaning here: noColor (there are no
// colours), compress (what is set aside always is).
struct LogConfig {
  std::string level = "ERROR";
  bool json = false;        // format: json; anything else is common
  std::string file_path;    // empty: the standard error
  int64_t max_size = 0;     // MB; 0: 100
  int64_t max_age = 0;      // days that files set aside are kept; 0: for good
  int64_t max_backups = 0;  // files set aside that are kept; 0: all
};

struct StaticConfig {
  std::map<std::string, EntryPointConfig> entry_points;
  Duration providers_throttle = std::chrono::seconds(2);
  std::vector<std::string> precedence;  // empty: Traefik's default list
  std::optional<FileProviderConfig> file;
  std::optional<KubernetesProviderConfig> kubernetes_crd;
  std::optional<KubernetesProviderConfig> kubernetes_ingress;
  std::optional<KubernetesProviderConfig> kubernetes_gateway;
  std::optional<NginxProviderConfig> kubernetes_nginx;
  std::vector<std::pair<std::string, SourceSpan>>
      other_providers;  // docker, consul ...: not acted on live
  std::map<std::string, ContainerProviderConfig> containers;  // "docker", "swarm"
  std::map<std::string, PairProviderConfig> pairs;  // "consul", "etcd", "redis", "zookeeper"
  std::optional<HostResolverConfig> host_resolver;
  std::optional<OcspConfig> ocsp;
  std::optional<PingConfig> ping;
  std::optional<ApiConfig> api;
  std::optional<std::string> metrics_entry_point;  // prometheus.entryPoint, unless manualRouting
  bool rest_insecure = false;                      // providers.rest.insecure
  std::map<std::string, AcmeConfig> resolvers;
  std::string default_rule_syntax = "v3";
  bool strict_tls_options = false;  // conflicting TLS options disable their routers
  bool has_core = false;  // the block `core` is written: every entry point has a model then
  std::vector<Text> declared_plugins;  // names under experimental.plugins and localPlugins
  LogConfig log;
  bool not_append_x_forwarded_for = false;
  ServersTransportConfig servers_transport;
  GateproofOptions gateproof;
  std::string file_name;  // "" when it came from flags or the environment
};

// From a configuration file's document. Errors stop start-up in Traefik: nullopt then, with every problem in findings.
std::optional<StaticConfig> decode_static(const Document& doc, Findings& findings);

// Traefik's order: a configuration file (--configFile, else the default places), else flags, else the environment; the
// `gateproof.*` options stand beside any of them.
struct StaticSources {
  std::vector<std::string> arguments;                            // without argv[0]
  std::vector<std::pair<std::string, std::string>> environment;  // NAME, value
  std::function<Result<std::string>(const std::string& path)> read_file;
  std::vector<std::string>
      default_files;  // looked for in order, e.g. /etc/traefik/traefik.toml ...
};
std::optional<StaticConfig> load_static(const StaticSources& sources, Findings& findings);
// Flags or variables as a Document (spans say "argument 3" or the variable's name as the file).
Result<Document> document_from_flags(const std::vector<std::string>& arguments);
Result<Document> document_from_environment(
    const std::vector<std::pair<std::string, std::string>>& environment);

// Fills what Traefik fills when nothing is said: entry point `http` on :80, `traefik` on :8080 where needed; warns of
// references to entry points that do not exist, which Traefik logs and ignores.
void complete_static(StaticConfig& s, Findings& findings);

// "[host]:port[/tcp|/udp]" taken apart.
struct EntryPointAddress {
  std::string host;
  uint16_t port = 0;  // 0: any
  bool udp = false;
};
Result<EntryPointAddress> parse_entry_point_address(const Text& address);

}  // namespace gateproof::config
