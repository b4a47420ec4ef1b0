// The Kubernetes CRD provider: traefik.io/v1alpha1 objects to the dynamic model, provider `kubernetescrd` (catalogue 6.5).
// Where Traefik drops a route or an object, so does this, with a finding.
#pragma once
#include "engine/config/schema.h"
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

struct CrdResult {
  config::DynamicConfig config;
  std::vector<SecretUsers> users;
};

CrdResult translate_crd(const Context& c, const config::MiddlewareTypes& types);

// ---- parts, each in its own file ----

// Names of middlewares, TLS options and so on, as `name` and `namespace` of a reference say. Qualified; nullopt when Traefik
// refuses the reference (recorded).
std::optional<Text> resolve_reference(const Context& c, std::string_view parent_ns,
                                      const config::Value& ref, std::string_view kind,
                                      const Report& report);

// The same for the TLSOption that `tls.options` names.
std::optional<Text> resolve_tls_options(const Context& c, std::string_view parent_ns,
                                        const config::Value& ref, const Report& report);
// The certificate of a route's Secret, in the TLSStore that names it first, if one does: only the one called default is served from
// (recorded).
std::optional<config::DynamicConfig::Certificate> crd_certificate(const Context& c,
                                                                  std::string_view ns,
                                                                  const Text& secret,
                                                                  const Report& report);
// And for a serversTransport; `ns` is that of the Service.
std::optional<Text> resolve_transport(const Context& c, const std::string& ns, const Text& name,
                                      const Report& report);
// Whether this provider takes an IngressRoute (TCP, UDP) at all, by its class (recorded).
bool taken(const Context& c, const Object& o);
// A duration of a CRD: seconds or a text; a wrong one keeps the default (recorded).
void crd_duration(const config::Value* parent, std::string_view key, Duration& out,
                  const Report& report);
// The TLS part of a ServersTransport or a ServersTransportTCP, with what its Secrets and ConfigMaps hold.
config::TransportTlsConfig crd_transport_tls(const Context& c, const Object& o,
                                             const config::Value* spec);

class CrdServices {
 public:
  CrdServices(const Context& c, config::DynamicConfig& out) : c_(c), out_(out) {}

  // What a service entry stands for: a name, and for a Kubernetes Service its load balancer. nullopt: refused (recorded).
  struct Named {
    Text name;  // qualified
    std::optional<config::ServiceConfig> service;
  };
  // `owner` and `part`: what the service is in (CrdNames::child).
  std::optional<Named> named(std::string_view parent_ns, const config::Value& entry,
                             std::string_view owner, std::string_view part, const Report& report);
  // A weighted service over entries, put under `name` (qualified). False: refused.
  // `owner` is the router or the TraefikService.
  bool weighted(std::string_view parent_ns, const std::vector<config::Value>& entries,
                const config::Value* sticky, std::string_view owner, const std::string& name,
                const SourceSpan& span, const Report& report);
  void traefik_service(const Object& o);
  // nativeLBByDefault holds for the services of routes alone, not for those of other objects (recorded).
  void routes_are_done() { native_by_default_ = false; }

 private:
  struct Backend {
    const config::Value& entry;
    std::string ns;
    Text name;
    const Report& report;
  };
  std::optional<config::ServiceConfig> load_balancer(const Backend& b);
  std::optional<std::vector<config::ServerConfig>> servers(const Backend& b);
  std::optional<ServicePort> port_of(const Backend& b, const Service& service);
  std::optional<std::string> scheme(const Backend& b, const ServicePort& port);
  bool balancer_options(const Backend& b, config::LoadBalancerConfig& lb);
  bool strategy(const Backend& b, config::LoadBalancerConfig& lb);
  // Of a TraefikService: the child's qualified name, its own load balancer added; nullopt: recorded.
  std::optional<Text> child(const Object& o, const config::Value& entry, std::string_view part,
                            const Report& report);
  bool mirroring(const Object& o, const config::Value& m, config::ServiceConfig& s,
                 const Report& report);
  bool failover(const Object& o, const config::Value& f, config::ServiceConfig& s,
                const Report& report);
  bool other_kind(const Object& o, const config::Value& spec, config::ServiceConfig& s,
                  const Report& report);

  const Context& c_;
  config::DynamicConfig& out_;
  bool native_by_default_ = c_.options.native_lb_by_default;
};

// What one IngressRoute becomes, whatever else there is.
config::DynamicConfig crd_route(const Context& c, const Object& o);
// One Middleware object.
void crd_middleware(const Context& c, const config::MiddlewareTypes& types, CrdServices& services,
                    const Object& o, CrdResult& out);
// One ServersTransport.
void crd_transport(const Context& c, const Object& o, config::DynamicConfig& out);
// TLSOption, TLSStore.
void crd_tls(const Context& c, config::DynamicConfig& out);
// IngressRouteTCP, IngressRouteUDP, MiddlewareTCP, ServersTransportTCP.
void crd_streams(const Context& c, config::DynamicConfig& out);
// Kinds that are not acted on yet: notes.
void crd_later(const Context& c);

std::optional<config::CookieConfig> read_cookie(const config::Value* sticky);

// Puts an object under its name; tells when another object had it (names can collide, catalogue 6.5).
template <class T>
void put(std::map<std::string, T>& into, const std::string& name, T value, std::string_view what,
         const Report& report) {
  const auto there = into.find(name);
  if (there != into.end()) {
    report.plain("GP0720", value.span,
                 "Name collision: " + std::string(what) + " \"" + name + "\" is also made by " +
                     there->second.span.to_string() + ", which is overridden",
                 "rename one of the objects so that they differ in more than dots and dashes, or "
                 "change the match");
  }
  into[name] = std::move(value);
}

}  // namespace gateproof::kubernetes
