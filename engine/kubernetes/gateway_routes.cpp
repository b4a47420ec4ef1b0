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

class Routes {
 public:
  Routes(const Context& c, std::vector<GatewayView>& gateways, const GatewaySetting& setting)
      : c_(c), gateways_(gateways), index_(c, setting) {
    for (size_t i = 0; i < gateways.size(); ++i) {
      const Object& o = *gateways[i].object;
      by_name_.emplace(o.ns + "/" + o.name, i);
    }
  }

  void one(const Object& o) {
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
      if (!resolved) resolved = read_backends(index_, view);
      view.parents.push_back(parent(o, ref, *gateway, view.hostnames));
      view.parents.back().resolved = *resolved;
    }
    if (view.parents.empty()) return;
    out.push_back(std::move(view));
  }

  std::vector<RouteView> out;

 private:
  std::optional<size_t> gateway_of(const Object& o, const Value& ref) {
    const std::string group = text_at(&ref, "group"), kind = text_at(&ref, "kind");
    if (!group.empty() && group != gateway_group) return std::nullopt;
    if (!kind.empty() && kind != "Gateway") return std::nullopt;
    const Text name = located_at(&ref, "name");
    std::string ns = text_at(&ref, "namespace");
    if (ns.empty()) ns = o.ns;
    const auto found = by_name_.find(ns + "/" + name.value);
    if (found != by_name_.end()) return found->second;
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
    std::vector<ListenerView>& listeners = gateways_[gateway].listeners;
    for (size_t i = 0; i < listeners.size(); ++i) {
      ListenerView& l = listeners[i];
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
      ++l.attached_routes;
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
  std::vector<GatewayView>& gateways_;
  std::map<std::string, size_t> by_name_;
  BackendIndex index_;
};

}  // namespace

std::vector<RouteView> read_routes(const Context& c, std::vector<GatewayView>& gateways,
                                   const GatewaySetting& setting) {
  Routes routes(c, gateways, setting);
  for (const char* kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"}) {
    // TCPRoute belongs to the experimental channel, which Traefik reads only with an option.
    if (std::string_view(kind) == "TCPRoute" && !c.options.experimental_channel) continue;
    for (const Object* o : gateway::by_age(c.list(gateway_group, kind))) routes.one(*o);
  }
  return std::move(routes.out);
}

GatewayResult check_gateway(const Context& c, const GatewaySetting& setting) {
  GatewayResult result;
  result.gateways = read_gateways(c, setting);
  result.routes = read_routes(c, result.gateways, setting);
  for (GatewayView& g : result.gateways) {
    for (ListenerView& l : g.listeners) {
      if (!l.sound) continue;
      l.conditions = {{"Accepted", true, "Accepted", "No error found"},
                      {"ResolvedRefs", true, "ResolvedRefs", "No error found"},
                      {"Programmed", true, "Programmed", "No error found"}};
    }
  }
  return result;
}

}  // namespace gateproof::kubernetes
