// Routes: the listeners that each attaches to, and what it is told for every parentRef.
#include "engine/kubernetes/gateway/resolve_routes.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/env/pieces.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

std::string common_hostname(std::string_view a, std::string_view b) {
  const auto covers = [](std::string_view wide, std::string_view narrow) {
    return wide.starts_with("*.") && narrow.size() > wide.size() - 1 &&
           narrow.ends_with(wide.substr(1));
  };
  if (a.empty() || a == b || covers(a, b)) return std::string(b);
  if (b.empty() || covers(b, a)) return std::string(a);
  return "";
}

namespace {

// How far a route comes with a parentRef; the furthest of its listeners says what it is told.
enum class Reach : uint8_t { no_listener, not_allowed, no_hostname, attached };

// The listeners that a parentRef may lead to.
struct Parent {
  size_t gateway = 0, first = 0, count = 0;
  std::string label;  // "Gateway infra/web"
};

class Resolver {
 public:
  Resolver(State& s, Index& index, Rules& rules) : s_(s), index_(index), rules_(rules) {}

  RouteResult one(const Object& o) {
    RouteResult out;
    route_ = &out.route;
    route_->object = &o;
    route_->kind = o.kind;
    route_->created = text_at(o.at("metadata"), "creationTimestamp");
    hostnames_ = read_hostnames(o);
    std::vector<ParentStatus> parents;
    for (const Value& ref : items_at(o.at("spec"), "parentRefs")) {
      const auto parent = parent_of(o, ref);
      if (!parent) continue;
      std::string json = ref_json(ref);
      // The same parentRef twice is one parent.
      const bool twice = std::any_of(parents.begin(), parents.end(),
                                     [&](const ParentStatus& p) { return p.ref == json; });
      if (twice) continue;
      // Backends do not depend on the parent: looked at once, and only for routes that are ours.
      if (!verdict_) verdict_ = rules_.read(o, route_->rules);
      parents.push_back({std::move(json), attach(o, ref, *parent)});
    }
    const std::string& controller = index_.options.controller_name;
    out.told = !parents.empty();
    out.services = rules_.backends().take_asked();
    out.age = age_key(o);
    const int64_t generation = generation_of(o);
    out.status = {name_of(o), generation,
                  parents_status("parents", "parentRef", parents, controller, generation)};
    return out;
  }

 private:
  std::vector<std::string> read_hostnames(const Object& o) const {
    std::vector<std::string> out;
    if (o.kind == "TCPRoute" || o.kind == "UDPRoute") return out;
    for (const Value& h : items_at(o.at("spec"), "hostnames")) {
      std::string name = lower_case(h.str());
      if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end())
        out.push_back(std::move(name));
    }
    return out;
  }

  static std::string ref_json(const Value& ref) {
    const std::string kind = text_at(&ref, "kind");
    return reference_json(gateway_group, kind.empty() ? "Gateway" : kind,
                          text_at(&ref, "namespace"), text_at(&ref, "name"),
                          text_at(&ref, "sectionName"), integer_at(&ref, "port"));
  }

  std::optional<Parent> parent_of(const Object& o, const Value& ref) {
    if (member(&ref, "group") && text_at(&ref, "group") != gateway_group) return std::nullopt;
    std::string kind = text_at(&ref, "kind"), ns = text_at(&ref, "namespace");
    if (kind.empty()) kind = "Gateway";
    if (ns.empty()) ns = o.ns;
    const std::string path = path_of(ns, text_at(&ref, "name"));
    Parent p;
    p.label = kind + " " + path;
    if (kind == "Gateway") {
      if (const auto g = s_.gateway_at.find(path); g != s_.gateway_at.end()) {
        p.gateway = g->second;
        p.count = s_.gateways[g->second].own;
        return p;
      }
    } else if (kind == "ListenerSet") {
      if (const auto at = s_.set_at.find(path); at != s_.set_at.end()) {
        const SetWork& set = s_.sets[at->second];
        p.gateway = set.gateway;
        p.first = set.first;
        p.count = set.count;
        return p;
      }
    } else {
      return std::nullopt;
    }
    if (!index_.store.find(gateway_group, kind, ns, text_at(&ref, "name"))) {
      index_.findings.add(
          "GP0809", span_of(ref, "name"), o.label(),
          "no " + p.label + " exists: the route attaches to nothing through this parentRef",
          "name a " + kind + " that exists, and its namespace");
    }
    return std::nullopt;
  }

