// Routers in layers (catalogue 1.7): who is whose child, what is wrong with the tree, and the building of children.
#include "engine/pipeline/builder.h"
#include "engine/pipeline/child_routes.h"

namespace gateproof::pipeline {

Builder::Node& Builder::add_node(Placement where, const config::RouterConfig& router,
                                 const std::string& original, Draft& draft) {
  auto info = std::make_shared<RouterInfo>();
  info->name = where.name;
  info->rule = router.rule.value;
  info->span = router.span;
  info->rule_span = router.rule.span;
  info->entry_points = where.entry_points;
  info->service = router.service.value;
  Node& node = nodes_.try_emplace(nodes_.end(), where.name)->second;
  node.info = info.get();
  node.draft = &draft;
  out_.routers.put(where.name,
                   std::make_shared<const std::shared_ptr<RouterInfo>>(std::move(info)));
  draft.names.push_back(where.name);
  node.config = &router;
  node.original = original;
  node.where = std::move(where);
  return node;
}

// Traefik does so as soon as any entry point has a model, and only then tells of a parent that does not exist.
const config::RouterConfig* Builder::without_lost_parents(const std::string& name,
                                                          const config::RouterConfig& router) {
  const auto modelled = [this](const auto& e) { return has_model(*e.second->config); };
  const auto lost = [&](const config::Text& parent) {
    return !objects_.routers.contains(config::qualify(parent.value, config::provider_of(name)));
  };
  if (std::none_of(router.parent_refs.begin(), router.parent_refs.end(), lost) ||
      std::none_of(out_.entry_points.begin(), out_.entry_points.end(), modelled)) {
    return nullptr;
  }
  reread_.push_back(router);
  config::RouterConfig& kept = reread_.back();
  for (const config::Text& parent : router.parent_refs) {
    if (!lost(parent)) continue;
    finding(
        "GP0313", parent.span, "router " + name,
        "parent router \"" + parent.value +
            "\" does not exist, and is left out because an entry point has options for its routers",
        "define the parent, or correct the name");
  }
  std::erase_if(kept.parent_refs, lost);
  return &kept;
}

// A router that is left without any parent stands on its own: on the entry points that it names itself, without their models.
void Builder::add_orphan(const std::string& name, const config::RouterConfig& router) {
  Placement where{name, {}, nullptr};
  for (const config::Text& e : router.entry_points) {
    if (out_.entry_points.contains(e.value)) where.entry_points.push_back(e.value);
  }
  copies_[name].push_back(name);
  if (!where.entry_points.empty()) {
    roots_.push_back({&router, name, {}, where, &draft(router_key(name))});
    return;
  }
  add_node(where, router, name, draft(router_key(name)))
      .info->fail("no valid entryPoint for this router");
}

void Builder::add_nodes() {
  std::vector<std::pair<std::string, const config::RouterConfig*>> children;
  for (const auto& [name, router] : objects_.routers) {
    const config::RouterConfig* const reread = without_lost_parents(name, router);
    if (reread && reread->parent_refs.empty()) {
      if (reread->rule_syntax.value.empty()) reread_.back().rule_syntax.value = "v3";
      add_orphan(name, *reread);
    } else if (router.parent_refs.empty()) {
      add_root(name, router);
    } else {
      children.emplace_back(name, reread ? reread : &router);
    }
  }
  place_roots();
  if (children.empty()) return;
  for (const auto& [name, router] : children) add_child(name, *router);
  link_children();
  reach_all();
}

void Builder::reach_all() {
  for (auto& [name, node] : nodes_) {
    std::vector<std::string> path;
    if (node.config->parent_refs.empty() && !node.reached) walk(name, path);
  }
  for (auto& [name, node] : nodes_) {
    RouterInfo& info = *node.info;
    if (!node.reached) {
      info.fail("router is not reachable");
      finding("GP0313", node.config->span, info.label(),
              "no root router leads to the router, so it is disabled",
              "name a parent that exists and has itself no parents, or is reached from one");
    } else if (!node.config->parent_refs.empty() && node.children.empty() &&
               node.config->service.value.empty()) {
      info.fail("router has no service and no child routers");
      finding("GP0309", node.config->span, info.label(),
              "the router names no service and no router names it as a parent: it is disabled",
              "add `service: name`");
    } else if (!node.config->parent_refs.empty()) {
      refuse_both(node);
    }
  }
}

void Builder::add_child(const std::string& name, const config::RouterConfig& router) {
  RouterInfo& info = *add_node({name, {}, nullptr}, router, name, draft(router_key(name))).info;
  const auto refuse = [&](std::string_view what) {
    const std::string error = "non-root router cannot have " + std::string(what) + " configuration";
    info.fail(error);
    finding("GP0312", router.span, info.label(), error + ": the router is disabled",
            "a child has what its root has: leave it out, or write it on the root");
  };
  if (router.tls) {
    refuse("TLS");
  } else if (router.has_observability) {
    refuse("Observability");
  } else if (!router.entry_points.empty()) {
    refuse("Entrypoints");
  }
}

void Builder::link_children() {
  for (auto& [name, node] : nodes_) {
    RouterInfo& info = *out_.routers.at(name);
    for (const config::Text& written : node.config->parent_refs) {
      const std::string parent = config::qualify(written.value, config::provider_of(name));
      const auto copies = copies_.find(parent);
      std::vector<std::string> names{parent};
      if (copies != copies_.end()) names = copies->second;
      for (const std::string& n : names) {
        const auto found = nodes_.find(n);
        if (found == nodes_.end()) {
          info.fail("parent router \"" + n + "\" does not exist");
          finding("GP0313", written.span, info.label(),
                  "parent router \"" + n + "\" does not exist: the router is disabled",
                  "define the parent, or correct the name");
          continue;
        }
        std::vector<std::string>& children = found->second.children;
        if (std::find(children.begin(), children.end(), name) != children.end()) continue;
        children.push_back(name);
        info.parents.push_back(n);
      }
    }
  }
}

// Depth first from a root, children by name. `path` holds the routers above; the depth is bounded by cutting cycles.
void Builder::walk(const std::string& name, std::vector<std::string>& path) {
  if (std::find(path.begin(), path.end(), name) != path.end()) {
    cut_cycle(name, path);
    return;
  }
  Node& node = nodes_.at(name);
  if (node.reached) return;
  node.reached = true;
  path.push_back(name);
  const std::vector<std::string> children = node.children;  // the walk may cut one of them
  for (const std::string& child : children) walk(child, path);
  path.pop_back();
}

// The edge that closes the cycle is cut, and the router it starts from is told.
void Builder::cut_cycle(const std::string& victim, const std::vector<std::string>& path) {
  std::string cycle;
  for (auto i = std::find(path.begin(), path.end(), victim); i != path.end(); ++i) {
    cycle += *i + " -> ";
  }
  cycle += victim;
  Node& guilty = nodes_.at(path.back());
  std::erase(guilty.children, victim);
  std::erase(out_.routers.at(victim)->parents, path.back());
  RouterInfo& info = *out_.routers.at(path.back());
  info.fail("cyclic reference detected in router tree: " + cycle, Status::warning);
  finding("GP0314", guilty.config->span, info.label(),
          "cyclic reference detected in router tree: " + cycle +
              "; the last step is left out, and the router is not served",
          "take one of the parentRefs out");
}

HandlerPtr Builder::child_routes(RouterInfo& parent, const Node& node) {
  std::vector<rules::Route> routes;
  std::vector<RouteTarget> targets;
  size_t skipped = 0;
  for (const std::string& name : node.children) {
    Node& child = nodes_.at(name);
    build_child(child);
    if (!child.handler) {
      // Traefik forgets a child with `tls` and no entry points altogether, so it does not count it.
      skipped += !(child.config->tls && child.config->entry_points.empty());
      continue;
    }
    rules::Route route = *child.route;
    route.target = targets.size();
    targets.push_back({out_.routers.at(name).get(), child.handler});
    routes.push_back(std::move(route));
  }
  if (targets.empty()) {
    parent.fail("building child routers muxer: no child routers could be added to muxer (" +
                std::to_string(skipped) + " skipped)");
    finding("GP0315", node.config->span, parent.label(),
            "none of its child routers can be served, so the router is disabled",
            "mend one of " + text::join(node.children, ", "));
    return nullptr;
  }
  return std::make_shared<ChildRoutes>(parent.name, std::move(routes), std::move(targets));
}

void Builder::build_child(Node& node) {
  if (node.built) return;
  node.built = true;
  RouterInfo& info = *out_.routers.at(node.where.name);
  if (!info.errors.empty()) return;  // a warning too: a router that closed a cycle is not served
  HandlerPtr handler = router_handler(info, node);
  if (!handler && !strict()) return;
  node.route = make_route(info, *node.config);
  if (!node.route) return;
  info.route = node.route;
  if (!handler) {
    fail_closed(info, node);
    info.served = true;
    return;
  }
  info.served = true;
  node.handler = std::move(handler);
}

bool Builder::refuse_both(const Node& node) {
  if (node.children.empty() || node.config->service.value.empty()) return false;
  RouterInfo& info = *out_.routers.at(node.where.name);
  info.fail("router has both a service and is referenced as a parent by other routers");
  finding("GP0316", node.config->service.span, info.label(),
          "the router names a service and is the parent of " + text::join(node.children, ", ") +
              ": it counts as disabled, " +
              (info.served ? "its children are served, its service is not"
                           : "and neither its service nor its children are served"),
          "remove the service, or the parentRefs of its children");
  return true;
}

// What can be said only after the roots are built: one with a service of its own serves its children all the same; and a
// service is used by a router that names it, built or not.
void Builder::check_tree() {
  for (auto& [name, node] : nodes_) {
    if (node.config->parent_refs.empty() && refuse_both(node)) {
      std::vector<std::string>& errors = node.info->errors;
      std::rotate(errors.begin(), errors.end() - 1,
                  errors.end());  // Traefik looks at the tree first
    }
    if (!node.user) note_user(name, node);
  }
}

// One that names a service without having been built with it.
void Builder::note_user(const std::string& name, const Node& node) {
  const std::string service =
      config::qualify(node.config->service.value, config::provider_of(node.original));
  const Building building(*this, *node.draft);
  asked(service_key(service));
  // Those of the proxy's own are there as soon as somebody names them.
  if (config::provider_of(service) == "internal") this->service(service);
  if (!out_.services.contains(service)) return;
  const std::vector<std::string>& users = out_.services.at(service).used_by;
  if (std::find(users.begin(), users.end(), name) == users.end())
    out_.services.edit(service).used_by.push_back(name);
}

}  // namespace gateproof::pipeline
