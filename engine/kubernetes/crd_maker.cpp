#include "engine/kubernetes/crd_maker.h"

namespace gateproof::kubernetes {
namespace {

// One that several objects make is the last one's (catalogue 6.5).
void add(const Context& c, const Object& o, config::DynamicConfig own, config::DynamicConfig& out) {
  const Report report(c.findings, o, "");
  for (auto& [name, s] : own.services) {
    if (s.weighted) {
      put(out.services, name, std::move(s), "service", report);
    } else {
      out.services[name] = std::move(s);
    }
  }
  for (auto& [name, r] : own.routers) put(out.routers, name, std::move(r), "router", report);
  for (auto& pair : own.certificates) out.certificates.push_back(std::move(pair));
}

template <class T>
void add_to(config::ConfigPatch::Changes<T>& patch, std::map<std::string, T>& made) {
  for (auto& [name, object] : made) patch[name] = std::make_shared<const T>(std::move(object));
}

}  // namespace

CrdRoutes::Made CrdRoutes::read(const config::DynamicConfig& own, const Object& o) {
  Made made;
  for (const auto& [name, router] : own.routers) made.routers.push_back(name);
  for (const auto& [name, service] : own.services) made.services.push_back(name);
  for (const auto& pair : own.certificates)
    made.certificates.push_back(
        std::hash<std::string>{}(pair.cert_file.value + "\n" + pair.key_file.value));
  made.child = !items_at(o.at("spec"), "parentRefs").empty();
  return made;
}

void CrdRoutes::make(const Context& c, config::DynamicConfig& out) {
  *this = {};
  for (const Object* o : c.list(traefik_group, "IngressRoute")) {
    config::DynamicConfig own = crd_route(c, *o);
    Made& made = made_[{o->ns, o->name}] = read(own, *o);
    claim(made);
    add(c, *o, std::move(own), out);
  }
}

void CrdRoutes::claim(const Made& made) {
  for (const std::string& r : made.routers) collisions_ += ++routers_[r] == 2;
  for (const std::string& s : made.services) collisions_ += ++services_[s] == 2;
  children_ += made.child;
}

void CrdRoutes::release(const Made& made) {
  for (const std::string& r : made.routers) {
    if (--routers_[r] == 0) routers_.erase(r);
  }
  for (const std::string& s : made.services) {
    if (--services_[s] == 0) services_.erase(s);
  }
}

bool CrdRoutes::is_free(const Made& made) const {
  for (const std::string& r : made.routers) {
    if (routers_.contains(r)) return false;
  }
  for (const std::string& s : made.services) {
    if (services_.contains(s)) return false;
  }
  return true;
}

std::optional<config::ConfigPatch> CrdRoutes::update(const Context& c,
                                                     std::span<const Name> changed) {
  if (children_ > 0 || collisions_ > 0) return std::nullopt;
  config::ConfigPatch patch;
  for (const Name& name : changed) {
    if (name.group != traefik_group || name.kind != "IngressRoute") return std::nullopt;
    if (c.watched(name.ns) && !update(c, name, patch)) return std::nullopt;
  }
  return patch;
}

// False: the rest of the configuration, or somebody else's routers, would be other ones too.
bool CrdRoutes::update(const Context& c, const Name& name, config::ConfigPatch& patch) {
  const Key key{name.ns, name.name};
  Made before;
  if (const auto known = made_.find(key); known != made_.end()) {
    before = std::move(known->second);
    for (const std::string& r : before.routers) patch.routers[r] = nullptr;
    for (const std::string& s : before.services) patch.services[s] = nullptr;
    release(before);
    made_.erase(known);
  }
  const Object* o = c.find(traefik_group, "IngressRoute", name.ns, name.name);
  if (!o) return before.certificates.empty();
  config::DynamicConfig own = crd_route(c, *o);
  Made made = read(own, *o);
  if (made.child || !is_free(made) || made.certificates != before.certificates) return false;
  claim(made);
  made_[key] = std::move(made);
  add_to(patch.routers, own.routers);
  add_to(patch.services, own.services);
  return true;
}

}  // namespace gateproof::kubernetes