  std::vector<Condition> attach(const Object& o, const Value& ref, const Parent& parent) {
    const std::string section = text_at(&ref, "sectionName");
    const int64_t port = integer_at(&ref, "port");
    Reach reach = Reach::no_listener;
    for (size_t i = parent.first; i < parent.first + parent.count; ++i) {
      const Listener& l = s_.model.gateways[parent.gateway].listeners[i];
      if (!section.empty() && section != l.name) continue;
      if (port != 0 && port != l.port) continue;
      reach = std::max(reach, try_listener(o, parent.gateway, i));
    }
    std::vector<Condition> out;
    if (verdict_->not_accepted) {
      const Problem& p = *verdict_->not_accepted;
      out.push_back({"Accepted", "False", p.reason, p.text()});
    } else if (reach == Reach::attached) {
      out.push_back({"Accepted", "True", "Accepted", "the route is attached"});
    } else {
      const Problem p = refusal(o, ref, parent, reach);
      index_.report(o, p);
      out.push_back({"Accepted", "False", p.reason, p.text()});
    }
    out.push_back(verdict_->resolved);
    if (verdict_->partly_invalid && reach == Reach::attached)
      out.push_back(*verdict_->partly_invalid);
    return out;
  }

  Reach try_listener(const Object& o, size_t gateway, size_t listener) {
    const Listener& l = s_.model.gateways[gateway].listeners[listener];
    const std::vector<std::string>& kinds = l.supported_kinds;
    if (std::find(kinds.begin(), kinds.end(), o.kind) == kinds.end()) return Reach::not_allowed;
    if (!s_.gateways[gateway].listeners[listener].namespaces.allows(index_.store, o.ns))
      return Reach::not_allowed;
    Attachment a;
    a.gateway = gateway;
    a.listener = listener;
    for (const std::string& h : hostnames_) {
      std::string common = common_hostname(l.hostname, h);
      if (common.empty()) continue;
      a.hostnames.push_back(std::move(common));
      a.original_hostnames.push_back(h);
    }
    if (!hostnames_.empty() && a.hostnames.empty()) return Reach::no_hostname;
    if (hostnames_.empty() && !l.hostname.empty()) {
      a.hostnames.push_back(l.hostname);
      a.original_hostnames.emplace_back();
    }
    if (verdict_->not_accepted) return Reach::attached;
    // Two parentRefs may lead to one listener.
    if (counted_.insert(gateway << 32 | listener).second)
      route_->attachments.push_back(std::move(a));
    return Reach::attached;
  }

  Problem refusal(const Object& o, const Value& ref, const Parent& parent, Reach reach) const {
    const std::vector<Listener>& all = s_.model.gateways[parent.gateway].listeners;
    std::string names, hosts;
    for (size_t i = parent.first; i < parent.first + parent.count; ++i) {
      names += (names.empty() ? "" : ", ") + all[i].name;
      hosts += (hosts.empty() ? "" : ", ") + all[i].hostname;
    }
    const SourceSpan at = span_of(ref, "name");
    if (reach == Reach::not_allowed) {
      return {"GP0810", "NotAllowedByListeners",
              "no listener of " + parent.label + " takes a " + o.kind + " of namespace " + o.ns,
              "write allowedRoutes.namespaces (its default, from: Same, is the listener's own "
              "namespace) or allowedRoutes.kinds in a listener of " +
                  parent.label,
              at};
    }
    if (reach == Reach::no_hostname) {
      return {"GP0811", "NoMatchingListenerHostname",
              "no hostname of the route meets one of " + parent.label + " (" + hosts + ")",
              "write a hostname that a listener's covers", at};
    }
    if (parent.count == 0) {
      return {"GP0809", "NoMatchingParent", parent.label + " has no listener that is served",
              "mend the " + parent.label.substr(0, parent.label.find(' ')), at};
    }
    return {"GP0809", "NoMatchingParent",
            parent.label + " has no listener of that name or port (it has " + names + ")",
            "write sectionName or port of one of its listeners, or leave them out",
            span_of(ref, member(&ref, "sectionName") ? "sectionName" : "port")};
  }

