// Configuration of @kubernetesgateway: routers and services of the routes that sound listeners take, under Traefik's names.
#pragma once
#include "engine/kubernetes/gateway.h"

namespace gateproof::kubernetes {

inline constexpr std::string_view gateway_provider = "kubernetesgateway";

config::DynamicConfig gateway_config(const Context& c, const GatewayResult& result,
                                     const EntryPointsView& entry_points);

// ---- parts ----
// One route on one of its listeners.
struct RoutePlace {
  const RouteView& route;
  const ListenerView& listener;
  const Object& gateway;
};

// "httproute-default-shop-gw-infra-web-ep-web-0-0123456789abcdef0123": parts as people know them, and digits that keep names
// apart which are the same once they are normalised.
std::string gateway_router_name(const RoutePlace& at, size_t rule_index,
                                std::string_view rule_text);
// Of the route and the listener: sorted where the listener has one, else as the route has them.
std::vector<std::string> common_hostnames(const ListenerView& listener,
                                          const std::vector<Text>& route);
// `Host("a")`, `HostRegexp("^[a-z0-9-\\.]+\\.b$")`; several in parentheses, joined by ||.
std::string hostname_rule(const std::vector<std::string>& hostnames, std::string_view matcher);
int64_t longest(const std::vector<std::string>& hostnames);

// Two routers of one rule on one entry point: the first one is made.
class RuleTable {
 public:
  explicit RuleTable(const Context& c) : c_(c) {}
  bool take(const RoutePlace& at, const std::string& rule, const std::string& router);
  // The name of a Middleware with the CRD provider.
  std::string middleware(const std::string& ns, const std::string& name) const {
    return c_.options.safe_naming ? c_.names().object(ns, name) : make_id(ns, name);
  }

 private:
  const Context& c_;
  std::map<std::pair<std::string, std::string>, std::string> taken_;
};

// On all listeners that take it.
void add_gateway_route(RuleTable& rules, const std::vector<GatewayView>& gateways,
                       const RouteView& route, config::DynamicConfig& out);
// What is there once all routes are.
void add_gateway_rest(const std::vector<GatewayView>& gateways, const EntryPointsView& entry_points,
                      config::DynamicConfig& out);
// A finding: `router` is not made, since `first` is there.
void report_taken(const Context& c, const Object& route, const std::string& entry_point,
                  const std::string& rule, const std::string& router, const std::string& first);

void add_gateway_http(RuleTable& rules, const RoutePlace& at, config::DynamicConfig& out);
void add_gateway_stream(RuleTable& rules, const RoutePlace& at, config::DynamicConfig& out);

}  // namespace gateproof::kubernetes
