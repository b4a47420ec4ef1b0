#include "engine/check/conditions.h"

namespace gateproof::check {

using kubernetes::gateway::StatusPart;

namespace {

void add_standard(const ConfigSet& set, GatewayConditions& out) {
  std::set<std::string> controllers;
  for (const kubernetes::Object* o : set.objects.list(kubernetes::gateway_group, "GatewayClass")) {
    std::string name = kubernetes::text_at(o->at("spec"), "controllerName");
    if (!name.empty()) controllers.insert(std::move(name));
  }
  kubernetes::gateway::Options options;
  if (controllers.empty()) controllers.insert(options.controller_name);
  std::vector<kubernetes::gateway::StatusUpdate> updates;
  for (const std::string& name : controllers) {
    options.controller_name = name;
    auto model = kubernetes::gateway::resolve(set.objects, options, out.findings);
    for (auto& u : model.statuses) updates.push_back(std::move(u));
  }
  out.parts = kubernetes::gateway::status_parts(updates);
  out.findings.sort();
}

kubernetes::gateway::Condition as_api(const kubernetes::Condition& c) {
  return {c.type, c.status ? "True" : "False", c.reason, ""};
}

void add_traefik(const kubernetes::GatewayResult& result, GatewayConditions& out) {
  for (const kubernetes::GatewayView& g : result.gateways) {
    for (const kubernetes::ListenerView& l : g.listeners) {
      StatusPart p{g.object->label(), "listener " + l.name, {}, {}};
      for (const kubernetes::Condition& c : l.conditions) p.conditions.push_back(as_api(c));
      p.facts.push_back(std::to_string(l.attached_routes) +
                        (l.attached_routes == 1 ? " attached route" : " attached routes"));
      out.parts.push_back(std::move(p));
    }
  }
  for (const kubernetes::RouteView& r : result.routes) {
    for (const kubernetes::ParentView& parent : r.parents) {
      std::string name = "parent " + result.gateways[parent.gateway].object->label();
      if (!parent.section.empty()) name += ", listener " + parent.section;
      out.parts.push_back({r.object->label(),
                           std::move(name),
                           {as_api(parent.accepted), as_api(parent.resolved)},
                           {}});
    }
  }
}

}  // namespace

std::optional<Dialect> dialect_of(std::string_view name) {
  if (name == "traefik") return Dialect::traefik;
  if (name == "standard") return Dialect::standard;
  return std::nullopt;
}

GatewayConditions gateway_conditions(const ConfigSet& set, Dialect dialect) {
  GatewayConditions out;
  if (dialect == Dialect::standard) {
    add_standard(set, out);
  } else {
    for (const Assembly& a : set.assemblies) {
      if (a.gateway.gateways.empty()) continue;
      add_traefik(a.gateway, out);
      break;
    }
  }
  return out;
}

}  // namespace gateproof::check