  State& s_;
  Index& index_;
  Rules& rules_;
  Route* route_ = nullptr;
  std::vector<std::string> hostnames_;
  std::optional<RulesVerdict> verdict_;
  std::unordered_set<uint64_t> counted_;
};

bool is_route(std::string_view kind) {
  static constexpr std::string_view all[] = {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute",
                                             "UDPRoute"};
  return std::find(std::begin(all), std::end(all), kind) != std::end(all);
}

}  // namespace

bool is_route(const ObjectName& name) { return name.group == gateway_group && is_route(name.kind); }

Routes::Routes(State& s, Policies& policies)
    : s_(s), policies_(policies), rules_(s.index, policies) {}

// A part of all routes, judged by itself.
struct Routes::Part {
  std::vector<RouteResult> routes;
  config::Findings findings;
};

Routes::Part Routes::judge(std::span<const Object* const> routes) {
  Part out;
  Index index(s_.index, out.findings);
  Rules rules(index, policies_);
  for (const Object* o : routes) out.routes.push_back(Resolver(s_, index, rules).one(*o));
  return out;
}

// Whether judging routes changes nothing: namespaces that are selected are remembered, and what policies are told is counted.
bool Routes::apart() const {
  if (policies_.any()) return false;
  for (const GatewayWork& g : s_.gateways) {
    for (const ListenerWork& l : g.listeners) {
      if (l.namespaces.from() == NamespaceRule::From::selector) return false;
    }
  }
  return true;
}

void Routes::resolve_all(Offload& elsewhere) {
  std::vector<const Object*> all;
  for (const char* kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"}) {
    const std::vector<const Object*> some = s_.index.store.list(gateway_group, kind);
    all.insert(all.end(), some.begin(), some.end());
  }
  all = by_age(all);
  // Large parts, since each reads the Services that its routes name.
  const size_t parts = apart() ? 2 : 1, size = (all.size() + parts - 1) / parts;
  Pieces<Part> pieces(elsewhere, parts, [&](size_t i) {
    const std::span<const Object* const> routes = all;
    const size_t from = std::min(i * size, routes.size());
    return judge(routes.subspan(from, std::min(size, routes.size() - from)));
  });
  for (size_t i = 0; i < parts; ++i) {
    Part part = pieces.take(i);
    s_.index.findings.append(part.findings);
    for (RouteResult& r : part.routes) put(std::move(r), false);
  }
}

void Routes::update(const ObjectName& name) {
  const std::string key = path_of(name.kind, path_of(name.ns, name.name));
  const Object* o = s_.index.store.find(name.group, name.kind, name.ns, name.name);
  if (!o) return drop(key);
  const auto before = known_.find(key);
  const bool was_told = before != known_.end() && before->second.told;
  put(Resolver(s_, s_.index, rules_).one(*o), was_told);
}

std::vector<ObjectName> Routes::renewed(const std::string& service) {
  rules_.backends().forget(service);
  std::vector<ObjectName> out;
  const auto users = users_.find(service);
  if (users == users_.end()) return out;
  for (const std::string& key : users->second) {
    const std::vector<std::string_view> parts = text::split(key, '/');
    out.push_back({std::string(gateway_group), std::string(parts[0]), std::string(parts[1]),
                   std::string(parts[2])});
  }
  return out;
}

