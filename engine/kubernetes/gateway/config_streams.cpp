// Routers of TLSRoutes, TCPRoutes and UDPRoutes. Their order is that of HTTP routes as far as they have one: the most specific
// hostname, then the oldest.
#include <algorithm>
#include <set>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {
namespace {

std::string server_name_condition(const std::string& hostname) {
  if (hostname.empty()) return "HostSNI(`*`)";
  if (!hostname.starts_with("*.")) return "HostSNI(" + rule_text(hostname) + ")";
  const std::string rest = text::replace_all(hostname.substr(2), ".", "\\.");
  return "HostSNIRegexp(" + rule_text("^([^.]+\\.)+" + rest + "$") + ")";
}

struct Draft {
  HostRank host, original;
  size_t route = 0;
  std::string name;
  config::TcpRouterConfig router;
};

bool before(const Draft& a, const Draft& b) {
  if (a.host != b.host) return a.host > b.host;
  if (a.original != b.original) return a.original > b.original;
  return a.route < b.route;
}

class StreamRouters {
 public:
  StreamRouters(const Model& model, Services& services, config::DynamicConfig& out)
      : model_(model), services_(services), out_(out) {}

  void add(size_t index) {
    const Route& route = model_.routes[index];
    if (route.rules.empty()) return;
    for (const Attachment& at : route.attachments) {
      const Gateway& gateway = model_.gateways[at.gateway];
      const Listener& listener = gateway.listeners[at.listener];
      if (!listener.serves || gateway.address.empty()) continue;
      if (route.kind == "UDPRoute") {
        add_udp(route, at, gateway, listener);
      } else {
        add_tcp(index, at, listener);
      }
    }
  }

  void finish() {
    for (auto& [listener, drafts] : drafts_) {
      std::stable_sort(drafts.begin(), drafts.end(), before);
      auto priority = static_cast<int64_t>(drafts.size());
      for (Draft& d : drafts) {
        d.router.priority.value = priority--;
        out_.tcp.routers[qualified(d.name)] = std::move(d.router);
      }
    }
  }

 private:
  static std::string label(const Route& route, const std::string& listener) {
    return text::to_lower(route.kind) + "/" + route.object->ns + "/" + route.object->name + " " +
           listener;
  }

  void add_tcp(size_t index, const Attachment& at, const Listener& listener) {
    const Route& route = model_.routes[index];
    const std::string where = listener_name(listener);
    const bool ends = listener.tls == ListenerTls::terminate;
    const std::string service = services_.tcp_of_rule(route, 0, at.gateway, ends);
    std::vector<std::string> hostnames = each_once(at.hostnames);
    if (hostnames.empty() || route.kind == "TCPRoute") hostnames.assign(1, "");
    for (const std::string& hostname : hostnames) {
      Draft d;
      d.host = host_rank(hostname);
      d.original = original_rank(route, hostname);
      d.route = index;
      d.name = label(route, where) + (hostname.empty() ? "" : " " + hostname);
      d.router.entry_points.push_back(located(where, listener.span));
      d.router.rule = located(server_name_condition(hostname), route.object->span);
      d.router.rule_syntax.value = "v3";
      d.router.service = located(service);
      d.router.span = route.object->span;
      if (listener.tls != ListenerTls::none) {
        config::TcpRouterTls tls;
        tls.passthrough = !ends;
        d.router.tls = tls;
      }
      drafts_[where].push_back(std::move(d));
    }
  }

  // The oldest route takes every datagram.
  void add_udp(const Route& route, const Attachment& at, const Gateway& gateway,
               const Listener& listener) {
    if (!taken_.insert(listener_name(listener)).second) return;
    config::UdpRouterConfig router;
    router.entry_points.push_back(located(port_name(gateway, listener), listener.span));
    router.service = located(services_.udp_of_rule(route, 0, at.gateway));
    router.span = route.object->span;
    out_.udp.routers[qualified(label(route, listener_name(listener)))] = std::move(router);
  }

  const Model& model_;
  Services& services_;
  config::DynamicConfig& out_;
  std::map<std::string, std::vector<Draft>> drafts_;
  std::set<std::string> taken_;
};

}  // namespace

void add_stream_routers(const Model& model, Services& services, config::DynamicConfig& out) {
  StreamRouters routers(model, services, out);
  for (size_t i = 0; i < model.routes.size(); ++i) {
    const std::string& kind = model.routes[i].kind;
    if (kind == "TLSRoute" || kind == "TCPRoute" || kind == "UDPRoute") routers.add(i);
  }
  routers.finish();
}

}  // namespace gateproof::kubernetes::gateway
