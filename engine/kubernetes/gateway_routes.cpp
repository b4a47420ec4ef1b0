// Routes and the listeners that they attach to.
#include "engine/base/text.h"
#include "engine/kubernetes/gateway/resolve_index.h"
#include "engine/kubernetes/gateway_backends.h"

namespace gateproof::kubernetes {

using config::Value;

std::string intersect_hostnames(std::string_view a, std::string_view b) {
  const auto covered = [](std::string_view wide, std::string_view narrow) {
    return wide.starts_with("*.") && narrow.ends_with(wide.substr(1));
  };
  if (a == b) return std::string(a);
  if (covered(a, b)) return std::string(b);
  if (covered(b, a)) return std::string(a);
  return "";
}

namespace {

bool hostnames_meet(const Text& listener, const std::vector<Text>& route) {
  if (listener.value.empty() || route.empty()) return true;
  return std::any_of(route.begin(), route.end(), [&listener](const Text& h) {
    return !intersect_hostnames(listener.value, h.value).empty();
  });
}

bool selected_by(const Value& ref, const ListenerView& l) {
  const std::string section = text_at(&ref, "sectionName");
  if (!section.empty() && section != l.name) return false;
  return !member(&ref, "port") || integer_at(&ref, "port") == l.port;
}

bool allows(const ListenerView& l, const Object& route) {
  if (std::find(l.kinds.begin(), l.kinds.end(), route.kind) == l.kinds.end()) return false;
  return l.any_namespace ||
         std::find(l.namespaces.begin(), l.namespaces.end(), route.ns) != l.namespaces.end();
}

class RouteReader {
 public:
  RouteReader(const Context& c, const BackendIndex& index, const std::vector<GatewayView>& gateways)
      : c_(c), index_(index), gateways_(gateways) {}

  std::optional<RouteView> read(const Object& o) {
    RouteView view;
    view.object = &o;
    if (o.kind != "TCPRoute") {
      for (const Value& h : items_at(o.at("spec"), "hostnames"))
        view.hostnames.push_back({std::string(h.str()), h.span});
    }
    std::optional<Condition> resolved;
    for (const Value& ref : items_at(o.at("spec"), "parentRefs")) {
      const auto gateway = gateway_of(o, ref);
      if (!gateway) continue;
      // Backends do not depend on the parent: looked at once, and only for routes that are ours.
      if (!resolved) resolved = read_backends(c_, index_, view);
      view.parents.push_back(parent(o, ref, *gateway, view.hostnames));
      view.parents.back().resolved = *resolved;
    }
    if (view.parents.empty()) return std::nullopt;
    return view;
  }

 private:
  std::optional<size_t> gateway_of(const Object& o, const Value& ref) {
    const std::string group = text_at(&ref, "group"), kind = text_at(&ref, "kind");
    if (!group.empty() && group != gateway_group) return std::nullopt;
    if (!kind.empty() && kind != "Gateway") return std::nullopt;
    const Text name = located_at(&ref, "name");
    std::string ns = text_at(&ref, "namespace");
    if (ns.empty()) ns = o.ns;
    if (const auto found = index_.gateway(ns, name.value)) return found;
    if (!c_.find(gateway_group, "Gateway", ns, name.value)) {
      c_.findings.add("GP0809", name.span, o.label(),
                      "no Gateway " + ns + "/" + name.value +
                          " exists: the route attaches to nothing through this parentRef",
                      where_else(c_, gateway_group, "Gateway", ns, name.value));
    }
    return std::nullopt;
  }

