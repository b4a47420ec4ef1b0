#include "engine/kubernetes/gateway_config.h"

#include <set>

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::kubernetes {

std::string gateway_router_name(const RoutePlace& at, size_t rule_index,
                                std::string_view rule_text) {
  const Object& route = *at.route.object;
  std::string key = text::to_lower(route.kind);
  for (const std::string_view part :
       {std::string_view(route.ns), std::string_view(route.name), std::string_view("gw"),
        std::string_view(at.gateway.ns), std::string_view(at.gateway.name), std::string_view("ep"),
        std::string_view(at.listener.entry_point)})
    key.append("-").append(part);
  key += "-" + std::to_string(rule_index);
  std::string name = normalise(key) + "-";
  return name + short_hash(key + "\n" + std::string(rule_text));
}

std::vector<std::string> common_hostnames(const ListenerView& listener,
                                          const std::vector<Text>& route) {
  if (route.empty())
    return listener.hostname.value.empty() ? std::vector<std::string>()
                                           : std::vector<std::string>{listener.hostname.value};
  std::vector<std::string> out;
  if (listener.hostname.value.empty()) {
    for (const Text& h : route) out.push_back(h.value);
    return out;
  }
  std::set<std::string> common;
  for (const Text& h : route) common.insert(intersect_hostnames(listener.hostname.value, h.value));
  common.erase("");
  return {common.begin(), common.end()};
}

std::string hostname_rule(const std::vector<std::string>& hostnames, std::string_view matcher) {
  std::vector<std::string> parts;
  for (const std::string& h : hostnames) {
    if (!h.starts_with("*.")) {
      parts.push_back(std::string(matcher) + "(" + text::quote(h) + ")");
      continue;
    }
    const std::string rest = text::replace_all(h.substr(1), ".", "\\.");
    parts.push_back(std::string(matcher) + "Regexp(" + text::quote("^[a-z0-9-\\.]+" + rest + "$") +
                    ")");
  }
  return text::join(parts, " || ");
}

int64_t longest(const std::vector<std::string>& hostnames) {
  size_t out = 0;
  for (const std::string& h : hostnames) out = std::max(out, h.size());
  return static_cast<int64_t>(out);
}

bool RuleTable::take(const RoutePlace& at, const std::string& rule, const std::string& router) {
  const auto [first, fresh] = taken_.emplace(std::pair(at.listener.entry_point, rule), router);
  if (fresh) return true;
  // The same route through another listener of the entry point is no loss.
  if (first->second == router) return false;
  report_taken(c_, *at.route.object, at.listener.entry_point, rule, router, first->second);
  return false;
}

void report_taken(const Context& c, const Object& route, const std::string& entry_point,
                  const std::string& rule, const std::string& router, const std::string& first) {
  c.findings.add("GP0820", route.span, route.label(),
                 "router " + router + " is not made: " + first + " serves the rule " + rule +
                     " on entry point " + entry_point,
                 "remove one of the two routes, or give them different hostnames or matches");
}

namespace {

// A pair that several listeners name is served once.
void add_certificates(const std::vector<GatewayView>& gateways, config::DynamicConfig& out) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const GatewayView& g : gateways) {
    for (const ListenerView& l : g.listeners) {
      for (const config::CertificateConfig& pair : l.certificates) {
        if (l.sound && seen.emplace(pair.cert_file.value, pair.key_file.value).second)
          out.certificates.push_back(pair);
      }
    }
  }
}

// Where a TLSRoute is served, a TLS connection to nobody's name is closed, unless HTTP may be meant.
void deny_unknown_hosts(const EntryPointsView& entry_points, config::DynamicConfig& out) {
  const std::string name = config::qualify("deny-unknown-host", gateway_provider);
  config::TcpRouterConfig router;
  for (const EntryPointsView::One& e : entry_points.list) {
    if (!e.address.ends_with("/udp")) router.entry_points.push_back({e.name, {}});
  }
  router.rule.value = "HostSNI(`*`) && !ALPN(`h2`) && !ALPN(`http/1.1`)";
  router.service.value = name;
  router.priority.value = 1;
  router.tls.emplace();
  out.tcp.routers[name] = std::move(router);
  out.tcp.services[name].load_balancer.emplace();
}

}  // namespace

void add_gateway_route(RuleTable& rules, const std::vector<GatewayView>& gateways,
                       const RouteView& route, config::DynamicConfig& out) {
  const std::string& kind = route.object->kind;
  for (const ParentView& p : route.parents) {
    const GatewayView& g = gateways[p.gateway];
    for (const size_t i : p.attached) {
      const RoutePlace at{route, g.listeners[i], *g.object};
      if (kind == "HTTPRoute" || kind == "GRPCRoute") {
        add_gateway_http(rules, at, out);
      } else {
        add_gateway_stream(rules, at, out);
      }
    }
  }
}

void add_gateway_rest(const std::vector<GatewayView>& gateways, const EntryPointsView& entry_points,
                      config::DynamicConfig& out) {
  const bool tls_routes = std::any_of(out.tcp.routers.begin(), out.tcp.routers.end(),
                                      [](const auto& r) { return r.second.tls.has_value(); });
  if (tls_routes) deny_unknown_hosts(entry_points, out);
  add_certificates(gateways, out);
}

config::DynamicConfig gateway_config(const Context& c, const GatewayResult& result,
                                     const EntryPointsView& entry_points) {
  config::DynamicConfig out;
  RuleTable http(c), tls(c), tcp(c);
  for (const RouteView& r : result.routes) {
    const std::string& kind = r.object->kind;
    const bool stream = kind == "TLSRoute" || kind == "TCPRoute";
    add_gateway_route(kind == "TLSRoute" ? tls : stream ? tcp : http, result.gateways, r, out);
  }
  add_gateway_rest(result.gateways, entry_points, out);
  return out;
}

}  // namespace gateproof::kubernetes
