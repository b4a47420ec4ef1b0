#include "engine/kubernetes/gateway_statuses.h"

#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/kubernetes/gateway/merge_status.h"
#include "engine/kubernetes/gateway/resolve_index.h"

namespace gateproof::kubernetes {

using config::Value;
using nlohmann::json;

namespace {

// What Traefik 3.7 says that it can do, as recorded; no option changes it.
constexpr std::string_view features[] = {"BackendTLSPolicy",
                                         "GRPCRoute",
                                         "GRPCRouteNamedRouteRule",
                                         "Gateway",
                                         "GatewayPort8080",
                                         "HTTPRoute",
                                         "HTTPRoute303RedirectStatusCode",
                                         "HTTPRoute307RedirectStatusCode",
                                         "HTTPRoute308RedirectStatusCode",
                                         "HTTPRouteBackendProtocolH2C",
                                         "HTTPRouteBackendProtocolWebSocket",
                                         "HTTPRouteBackendRequestHeaderModification",
                                         "HTTPRouteDestinationPortMatching",
                                         "HTTPRouteHostRewrite",
                                         "HTTPRouteMethodMatching",
                                         "HTTPRouteNamedRouteRule",
                                         "HTTPRouteParentRefPort",
                                         "HTTPRoutePathRedirect",
                                         "HTTPRoutePathRewrite",
                                         "HTTPRoutePortRedirect",
                                         "HTTPRouteQueryParamMatching",
                                         "HTTPRouteResponseHeaderModification",
                                         "HTTPRouteSchemeRedirect",
                                         "ReferenceGrant",
                                         "TLSRoute",
                                         "TLSRouteModeMixed",
                                         "TLSRouteModeTerminate"};

json condition_json(const Condition& c, int64_t generation) {
  return {{"type", c.type},
          {"status", c.status ? "True" : "False"},
          {"reason", c.reason},
          {"message", c.message},
          {"observedGeneration", generation}};
}

json conditions_json(const std::vector<Condition>& conditions, int64_t generation) {
  json out = json::array();
  for (const Condition& c : conditions) out.push_back(condition_json(c, generation));
  return out;
}

gateway::StatusUpdate update_of(const Object& o, const json& status) {
  return {{o.group, o.kind, o.ns, o.name}, gateway::generation_of(o), status.dump()};
}

gateway::StatusUpdate class_status(const Object& o) {
  json list = json::array();
  for (const std::string_view f : features) list.push_back({{"name", f}});
  const Condition accepted{"Accepted", true, "Handled", "Handled by Traefik controller"};
  return update_of(o, {{"conditions", conditions_json({accepted}, gateway::generation_of(o))},
                       {"supportedFeatures", std::move(list)}});
}

std::vector<Condition> gateway_conditions(const GatewayView& g) {
  const auto sound = static_cast<size_t>(
      std::count_if(g.listeners.begin(), g.listeners.end(), [](const auto& l) { return l.sound; }));
  if (sound == 0 && !g.listeners.empty()) {
    return {{"Accepted", false, "ListenersNotValid", "At least one Listener must be valid"},
            {"Programmed", false, "Invalid", "No Listener is valid"}};
  }
  const bool all = sound == g.listeners.size();
  const std::string but = all ? "" : ", but some Listeners are not valid";
  return {{"Accepted", true, all ? "Accepted" : "ListenersNotValid",
           "Gateway successfully scheduled" + but},
          {"Programmed", true, "Programmed", "Gateway successfully programmed" + but}};
}

}  // namespace

gateway::StatusUpdate gateway_status(const GatewayView& g,
                                     const std::vector<StatusAddress>& addresses) {
  const int64_t generation = gateway::generation_of(*g.object);
  json listeners = json::array();
  for (const ListenerView& l : g.listeners) {
    json kinds = json::array();
    for (const std::string& kind : l.kinds)
      kinds.push_back({{"group", gateway_group}, {"kind", kind}});
    listeners.push_back({{"name", l.name},
                         {"supportedKinds", std::move(kinds)},
                         {"attachedRoutes", l.attached_routes},
                         {"conditions", conditions_json(l.conditions, generation)}});
  }
  json status = {{"conditions", conditions_json(gateway_conditions(g), generation)},
                 {"listeners", std::move(listeners)}};
  for (const StatusAddress& a : addresses)
    status["addresses"].push_back({{"type", a.type}, {"value", a.value}});
  return update_of(*g.object, status);
}

namespace {

// A parentRef as it is written.
json parent_json(const Value& ref) {
  json out = json::object();
  for (const char* key : {"group", "kind", "namespace", "name", "sectionName"}) {
    if (member(&ref, key)) out[key] = text_at(&ref, key);
  }
  if (member(&ref, "port")) out["port"] = integer_at(&ref, "port");
  return out;
}

}  // namespace

gateway::StatusUpdate route_status(const RouteView& r) {
  const int64_t generation = gateway::generation_of(*r.object);
  json parents = json::array();
  for (const ParentView& p : r.parents) {
    parents.push_back({{"parentRef", parent_json(*p.ref)},
                       {"controllerName", traefik_gateway_controller},
                       {"conditions", conditions_json({p.accepted, p.resolved}, generation)}});
  }
  return update_of(*r.object, {{"parents", std::move(parents)}});
}

namespace {

// Every listener of each Gateway that a route names which needs the policy, whichever the route attaches to (recorded). The last
// such route decides what is told there.
std::vector<gateway::StatusUpdate> policy_statuses(const GatewayResult& result) {
  struct Ancestor {
    const GatewayView* gateway = nullptr;
    const ListenerView* listener = nullptr;
    const PolicyVerdict* verdict = nullptr;
  };
  std::map<const Object*, std::vector<Ancestor>> told;
  const auto tell = [&told, &result](const PolicyVerdict& v, const ParentView& p) {
    std::vector<Ancestor>& list = told[v.policy];
    const GatewayView& g = result.gateways[p.gateway];
    for (const ListenerView& l : g.listeners) {
      const auto known = std::find_if(list.begin(), list.end(),
                                      [&l](const Ancestor& a) { return a.listener == &l; });
      if (known != list.end()) {
        known->verdict = &v;
      } else if (list.size() < gateway::ancestors_max) {
        list.push_back({&g, &l, &v});
      }
    }
  };
  for (const RouteView& r : result.routes) {
    for (const PolicyVerdict& v : r.policies) {
      for (const ParentView& p : r.parents) tell(v, p);
    }
  }
  std::vector<gateway::StatusUpdate> out;
  for (const auto& [policy, list] : told) {
    json ancestors = json::array();
    for (const Ancestor& a : list) {
      ancestors.push_back(
          {{"ancestorRef",
            {{"group", gateway_group},
             {"kind", "Gateway"},
             {"namespace", a.gateway->object->ns},
             {"name", a.gateway->object->name},
             {"sectionName", a.listener->name}}},
           {"controllerName", traefik_gateway_controller},
           {"conditions", conditions_json({a.verdict->resolved, a.verdict->accepted},
                                          gateway::generation_of(*policy))}});
    }
    out.push_back(update_of(*policy, {{"ancestors", std::move(ancestors)}}));
  }
  return out;
}

}  // namespace

Result<std::vector<StatusAddress>> gateway_addresses(const Context& c) {
  std::vector<StatusAddress> out;
  const auto& wanted = c.options.status_address;
  if (!wanted) return out;
  if (!wanted->ip.empty()) return std::vector<StatusAddress>{{"IPAddress", wanted->ip}};
  if (!wanted->hostname.empty()) return std::vector<StatusAddress>{{"Hostname", wanted->hostname}};
  const size_t slash = wanted->service.find('/');
  const std::string ns = wanted->service.substr(0, slash);
  const std::string name = slash == std::string::npos ? "" : wanted->service.substr(slash + 1);
  if (ns.empty() || name.empty())
    return Error(Code::invalid, "empty Gateway status address configuration");
  const Object* service = c.find(core_group, "Service", ns, name);
  if (!service)
    return Error(Code::not_found, "getting service: service \"" + name + "\" not found");
  for (const Value& i : items_at(service->at("status.loadBalancer"), "ingress")) {
    const std::string ip = text_at(&i, "ip"), hostname = text_at(&i, "hostname");
    if (!ip.empty()) {
      out.push_back({"IPAddress", ip});
    } else if (!hostname.empty()) {
      out.push_back({"Hostname", hostname});
    }
  }
  return out;
}

std::vector<gateway::StatusUpdate> gateway_statuses(const Context& c, const GatewayResult& result,
                                                    const std::vector<StatusAddress>& addresses) {
  std::vector<gateway::StatusUpdate> out;
  for (const Object* o : c.list(gateway_group, "GatewayClass")) {
    if (text_at(o->at("spec"), "controllerName") == traefik_gateway_controller)
      out.push_back(class_status(*o));
  }
  for (const GatewayView& g : result.gateways) out.push_back(gateway_status(g, addresses));
  for (const RouteView& r : result.routes) out.push_back(route_status(r));
  for (gateway::StatusUpdate& update : policy_statuses(result)) out.push_back(std::move(update));
  return out;
}

}  // namespace gateproof::kubernetes
