// What to_config() is made of: one configuration under construction, and who adds what to it.
#pragma once
#include <functional>

#include "engine/config/route_filters.h"
#include "engine/config/static.h"
#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

inline constexpr std::string_view gateway_provider = "kubernetesgateway";

// "x" -> "x@kubernetesgateway".
std::string qualified(const std::string& name);
config::Text located(std::string value, const SourceSpan& span = {});
// As rules quote their arguments.
std::string rule_text(const std::string& value);

// The name that routers of a listener name as their entry point.
std::string listener_name(const Listener& listener);

// How much a hostname says: exact ones first, then by length. "" says nothing.
struct HostRank {
  bool exact = false;
  size_t length = 0;
  auto operator<=>(const HostRank&) const = default;
};
HostRank host_rank(std::string_view hostname);
// Two hostnames of a route may come to the same on a listener.
std::vector<std::string> each_once(std::vector<std::string> hostnames);
// Of the hostname that the route itself writes and that covers `hostname` (1.7: it counts before what listeners make of it).
HostRank original_rank(const Route& route, std::string_view hostname);

// Names of services, qualified, that are to be made again, though somebody uses them already.
using Anew = std::set<std::string>;

// The services that backends become, each once, and what is needed to reach them.
class Services {
 public:
  // How many routes use each service, by qualified name.
  using Users = std::map<std::string, size_t>;
  Services(const Model& model, config::DynamicConfig& out) : model_(model), out_(out) {}
  // Services that several rules share and that are among `known` are not made again, unless they are among `anew`, from which they
  // are taken.
  Services(const Model& model, config::DynamicConfig& out, const Users& known, Anew& anew)
      : model_(model), out_(out), known_(&known), anew_(&anew) {}
  // Names of services of HTTP that were asked for since the last call, qualified.
  std::set<std::string> take_used() { return std::exchange(used_, {}); }

  // How the rule's backends are chosen; the name of a service.
  std::string of_rule(const Route& route, size_t rule, size_t gateway);
  // Names of services of HTTP for the ports of a Service begin with it.
  static std::string prefix(std::string_view ns, std::string_view service);
  // Of one backend that can be asked, unqualified. `grpc`: it is spoken to over HTTP/2, whatever the route's kind.
  std::string backend(const Route& route, const Backend& backend, size_t gateway,
                      bool grpc = false);
  // The same for bytes. Of a backend that cannot be asked the service has no server.
  std::string tcp_of_rule(const Route& route, size_t rule, size_t gateway, bool tls_ends_here);
  std::string udp_of_rule(const Route& route, size_t rule, size_t gateway);

 private:
  config::TransportTlsConfig transport(const BackendTls& tls, size_t gateway) const;
  std::string tcp_backend(const Backend& backend, size_t gateway, bool tls_ends_here);
  std::string answer(int status);
  std::string gateway_label(size_t gateway) const;

  // Notes it as used; whether it is there already and the same for everybody.
  bool shared(const std::string& name);

  const Model& model_;
  config::DynamicConfig& out_;
  const Users* known_ = nullptr;
  Anew* anew_ = nullptr;
  std::set<std::string> used_;
};

// What filters name: where they are not looked for they are unknown.
struct NamedByFilters {
  // The middleware, qualified, that an ExtensionRef filter names.
  std::function<std::string(const std::string& name)> extension;
  // The service, unqualified, that an ExternalAuth filter asks; "" when there is none.
  std::function<std::string(const config::Value& filter)> auth;
};
// Filters of a rule or a backendRef as written; mirrors come from the model.
std::vector<config::RouteFilter> read_filters(const config::Value* owner, bool& unknown,
                                              const NamedByFilters& named = {});
// ---- config_extensions.cpp
// The middleware that a Middleware object becomes, qualified.
std::string middleware_name(std::string_view ns, std::string_view name);
// The same, of one namespace.
std::function<std::string(const std::string&)> extensions_of(const std::string& ns);
// Middlewares that filters of the route name, whether or not they are there.
std::set<std::string> named_middlewares(const Route& route);
// Middlewares that ExtensionRef filters of the model name, and what these name in turn; objects that they depend on
// (lookup_key()) are added to `asked`.
void add_extensions(const Model& model, const config::MiddlewareTypes& types,
                    config::Findings& findings, config::DynamicConfig& out,
                    std::vector<std::string>& asked);
// All of a rule but what depends on its matches.
config::RouteFilters read_rule(const Route& route, const Rule& rule, size_t gateway,
                               Services& services);
// sessionPersistence of a rule, as 1.6 (sessionName, cookieConfig, idleTimeout) and 1.7 (cookie, header) write it.
std::optional<config::SessionConfig> read_session(const config::Value* rule);

// Routers of an HTTPRoute or a GRPCRoute; their names.
std::vector<std::string> add_http_route(const Model& model, const Route& route, Services& services,
                                        config::DynamicConfig& out);
void add_entry_points(const Model& model, config::DynamicConfig& out);
// Routers of TLSRoutes, TCPRoutes and UDPRoutes.
void add_stream_routers(const Model& model, Services& services, config::DynamicConfig& out);

// The entry point of a listener's port: "gateway 127.80.0.1:80/tcp".
std::string port_name(const Gateway& gateway, const Listener& listener);

}  // namespace gateproof::kubernetes::gateway
