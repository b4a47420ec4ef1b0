// All Ingresses of ingress-nginx together: who owns which host, alias and path, and what stands behind them. From it routers are
// written (nginx_routers.cpp).
#pragma once
#include "engine/kubernetes/nginx.h"

namespace gateproof::kubernetes {

struct NginxPassthrough {
  std::string router, backend, host;
  SourceSpan span;
};

struct NginxModel {
  using Servers = std::vector<config::ServerConfig>;
  std::map<std::string, Servers> backends;  // by name, without provider; over plain HTTP
  std::vector<NginxLocation> locations;
  std::vector<NginxPassthrough> passthroughs;
  std::optional<Servers> default_backend;
  std::optional<NginxLocation>
      default_location;  // of an Ingress without rules that made the default backend
  std::map<std::string, config::ServersTransportConfig> transports;
  std::map<std::string, config::TlsOptionsConfig> tls_options;
  std::vector<config::DynamicConfig::Certificate> certificates;
  std::set<const Object*> served;  // Ingresses
};

// What a backend that no Ingress names is of: without annotations.
const Object& no_ingress();
NginxModel nginx_model(const NginxContext& n);

// Users of auth-secret; nullopt: none can be had, and the location is left out (reported).
std::optional<std::vector<Text>> nginx_users(const NginxContext& n, const NginxLocation& l,
                                             const Report& report);
// The fields of the ConfigMap that custom-headers names. nullopt: they cannot be used, and the location answers 503 (reported).
std::optional<std::map<std::string, std::string>> nginx_custom_headers(const NginxContext& n,
                                                                       const NginxLocation& l,
                                                                       const Text& reference,
                                                                       const Report& report);
// How servers of an Ingress are spoken to; nullopt: the Ingress is left out (reported).
std::optional<config::ServersTransportConfig> nginx_transport(const NginxContext& n,
                                                              const Object& ingress,
                                                              const NginxAnnotations& a,
                                                              const Report& report);
// Of auth-tls-secret; nullopt: the Ingress is left out (reported).
std::optional<config::TlsOptionsConfig> nginx_tls_options(const NginxContext& n,
                                                          const Object& ingress,
                                                          const NginxAnnotations& a,
                                                          const Text& secret, const Report& report);

}  // namespace gateproof::kubernetes
