#include "engine/pipeline/objects.h"

#include "engine/pipeline/merge.h"

namespace gateproof::pipeline {
namespace {

template <class T>
void take(SharedMap<T>& into, std::map<std::string, T>& from) {
  // Each stays where it is in memory.
  using Node = typename std::map<std::string, T>::node_type;
  while (!from.empty()) {
    const auto held = std::make_shared<Node>(from.extract(from.begin()));
    into.put(std::move(held->key()), std::shared_ptr<const T>(held, &held->mapped()));
  }
}

template <class T>
void add_all(SharedMap<T>& all, const SharedMap<T>& one) {
  if (all.empty()) {
    all = one;
    return;
  }
  for (auto i = one.begin(); i != one.end(); ++i) {
    if (!all.contains((*i).first)) all.put((*i).first, i.shared());
  }
}

template <class T>
void apply(SharedMap<T>& objects, const config::ConfigPatch::Changes<T>& changes) {
  for (const auto& [name, object] : changes) {
    if (object) {
      objects.put(name, object);
    } else {
      objects.erase(name);
    }
  }
}

}  // namespace

Objects objects_of(config::DynamicConfig config) {
  Objects out;
  for (const auto& [name, router] : config.routers) out.children += !router.parent_refs.empty();
  take(out.routers, config.routers);
  take(out.middlewares, config.middlewares);
  take(out.services, config.services);
  take(out.servers_transports, config.servers_transports);
  out.rest = std::make_shared<const config::DynamicConfig>(std::move(config));
  return out;
}

Objects merged(const std::map<std::string, std::shared_ptr<const Objects>>& by_provider) {
  Objects all;
  auto rest = std::make_shared<config::DynamicConfig>();
  for (const auto& [provider, one] : by_provider) {
    add_all(all.routers, one->routers);
    add_all(all.middlewares, one->middlewares);
    add_all(all.services, one->services);
    add_all(all.servers_transports, one->servers_transports);
    pipeline::merge_into(*rest, *one->rest);
    all.children += one->children;
  }
  all.rest = std::move(rest);
  return all;
}

void apply(Objects& objects, const config::ConfigPatch& patch) {
  for (const auto& [name, router] : patch.routers) {
    const auto before = objects.routers.find(name);
    if (before != objects.routers.end()) objects.children -= !before->second.parent_refs.empty();
    if (router) objects.children += !router->parent_refs.empty();
  }
  apply(objects.routers, patch.routers);
  apply(objects.middlewares, patch.middlewares);
  apply(objects.services, patch.services);
  apply(objects.servers_transports, patch.servers_transports);
}

}  // namespace gateproof::pipeline
