// Routers and services of TLSRoutes and TCPRoutes.
#include "engine/kubernetes/gateway_config.h"

namespace gateproof::kubernetes {

namespace {

class StreamRoute {
 public:
  StreamRoute(RuleTable& rules, const RoutePlace& at, config::DynamicConfig& out)
      : rules_(rules), at_(at), out_(out) {
    if (tls()) hostnames_ = common_hostnames(at.listener, at.route.hostnames);
  }

  void rule(size_t index) {
    const std::string rule =
        hostnames_.empty() ? "HostSNI(\"*\")" : hostname_rule(hostnames_, "HostSNI");
    const std::string name = gateway_router_name(at_, index, rule);
    if (!rules_.take(at_, rule, name)) return;
    const RuleView& r = at_.route.rules[index];
    config::TcpRouterConfig router;
    router.rule = {rule, r.rule->span};
    router.rule_syntax.value = "default";
    // What takes every name is asked last.
    router.priority.value = hostnames_.empty() ? -1 : priority();
    router.entry_points.push_back({at_.listener.entry_point, at_.listener.span});
    if (tls()) router.tls.emplace().passthrough = at_.listener.passthrough;
    router.service.value = service(name, r);
    router.span = at_.route.object->span;
    out_.tcp.routers[config::qualify(name, gateway_provider)] = std::move(router);
  }

 private:
  // The longest hostname, an asterisk not counted.
  int64_t priority() const {
    int64_t out = 0;
    for (const std::string& h : hostnames_)
      out = std::max(out, static_cast<int64_t>(h.size()) - (h.starts_with('*') ? 1 : 0));
    return out;
  }
  bool tls() const { return at_.route.object->kind == "TLSRoute"; }

  config::TcpServiceConfig& made(const std::string& name, const SourceSpan& span) {
    config::TcpServiceConfig& s = out_.tcp.services[config::qualify(name, gateway_provider)];
    s.span = span;
    return s;
  }

  std::string service(const std::string& router, const RuleView& r) {
    if (r.internal && r.backends.front().usable) return r.backends.front().named;
    config::TcpWeightedConfig w;
    for (size_t i = 0; i < r.backends.size(); ++i) {
      const BackendView& b = r.backends[i];
      config::StreamWeightedChild& c = w.services.emplace_back();
      c.name = {child(router, b, i), b.ref->span};
      c.weight = b.weight;
    }
    const std::string name = router + "-wrr";
    made(name, r.rule->span).weighted = std::move(w);
    return name;
  }

  std::string child(const std::string& router, const BackendView& b, size_t index) {
    if (!b.usable) {
      // Connections to it are closed.
      const std::string nobody = router + "-err-lb";
      made(nobody, b.ref->span).load_balancer.emplace();
      return nobody;
    }
    if (!b.named.empty()) return b.named;
    const std::string name = router + "-svc-" + b.ns + "-" + b.name + "-" + std::to_string(index);
    config::TcpLoadBalancerConfig& lb = made(name, b.ref->span).load_balancer.emplace();
    for (const std::string& address : b.addresses) {
      config::TcpServerConfig server;
      server.address = {address, b.ref->span};
      lb.servers.push_back(std::move(server));
    }
    return name;
  }

  RuleTable& rules_;
  const RoutePlace& at_;
  std::vector<std::string> hostnames_;
  config::DynamicConfig& out_;
};

}  // namespace

void add_gateway_stream(RuleTable& rules, const RoutePlace& at, config::DynamicConfig& out) {
  StreamRoute route(rules, at, out);
  for (size_t i = 0; i < at.route.rules.size(); ++i) route.rule(i);
}

}  // namespace gateproof::kubernetes
