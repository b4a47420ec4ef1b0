// Annotations traefik.ingress.kubernetes.io/router.* of an Ingress and service.* of a Service, decoded as Traefik's labels are
// (catalogue 6.6): names in any case, values as text, one bad annotation spoils all.
#pragma once
#include "engine/kubernetes/context.h"

namespace gateproof::kubernetes {

struct RouterAnnotations {
  Text path_matcher;
  std::vector<Text> entry_points;
  std::vector<Text> middlewares;
  Located<int64_t> priority;
  Text rule_syntax;
  std::optional<config::RouterTls> tls;
  bool has_observability = false;
};

struct ServiceAnnotations {
  Text servers_scheme;
  Text servers_transport;
  bool pass_host_header = true;
  std::vector<Text> middlewares;
  std::optional<config::CookieConfig> sticky;
  std::optional<bool> native_lb;
  bool node_port_lb = false;
};

// nullopt when an annotation cannot be decoded (recorded). Annotations without effect are reported too.
std::optional<RouterAnnotations> router_annotations(const Object& ingress, const Report& report);
std::optional<ServiceAnnotations> service_annotations(const Object& service, const Report& report);

}  // namespace gateproof::kubernetes