const Route* Routes::find(const ObjectName& name) const {
  const auto known = known_.find(path_of(name.kind, path_of(name.ns, name.name)));
  if (known == known_.end() || !known->second.served) return nullptr;
  const auto at = std::lower_bound(order_.begin(), order_.end(), known->second.age);
  return &s_.model.routes[static_cast<size_t>(at - order_.begin())];
}

std::vector<Route>::iterator Routes::place_of(const Known& known) {
  const auto at = std::lower_bound(order_.begin(), order_.end(), known.age);
  return s_.model.routes.begin() + (at - order_.begin());
}

void Routes::put(RouteResult r, bool was_told) {
  const Object& o = *r.route.object;
  // What is told nothing any more has to lose what it was told before.
  if (r.told || was_told || has_our_entries(o, "parents", s_.index.options.controller_name))
    s_.model.statuses.push_back(std::move(r.status));
  const std::string key = path_of(o.kind, path_of(o.ns, o.name));
  Known known{std::move(r.age), r.told, !r.route.attachments.empty(), std::move(r.services)};
  const auto before = known_.find(key);
  // One that stays where it is moves nothing of those after it.
  if (before != known_.end() && before->second.served && known.served &&
      before->second.age == known.age) {
    Route& route = *place_of(known);
    count(route, -1);
    route = std::move(r.route);
    count(route, 1);
    forget_users(key, before->second);
  } else {
    drop(key);
    if (known.served) {
      count(r.route, 1);
      // Most are younger than all that are there.
      const auto at = order_.empty() || order_.back() < known.age
                          ? order_.end()
                          : std::lower_bound(order_.begin(), order_.end(), known.age);
      s_.model.routes.insert(s_.model.routes.begin() + (at - order_.begin()), std::move(r.route));
      order_.insert(at, known.age);
    }
  }
  if (!known.served && !known.told) return;
  for (const std::string& service : known.services) users_[service].insert(key);
  known_[key] = std::move(known);
}

void Routes::forget_users(const std::string& key, const Known& known) {
  for (const std::string& service : known.services) {
    const auto users = users_.find(service);
    users->second.erase(key);
    if (users->second.empty()) users_.erase(users);
  }
}

void Routes::drop(const std::string& key) {
  const auto found = known_.find(key);
  if (found == known_.end()) return;
  const Known known = std::move(found->second);
  known_.erase(found);
  forget_users(key, known);
  if (!known.served) return;
  const auto route = place_of(known);
  count(*route, -1);
  order_.erase(order_.begin() + (route - s_.model.routes.begin()));
  s_.model.routes.erase(route);
}

void Routes::count(const Route& route, int64_t change) {
  for (const Attachment& a : route.attachments) {
    Listener& l = s_.model.gateways[a.gateway].listeners[a.listener];
    l.attached_routes += size_t(change);
    touched_.insert(a.gateway);
    if (!policies_.any() || route.kind == "TCPRoute" || route.kind == "UDPRoute") continue;
    // What is passed through has TLS of its own.
    if (route.kind == "TLSRoute" && l.tls != ListenerTls::terminate) continue;
    for (const Rule& r : route.rules) {
      for (const Backend& b : r.backends) reached(b, a.gateway, change);
      for (const Mirror& m : r.mirrors) reached(m.backend, a.gateway, change);
      for (const ExternalAuth& e : r.auths) reached(e.backend, a.gateway, change);
    }
  }
}

void Routes::reached(const Backend& b, size_t gateway, int64_t change) {
  if (b.service.kind == "Service" && b.service.group.empty() && b.error_status == 0)
    policies_.reached(b.service.ns, b.service.name, gateway, change);
}

}  // namespace gateproof::kubernetes::gateway
