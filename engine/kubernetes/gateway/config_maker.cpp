#include "engine/kubernetes/gateway/config_maker.h"

#include "engine/env/pieces.h"
#include "engine/kubernetes/context.h"
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

// Routes that are translated in one go, here or elsewhere.
constexpr size_t piece_routes = 64;

}  // namespace

struct ConfigMaker::Piece {
  config::DynamicConfig config;
  std::vector<std::pair<ObjectName, Made>> made;
};

ConfigMaker::Piece ConfigMaker::translate(const Model& model, size_t from) {
  Piece out;
  Services services(model, out.config);
  for (size_t i = from; i < std::min(from + piece_routes, model.routes.size()); ++i) {
    const Route& route = model.routes[i];
    if (!is_http(route.kind)) continue;
    Made made;
    made.routers = add_http_route(model, route, services, out.config);
    made.services = services.take_used();
    made.middlewares = named_middlewares(route);
    out.made.emplace_back(name_of(route), std::move(made));
  }
  return out;
}

config::DynamicConfig ConfigMaker::make(const Model& model, const config::MiddlewareTypes& types,
                                        config::Findings& findings, Offload& elsewhere) {
  config::DynamicConfig out;
  routes_.clear();
  users_.clear();
  Pieces<Piece> pieces(elsewhere, (model.routes.size() + piece_routes - 1) / piece_routes,
                       [&](size_t i) { return translate(model, i * piece_routes); });
  add_entry_points(model, out);
  for (size_t i = 0; i < pieces.size(); ++i) {
    Piece piece = pieces.take(i);
    out.routers.merge(piece.config.routers);
    // Services that several make are the same for all of them.
    out.services.merge(piece.config.services);
    out.servers_transports.merge(piece.config.servers_transports);
    for (auto& [name, made] : piece.made) {
      for (const std::string& s : made.services) ++users_[s];
      routes_.insert_or_assign(routes_.end(), std::move(name), std::move(made));
    }
  }
  Services services(model, out);
  add_stream_routers(model, services, out);
  std::vector<std::string> asked;
  add_extensions(model, types, findings, out, asked);
  asked_ = {asked.begin(), asked.end()};
  return out;
}

// Middlewares are everybody's, and none is left behind that nobody names.
bool ConfigMaker::other_middlewares(const ObjectName& name, const Route* route) const {
  const auto known = routes_.find(name);
  const std::set<std::string> now = route ? named_middlewares(*route) : std::set<std::string>();
  return known == routes_.end() ? !now.empty() : known->second.middlewares != now;
}

std::optional<config::ConfigPatch> ConfigMaker::update(const Model& model,
                                                       const Resolver& resolver) {
  const Resolver::Looked& looked = resolver.looked_at();
  for (const ObjectName& name : looked.routes) {
    if (is_stream(name) || other_middlewares(name, resolver.find(name))) return std::nullopt;
  }
  Update u{model, {}, {}};
  for (const ObjectName& s : looked.services) {
    for (const char* kind : {"Service", "EndpointSlice"}) {
      if (asked_.contains(lookup_key(kind, s.ns, s.name))) return std::nullopt;
    }
    const std::string prefix = Services::prefix(s.ns, s.name);
    for (auto i = users_.lower_bound(prefix); i != users_.end() && i->first.starts_with(prefix);
         ++i)
      u.anew.insert(i->first);
  }
  for (const ObjectName& name : looked.routes) update(u, resolver.find(name), name);
  return std::move(u.patch);
}

void ConfigMaker::update(Update& u, const Route* route, const ObjectName& name) {
  config::ConfigPatch& patch = u.patch;
  const auto known = routes_.find(name);
  const Made before = known == routes_.end() ? Made() : std::move(known->second);
  for (const std::string& router : before.routers) patch.routers[router] = nullptr;
  Made made;
  if (route) {
    config::DynamicConfig own;
    // Services that its last version used are there still, so that those which it shares with others stay what they are.
    Services services(u.model, own, users_, u.anew);
    made.routers = add_http_route(u.model, *route, services, own);
    made.services = services.take_used();
    made.middlewares = named_middlewares(*route);
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