  ParentView parent(const Object& o, const Value& ref, size_t gateway,
                    const std::vector<Text>& hostnames) {
    ParentView p;
    p.ref = &ref;
    p.gateway = gateway;
    p.section = text_at(&ref, "sectionName");
    p.span = member(&ref, "name") ? member(&ref, "name")->span : ref.span;
    p.accepted = {"Accepted", false, "NoMatchingParent", ""};
    const std::vector<ListenerView>& listeners = gateways_[gateway].listeners;
    for (size_t i = 0; i < listeners.size(); ++i) {
      const ListenerView& l = listeners[i];
      if (!selected_by(ref, l)) continue;
      const bool meet = hostnames_meet(l.hostname, hostnames);
      if (meet) p.selected.push_back(i);
      if (!allows(l, o)) {
        if (!p.accepted.status) p.accepted.reason = "NotAllowedByListeners";
        continue;
      }
      if (!meet) {
        if (!p.accepted.status) p.accepted.reason = "NoMatchingListenerHostname";
        continue;
      }
      p.counted.push_back(i);
      if (!l.sound) continue;
      p.attached.push_back(i);
      p.accepted = {"Accepted", true, "Accepted", ""};
    }
    if (!p.accepted.status) report(o, p);
    return p;
  }

  void report(const Object& o, const ParentView& p) {
    const Object& gateway = *gateways_[p.gateway].object;
    const std::string where =
        gateway.ns + "/" + gateway.name + (p.section.empty() ? "" : ", listener " + p.section);
    const Report report(c_.findings, o, "the route is not served through this parentRef");
    if (p.accepted.reason == "NotAllowedByListeners") {
      report("GP0810", p.span,
             "NotAllowedByListeners: no listener of Gateway " + where + " allows " + o.kind +
                 " objects of namespace " + o.ns,
             o.ns == gateway.ns ? "allow the kind in the listener's allowedRoutes.kinds"
                                : "write allowedRoutes: {namespaces: {from: All}} or a selector in "
                                  "the listener (the default, "
                                  "Same, allows namespace " +
                                      gateway.ns + " only)");
    } else if (p.accepted.reason == "NoMatchingListenerHostname") {
      report("GP0811", p.span,
             "NoMatchingListenerHostname: no hostname of the route meets a listener's of Gateway " +
                 where,
             "write a hostname that the listener's covers");
    } else {
      std::string names;
      for (const ListenerView& l : gateways_[p.gateway].listeners)
        names += (names.empty() ? "" : ", ") + l.name;
      report("GP0809", p.span,
             "NoMatchingParent: no sound listener of Gateway " + where + " takes the route",
             "name one of the listeners (" + names + "), and mend the one that is named");
    }
  }

  const Context& c_;
  const BackendIndex& index_;
  const std::vector<GatewayView>& gateways_;
};

void read_all(const Context& c, const BackendIndex& index, const std::vector<GatewayView>& gateways,
              std::initializer_list<const char*> kinds, std::vector<RouteView>& out) {
  for (const char* kind : kinds) {
    // TCPRoute belongs to the experimental channel, which Traefik reads only with an option.
    if (std::string_view(kind) == "TCPRoute" && !c.options.experimental_channel) continue;
    for (const Object* o : gateway::by_age(c.list(gateway_group, kind))) {
      if (auto view = read_route(c, index, gateways, *o)) out.push_back(std::move(*view));
    }
  }
}

}  // namespace

std::optional<RouteView> read_route(const Context& c, const BackendIndex& index,
                                    const std::vector<GatewayView>& gateways, const Object& o) {
  return RouteReader(c, index, gateways).read(o);
}

std::vector<RouteView> read_stream_routes(const Context& c, const BackendIndex& index,
                                          const std::vector<GatewayView>& gateways) {
  std::vector<RouteView> out;
  read_all(c, index, gateways, {"TLSRoute", "TCPRoute"}, out);
  return out;
}

void count_route(const RouteView& route, std::vector<GatewayView>& gateways) {
  for (const ParentView& p : route.parents) {
    for (const size_t i : p.counted) ++gateways[p.gateway].listeners[i].attached_routes;
  }
}

GatewayResult check_gateway(const Context& c, const GatewaySetting& setting) {
  GatewayResult result;
  result.gateways = read_gateways(c, setting);
  const BackendIndex index(c, result.gateways, setting);
  read_all(c, index, result.gateways, {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"},
           result.routes);
  for (const RouteView& route : result.routes) count_route(route, result.gateways);
  return result;
}

}  // namespace gateproof::kubernetes
