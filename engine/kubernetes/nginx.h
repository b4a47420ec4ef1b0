// The compatibility provider for ingress-nginx: networking.k8s.io/v1 and nginx.ingress.kubernetes.io annotations to the dynamic
// model, provider `kubernetesingressnginx` (catalogue 6.7).
#pragma once
#include <set>

#include "engine/config/schema.h"
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

inline constexpr std::string_view nginx_provider = "kubernetesingressnginx";

// What the translator works with beside the objects.
struct NginxContext {
  const Context& c;
  const config::NginxProviderConfig& options;
  const config::MiddlewareTypes& types;
  std::vector<std::string> plain_entry_points;  // those without TLS
  // The Context names the provider: c.options is options.cluster.
};

// The entry points for routers without TLS: httpEntryPoint, or all that have no TLS of their own.
std::vector<std::string> nginx_entry_points(const config::NginxProviderConfig& options,
                                            const config::StaticConfig* s);

// `served`, if given, gets the Ingresses of which something is: those that are told an address.
config::DynamicConfig translate_nginx(const NginxContext& n,
                                      std::vector<const Object*>* served = nullptr);

// The provider's options, watching the namespaces that watchNamespaceSelector chooses by the labels that the Namespaces have now.
// watchNamespace does not count beside it. A selector that cannot be read chooses none (reported).
config::KubernetesProviderConfig nginx_watched(const ObjectStore& store,
                                               const config::NginxProviderConfig& options,
                                               config::Findings& findings);

// Whether an Ingress is for this provider: its class is of a controller of that name, or its annotation names the class.
bool nginx_takes(const NginxContext& n, const Object& ingress);

// Annotations nginx.ingress.kubernetes.io/NAME of one Ingress. Only "true", in any case, is true; a number that cannot be read is
// as if it were not there.
class NginxAnnotations {
 public:
  explicit NginxAnnotations(const Object& ingress) : ingress_(&ingress) {}
  std::optional<Text> text(std::string_view name) const;
  std::string text_or(std::string_view name, std::string otherwise = "") const;
  bool flag(std::string_view name, bool otherwise = false) const;
  std::optional<int64_t> number(std::string_view name) const;
  // Between commas, trimmed.
  std::optional<std::vector<Text>> list(std::string_view name) const;

 private:
  const Object* ingress_;
};

// "http", "https" or "h2c".
std::string_view nginx_scheme(const NginxAnnotations& a);
// A port of a backend as text, "0" without one.
std::string nginx_port_text(const config::Value* port);
// "512k", "8m": bytes. nullopt for what is no size.
std::optional<int64_t> nginx_bytes(std::string_view text);

// Servers of a backend (`{name, port: {name, number}}`), over plain HTTP. nullopt: there is no such Service or port (reported).
std::optional<std::vector<config::ServerConfig>> nginx_servers(const NginxContext& n,
                                                               std::string_view ns,
                                                               const config::Value& service,
                                                               const NginxAnnotations& a,
                                                               const Report& report);

// A share of the requests for another backend.
struct NginxCanary {
  std::string backend;  // in NginxModel::backends
  int64_t weight = 0, total = 100;
  std::string header, header_value, header_pattern, cookie;
  bool has_router() const { return !cookie.empty() || !header.empty(); }
  bool has_other_router() const {
    return weight > 0 &&
           ((!header.empty() && header_value.empty() && header_pattern.empty()) || !cookie.empty());
  }
};

// One path of one host, with all that its annotations say.
struct NginxLocation {
  const Object* ingress = nullptr;
  NginxAnnotations a;
  SourceSpan span;
  std::string host, path;
  Text path_text;
  bool exact = false;
  bool use_regex = false;  // some Ingress of the host has use-regex or rewrite-target
  bool has_tls = false;
  bool error = false;         // a fault of the annotations that makes the location answer 503
  bool plain_only = false;    // its TLS is passed through
  std::string backend;        // in NginxModel::backends
  std::string transport;      // name; "" none
  std::string service, port;  // as written
  std::string router;         // name, without provider
  std::string tls_options;
  std::string
      client_authority;  // PEM; of auth-tls-secret where certificates are asked for and not judged
  std::vector<std::string> aliases;
  std::optional<NginxCanary> canary;
  std::vector<Text> users;  // of basic or digest authentication
  std::map<std::string, std::string> custom_headers;
  std::string error_backend;  // in NginxModel::backends
  std::string www;            // the other host of from-to-www-redirect; "" none
  std::string server_snippet;
  std::string app_root;       // its own, else the host's; "" none
  bool has_app_root = false;  // its own
  size_t servers = 0;
};

// Middlewares of locations, made from annotations.
class NginxMiddlewares {
 public:
  NginxMiddlewares(const NginxContext& n, config::DynamicConfig& out) : n_(n), out_(out) {}
  // Gives `router` (of the location, called `name`) what its annotations ask for. `error_service` is the service that makes error
  // pages; "": none.
  void apply(const NginxLocation& l, const std::string& name, const std::string& error_service,
             config::RouterConfig& router);
  // The redirection of the other www host.
  std::string www_redirect(const NginxLocation& l, const std::string& name);

 private:
  void put(const std::string& name, std::string_view type, config::Value body, const SourceSpan& at,
           config::RouterConfig* router);
  void redirect(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void auth(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void buffering(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void cors(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void rewrite(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void limits(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void auth_url(const NginxLocation& l, const std::string& name, config::RouterConfig& router);
  void retry(const NginxLocation& l, const std::string& name, config::RouterConfig& router);

  const NginxContext& n_;
  config::DynamicConfig& out_;
};

}  // namespace gateproof::kubernetes
