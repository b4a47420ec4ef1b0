#include "engine/kubernetes/gateway/config_maker.h"

#include <algorithm>

#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {
namespace {

bool is_http(std::string_view kind) { return kind == "HTTPRoute" || kind == "GRPCRoute"; }

ObjectName name_of(const Route& route) {
  return {std::string(gateway_group), route.kind, route.object->ns, route.object->name};
}

bool is_stream(const ObjectName& name) {
  return name.group == gateway_group && name.kind.ends_with("Route") && !is_http(name.kind);
}

template <class T>
void add_to(config::ConfigPatch::Changes<T>& patch, std::map<std::string, T>& made) {
  for (auto& [name, object] : made) patch[name] = std::make_shared<const T>(std::move(object));
}

}  // namespace

config::DynamicConfig ConfigMaker::make(const Model& model, const config::MiddlewareTypes& types,
                                        config::Findings& findings) {
  config::DynamicConfig out;
  routes_.clear();
  users_.clear();
  add_entry_points(model, out);
  Services services(model, out);
  for (const Route& route : model.routes) {
    if (!is_http(route.kind)) continue;
    Made& made = routes_[name_of(route)];
    made.routers = add_http_route(model, route, services, out);
    made.services = services.take_used();
    made.extended = names_middlewares(route);
    for (const std::string& s : made.services) ++users_[s];
  }
  add_stream_routers(model, services, out);
  add_extensions(model, types, findings, out);
  return out;
}

std::optional<config::ConfigPatch> ConfigMaker::update(
    const Model& model, std::span<const ObjectName> changed,
    const std::function<const Route*(const ObjectName&)>& find) {
  if (std::any_of(changed.begin(), changed.end(), is_stream)) return std::nullopt;
  // Middlewares are everybody's, and none is left behind that nobody names.
  const auto extended = [&](const ObjectName& name) {
    const auto known = routes_.find(name);
    const Route* route = find(name);
    return (known != routes_.end() && known->second.extended) ||
           (route && names_middlewares(*route));
  };
  if (std::any_of(changed.begin(), changed.end(), extended)) return std::nullopt;
  config::ConfigPatch patch;
  for (const ObjectName& name : changed) {
    if (name.group == gateway_group && is_http(name.kind)) update(model, find(name), name, patch);
  }
  return patch;
}

void ConfigMaker::update(const Model& model, const Route* route, const ObjectName& name,
                         config::ConfigPatch& patch) {
  const auto known = routes_.find(name);
  const Made before = known == routes_.end() ? Made() : std::move(known->second);
  for (const std::string& router : before.routers) patch.routers[router] = nullptr;
  Made made;
  if (route) {
    config::DynamicConfig own;
    // Services that its last version used are there still, so that those which it shares with others stay what they are.
    Services services(model, own, &users_);
    made.routers = add_http_route(model, *route, services, own);
    made.services = services.take_used();
    add_to(patch.routers, own.routers);
    add_to(patch.services, own.services);
    add_to(patch.servers_transports, own.servers_transports);
    for (const std::string& s : made.services) ++users_[s];
  }
  for (const std::string& s : before.services) {
    const auto users = users_.find(s);
    if (--users->second > 0) continue;
    users_.erase(users);
    // A transport has the name of its service.
    patch.services[s] = nullptr;
    patch.servers_transports[s] = nullptr;
  }
  if (route) {
    routes_[name] = std::move(made);
  } else {
    routes_.erase(name);
  }
}

}  // namespace gateproof::kubernetes::gateway
