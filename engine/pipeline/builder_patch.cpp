// A snapshot from the one before: what a change does not reach is taken over as it is (docs/adr/0011-incremental-snapshot.md).
#include "engine/pipeline/builder.h"
#include "engine/pipeline/tcp_builder.h"

namespace gateproof::pipeline {
namespace {

// Routers, services and middlewares that are built again for one change. With more, building all of them is as good.
constexpr size_t patch_units_max = 2000;

std::string name_in(const std::string& key) { return key.substr(2); }

// Entry points point at each other, so that they are made anew, their tables and targets being shared.
void take_over_entry_points(const Snapshot& before, Snapshot& out) {
  for (const auto& [name, entry] : before.entry_points) {
    auto own = std::make_unique<EntryPoint>();
    own->config = entry->config;
    own->plain = entry->plain;
    own->secure = entry->secure;
    own->stage = entry->stage;
    own->tcp = entry->tcp;
    own->proxy_protocol = entry->proxy_protocol;
    own->proxy_insecure = entry->proxy_insecure;
    own->proxy_trusted = entry->proxy_trusted;
    out.entry_points.emplace(name, std::move(own));
  }
  for (const auto& [name, entry] : before.entry_points) {
    if (!entry->listeners) continue;
    auto listeners = std::make_unique<Listeners>();
    for (const Listener& was : entry->listeners->all()) {
      const auto at = out.entry_points.find(was.name);
      listeners->add({was.config, at->second.get(), at->first, was.tls});
    }
    for (const Listener& one : listeners->all())
      out.entry_points.find(one.name)->second->listener = &one;
    out.entry_points.find(name)->second->listeners = std::move(listeners);
  }
}

}  // namespace

std::shared_ptr<Snapshot> patch_snapshot(const BuildInputs& inputs, const Snapshot& before,
                                         const config::ConfigPatch& patch) {
  auto out = std::make_shared<Snapshot>();
  out->statics = inputs.statics;
  out->objects = inputs.objects;
  out->dynamics = out->objects->rest;
  out->routers = before.routers;
  out->middlewares = before.middlewares;
  out->services = before.services;
  out->server_health = before.server_health;
  out->tcp_routers = before.tcp_routers;
  out->tcp_middlewares = before.tcp_middlewares;
  out->tcp_services = before.tcp_services;
  out->tcp_server_health = before.tcp_server_health;
  out->udp_routers = before.udp_routers;
  out->udp_services = before.udp_services;
  out->udp_entry_points = before.udp_entry_points;
  out->health_checks = before.health_checks;
  out->tls = before.tls;
  out->ocsp = before.ocsp;
  out->parts = before.parts;
  out->work.patched = true;
  take_over_entry_points(before, *out);
  return Builder(inputs, *out).patch(before, patch) ? out : nullptr;
}

bool Builder::patch(const Snapshot& before, const config::ConfigPatch& patch) {
  if (reaches_too_far(before)) return false;
  const std::optional<Keys> keys = affected(before, patch);
  if (!keys) return false;
  patching_ = true;
  defaults_ = out_.parts.defaults;
  take_out(before, *keys);
  register_anew(*keys);
  build_again(*keys);
  if (too_far_) return false;
  patch_tables();
  for (const std::string& key : touched_) {
    SharedMap<ObjectInfo>& objects = key.starts_with("s ") ? out_.services : out_.middlewares;
    if (objects.contains(name_in(key))) sort_users(objects, name_in(key));
  }
  tell_parts();
  keep_parts();
  forget_internal();
  gather_findings();
  return true;
}

// Services of the proxy's own are there for those who name them.
void Builder::forget_internal() {
  for (const std::string& key : touched_) {
    if (!key.starts_with("s ") || config::provider_of(key) != "internal") continue;
    const auto user = out_.parts.users.lower_bound(key + "\n");
    if (user == out_.parts.users.end() || !(*user).first.starts_with(key + "\n"))
      out_.services.erase(name_in(key));
  }
}

bool Builder::reaches_too_far(const Snapshot& before) const {
  return before.parts.whole || before.statics != out_.statics ||
         before.objects->rest != objects_.rest || before.objects->children != 0 ||
         objects_.children != 0;
}

std::optional<Builder::Keys> Builder::affected(const Snapshot& before,
                                               const config::ConfigPatch& patch) const {
  Keys keys;
  std::vector<std::string> queue;
  const auto add = [&](std::string key) {
    if (keys.insert(key).second) queue.push_back(std::move(key));
  };
  for (const auto& [name, object] : patch.routers) add(router_key(name));
  for (const auto& [name, object] : patch.services) add(service_key(name));
  for (const auto& [name, object] : patch.middlewares) add(middleware_key(name));
  for (const auto& [name, object] : patch.servers_transports) add(transport_key(name));
  const SharedMap<char>& users = before.parts.users;
  while (!queue.empty()) {
    if (keys.size() > patch_units_max) return std::nullopt;
    const std::string key = std::move(queue.back());
    const std::string prefix = key + "\n";
    queue.pop_back();
    if (key.starts_with("o ")) add(middleware_key(name_in(key)));
    for (auto i = users.lower_bound(prefix);
         i != users.end() && (*i).first.starts_with(prefix) && keys.size() <= patch_units_max; ++i)
      add((*i).first.substr(prefix.size()));
  }
  return keys;
}

void Builder::take_out(const Snapshot& before, const Keys& keys) {
  for (const std::string& key : keys) {
    const std::string name = name_in(key);
    if (key.starts_with("s ")) {
      out_.services.erase(name);
      out_.server_health.erase(name);
    } else if (key.starts_with("m ")) {
      out_.middlewares.erase(name);
    }
    const auto unit = before.parts.units.find(key);
    if (unit == before.parts.units.end()) continue;
    for (const std::string& copy : unit->second.names) {
      take_out_router(before, copy);
      forget_user(unit->second, copy);
    }
    if (key.starts_with("s ")) forget_user(unit->second, name);
    forget_unit(key, unit->second);
  }
}

void Builder::forget_unit(const std::string& key, const Unit& unit) {
  for (const std::string& object : unit.asked) out_.parts.users.erase(object + "\n" + key);
  out_.parts.told.erase(key);
  out_.parts.units.erase(key);
}

void Builder::take_out_router(const Snapshot& before, const std::string& copy) {
  const RouterInfo& info = *before.routers.at(copy);
  for (const std::string& e : info.entry_points) {
    Pending& p = leaving_[e];
    if (info.served) (info.tls ? p.secure : p.plain).push_back(info.route);
    p.https.insert(p.https.end(), info.claims.begin(), info.claims.end());
  }
  out_.routers.erase(copy);
}

void Builder::forget_user(const Unit& unit, const std::string& user) {
  for (const std::string& key : unit.asked) {
    if (key.starts_with("t ")) continue;
    SharedMap<ObjectInfo>& objects = key.starts_with("s ") ? out_.services : out_.middlewares;
    const auto known = objects.find(name_in(key));
    if (known == objects.end()) continue;
    touched_.insert(key);
    const std::vector<std::string>& users = known->second.used_by;
    if (std::find(users.begin(), users.end(), user) != users.end())
      std::erase(objects.edit(name_in(key)).used_by, user);
  }
}

void Builder::register_anew(const Keys& keys) {
  for (const std::string& key : keys) {
    const std::string name = name_in(key);
    if (key.starts_with("s ")) {
      const auto s = objects_.services.find(name);
      if (s != objects_.services.end()) add_info(out_.services, "service", name, s->second.span);
    } else if (key.starts_with("m ")) {
      const auto m = objects_.middlewares.find(name);
      if (m != objects_.middlewares.end())
        add_info(out_.middlewares, "middleware", name, m->second.span);
    }
  }
}

// In the order of a whole build: routers, services that none of them has built, middlewares that nobody uses.
void Builder::build_again(const Keys& keys) {
  for (const std::string& key : keys) {
    const std::string name = name_in(key);
    const auto router = objects_.routers.find(name);
    if (key.starts_with("r ") && router != objects_.routers.end()) add_root(name, router->second);
  }
  place_roots();
  TcpBuilder tcp(in_, out_, defaults_, tls_);
  for (auto& [name, node] : nodes_) {
    place_router(node);
    RouterInfo& info = *node.info;
    tcp.claim(info);
    for (const std::string& e : info.entry_points) {
      std::vector<rules::RoutePtr>& https = pending_[e].https;
      https.insert(https.end(), info.claims.begin(), info.claims.end());
    }
  }
  check_tree();
  used_ = false;
  for (const std::string& key : keys) {
    const std::string name = name_in(key);
    if (key.starts_with("s ")) service(name);
    const auto transport = objects_.servers_transports.find(name);
    if (!key.starts_with("t ") || transport == objects_.servers_transports.end()) continue;
    const Building building(*this, key);
    check_transport("serversTransport " + name, transport->second.tls, transport->second.span);
  }
  for (const auto& [key, draft] : drafts_) touched_.insert(draft.asked.begin(), draft.asked.end());
  touched_.insert(keys.begin(), keys.end());
  for (const std::string& key : touched_) {
    if (!key.starts_with("m ") || !objects_.middlewares.contains(name_in(key))) continue;
    const auto unit = out_.parts.units.find(key);
    if (unit != out_.parts.units.end()) forget_unit(key, Unit(unit->second));
    check_middleware(name_in(key));
  }
}

void Builder::patch_tables() {
  for (const auto& [name, pending] : pending_) leaving_[name];
  for (const auto& [name, leaving] : leaving_) {
    const auto entry = out_.entry_points.find(name);
    if (entry == out_.entry_points.end()) continue;
    const Pending& coming = pending_[name];
    const auto patch = [this](std::shared_ptr<const rules::RoutingTable>& table,
                              const auto& without, const auto& with) {
      if (without.empty() && with.empty()) return;
      table = std::make_shared<const rules::RoutingTable>(*table, without, with);
      ++out_.work.tables;
    };
    patch(entry->second->plain, leaving.plain, coming.plain);
    patch(entry->second->secure, leaving.secure, coming.secure);
    patch(entry->second->tcp.https, leaving.https, coming.https);
  }
}

bool Builder::take_over(const std::string& name) {
  const auto unit = out_.parts.units.find(service_key(name));
  if (unit == out_.parts.units.end()) return false;
  services_[name] = unit->second.handler;
  if (unit->second.source) sources_[name] = unit->second.source;
  return true;
}

}  // namespace gateproof::pipeline
