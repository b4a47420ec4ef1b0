#include "engine/pipeline/builder.h"

#include "engine/pipeline/tcp_builder.h"

namespace gateproof::pipeline {
namespace {

// What a router that cannot be served answers in strict mode.
class Closed final : public http::Handler {
 public:
  Closed(const std::string& router, const std::string& why)
      : stage_("router " + router), note_("503: the router is disabled (strict): " + why) {}
  Task<void> handle(http::Exchange& x) override {
    x.response = http::Response::make(503, "Service Unavailable\n");
    if (x.trace) x.note(stage_, "answer", note_);
    co_return;
  }

 private:
  std::string stage_, note_;
};

}  // namespace

void add_info(SharedMap<ObjectInfo>& to, std::string_view kind, const std::string& name,
              const SourceSpan& span) {
  ObjectInfo info;
  info.kind = kind;
  info.name = name;
  info.span = span;
  to.set(name, std::move(info));
}

// As Traefik's API shows them.
void sort_users(SharedMap<ObjectInfo>& objects, const std::string& name) {
  const std::vector<std::string>& users = objects.at(name).used_by;
  if (!std::is_sorted(users.begin(), users.end())) {
    std::vector<std::string>& sorted = objects.edit(name).used_by;
    std::sort(sorted.begin(), sorted.end());
  }
}

Builder::Builder(const BuildInputs& inputs, Snapshot& out)
    : in_(inputs),
      out_(out),
      objects_(*out.objects),
      tls_(*out.dynamics, *out.tls.registry, inputs.files, inputs.statics->gateproof.strict) {}

std::shared_ptr<Snapshot> build_snapshot(const BuildInputs& inputs,
                                         std::function<void()>* afterwards) {
  auto out = std::make_shared<Snapshot>();
  out->statics = inputs.statics;
  out->objects = inputs.objects ? inputs.objects
                                : std::make_shared<const Objects>(objects_of(*inputs.dynamics));
  out->dynamics = out->objects->rest;
  out->tls.registry =
      inputs.tls ? inputs.tls : std::make_shared<tls::Registry>(inputs.random, inputs.clock);
  const auto builder = std::make_shared<Builder>(inputs, *out);
  builder->run();
  if (afterwards) {
    *afterwards = [out, builder] { builder->keep_parts(); };
  } else {
    builder->keep_parts();
  }
  return out;
}

void Builder::run() {
  const Ahead::Makers makers = {
      [this](const config::RouterConfig& router) { return parse_rule(router); },
      [this](const auto& name, const auto& service) { return plain_balancer(name, service); }};
  ahead_.emplace(objects_, makers, in_.elsewhere);
  services_.reserve(objects_.services.size());
  sources_.reserve(objects_.services.size());
  copies_.reserve(objects_.routers.size());
  for (const auto& [name, m] : objects_.middlewares)
    add_info(out_.middlewares, "middleware", name, m.span);
  for (const auto& [name, s] : objects_.services) add_info(out_.services, "service", name, s.span);
  out_.tls.certificates = tls_.certificates();
  add_ocsp();
  add_entry_points();
  add_ping();
  add_redirections();
  check_tls_objects();
  add_nodes();
  for (auto& [name, node] : nodes_) {
    if (node.config->parent_refs.empty()) place_router(node);
  }
  check_tree();
  build_unused();
  ahead_.reset();  // nobody else looks at the objects any more
  finish();
}

void Builder::finding(std::string_view code, const SourceSpan& at, const std::string& object,
                      const std::string& message, const std::string& remedy) {
  (at_ ? at_->findings : out_.parts.common).add(code, at, object, message, remedy);
}

void Builder::add_entry_points() {
  bool any_default = false;
  for (const auto& [name, e] : in_.statics->entry_points) any_default = any_default || e.as_default;
  for (const auto& [name, config] : entry_points_of(in_)) {
    const config::EntryPointConfig& e = *config;
    const Result<config::EntryPointAddress> address = config::parse_entry_point_address(e.address);
    if (address && address->udp) continue;
    Result<EntryStage> stage = make_entry_stage(e, *in_.statics, in_.host_name);
    if (!stage) continue;  // static errors stop start-up before this
    if (strict()) {
      finding("GP1301", e.span, "entryPoint " + name,
              "strict, other than Traefik: " + text::join(strict_differences(e), "; "),
              "nothing to mend: without gateproof.strict it means what it means in Traefik");
    }
    auto entry = std::make_unique<EntryPoint>();
    entry->config = &e;
    entry->stage = std::move(*stage);
    if (!e.listeners.empty()) add_listeners(*entry);
    out_.entry_points.emplace(name, std::move(entry));
    // One that a provider brings takes the routers that name it, and no others.
    const bool own = in_.statics->entry_points.contains(name);
    if (own && (any_default ? e.as_default : name != "traefik")) defaults_.push_back(name);
  }
}

// Each has routing tables of its own under its own name, so that routers name it.
void Builder::add_listeners(EntryPoint& port) {
  auto listeners = std::make_unique<Listeners>();
  for (const config::ListenerConfig& c : port.config->listeners) {
    auto entry = std::make_unique<EntryPoint>();
    entry->config = port.config;
    entry->stage = port.stage;
    const auto [at, added] = out_.entry_points.emplace(c.name, std::move(entry));
    if (!added) continue;
    Listener one{&c, at->second.get(), at->first, {}};
    if (!c.certificates.empty()) one.tls = tls_.listener(c);
    listeners->add(std::move(one));
  }
  for (const Listener& one : listeners->all())
    out_.entry_points.find(one.name)->second->listener = &one;
  port.listeners = std::move(listeners);
}

bool Builder::has_model(const config::EntryPointConfig& e) const {
  return !e.middlewares.empty() || e.tls || e.encoded_characters || e.has_observability ||
         in_.statics->has_core;
}

std::vector<Builder::Placement> Builder::placements(const std::string& name,
                                                    const std::vector<std::string>& entry_points,
                                                    bool several) const {
  std::vector<Placement> out;
  Placement rest{name, {}, nullptr};
  for (const std::string& e : entry_points) {
    const auto found = out_.entry_points.find(e);
    const config::EntryPointConfig* c =
        found == out_.entry_points.end() ? nullptr : found->second->config;
    if (c && has_model(*c)) {
      out.push_back({several ? e + "-" + name : name, {e}, c});
    } else {
      rest.entry_points.push_back(e);
    }
  }
  if (!rest.entry_points.empty()) out.push_back(std::move(rest));
  return out;
}

// Says which of the names are no entry points; true if one is.
bool Builder::check_entry_points(const std::string& object, const config::RouterConfig& router) {
  const auto exists = [&](const config::Text& e) { return out_.entry_points.contains(e.value); };
  const std::vector<config::Text>& named = router.entry_points;
  if (named.empty() ? defaults_.empty() : std::none_of(named.begin(), named.end(), exists)) {
    finding("GP0304", named.empty() ? router.span : named.front().span, object,
            "no entry point that this router names exists, so it is disabled",
            "name one of the entry points of the static configuration");
    return false;
  }
  for (const config::Text& e : named) {
    if (!exists(e)) {
      finding("GP0303", e.span, object,
              "entry point \"" + e.value + "\" does not exist; the router is not served there",
              "remove the name, or define the entry point in the static configuration");
    }
  }
  return true;
}

void Builder::add_root(const std::string& name, const config::RouterConfig& router) {
  Draft& mine = draft(router_key(name));
  const Building building(*this, mine);
  std::vector<std::string> names;
  for (const config::Text& e : router.entry_points) {
    if (std::find(names.begin(), names.end(), e.value) == names.end()) names.push_back(e.value);
  }
  const size_t named = router.entry_points.empty() ? defaults_.size() : router.entry_points.size();
  if (router.entry_points.empty()) names = defaults_;
  std::vector<Placement> where;
  if (check_entry_points("router " + name, router) || !names.empty()) {
    where = placements(name, names, named > 1);
  } else {
    where.push_back({name, {}, nullptr});
  }
  for (Placement& p : where) {
    // The copy without a model keeps the names that are no entry points.
    std::vector<std::string> warnings;
    std::erase_if(p.entry_points, [&](const std::string& e) {
      if (out_.entry_points.contains(e)) return false;
      warnings.push_back("entryPoint \"" + e + "\" doesn't exist");
      return true;
    });
    copies_[name].push_back(p.name);
    if (!p.entry_points.empty()) {
      roots_.push_back({&router, name, std::move(warnings), std::move(p), &mine});
      continue;
    }
    RouterInfo& info = *add_node(std::move(p), router, name, mine).info;
    info.errors = warnings;
    info.fail("no valid entryPoint for this router");
  }
}

void Builder::place_router(Node& node) {
  if (node.where.entry_points.empty()) return;
  const Building building(*this, *node.draft);
  ++out_.work.routers;
  RouterInfo& info = *node.info;
  // Traefik stops at the first stage that fails and shows what it says; our findings tell of the others too. It looks at the TLS
  // options first, and at nothing more of a router whose options cannot be used.
  const auto stage = [&info](const auto& run) {
    const bool failed = info.status == Status::disabled;
    const std::vector<std::string> told = failed ? info.errors : std::vector<std::string>();
    run();
    if (failed) info.errors = told;
  };
  const bool allowed = priority_allowed(info, *node.config);
  bool usable = false;
  stage([&] { usable = check_tls(info, node); });
  // Beyond the limit Traefik looks no further; here what is wrong with the router itself is told all the same, but nothing of
  // its children, which nobody builds (1.7).
  const bool builds = usable && (allowed || node.children.empty());
  if (builds) stage([&] { node.handler = router_handler(info, node); });
  stage([&] { node.route = make_route(info, *node.config); });
  if (!allowed) node.route.reset();
  info.route = node.route;
  check_tls_names(info, node);
  fail_closed(info, node);
  if (node.route && node.handler) serve(info, node);
}

// On all its entry points it is one route.
void Builder::serve(RouterInfo& info, Node& node) {
  info.served = true;
  node.route->to = std::make_shared<const RouteTarget>(RouteTarget{&info, node.handler});
  for (const std::string& e : node.where.entry_points) {
    Pending& p = pending_[e];
    (info.tls ? p.secure : p.plain).push_back(info.route);
  }
}

// Strict: the requests of a router that cannot be served go to no broader router, which might lack its protection.
void Builder::fail_closed(RouterInfo& info, Node& node) {
  if (!strict() || node.handler || !node.route) return;
  node.handler = std::make_shared<Closed>(
      info.name, info.errors.empty() ? std::string("see its findings") : info.errors.front());
  finding(
      "GP1301", node.config->span, info.label(),
      "strict, other than Traefik: the router is disabled and answers its requests with 503; in "
      "Traefik they go to a broader router or get 404",
      "mend the router");
}

void Builder::build_unused() {
  used_ = false;
  for (const auto& [name, config] : objects_.services) service(name);
  for (const auto& [name, config] : objects_.middlewares) check_middleware(name);
}

void Builder::finish() {
  for (auto& [name, entry] : out_.entry_points) {
    Pending& p = pending_[name];
    entry->plain = std::make_shared<const rules::RoutingTable>(std::move(p.plain));
    entry->secure = std::make_shared<const rules::RoutingTable>(std::move(p.secure));
    out_.work.tables += 2;
  }
  TcpBuilder(in_, out_, defaults_, tls_).run();
  out_.parts.common.append(out_.findings);
  for (SharedMap<ObjectInfo>* objects : {&out_.services, &out_.middlewares}) {
    std::vector<std::string> unsorted;
    for (const auto& [name, info] : *objects) {
      if (!std::is_sorted(info.used_by.begin(), info.used_by.end())) unsorted.push_back(name);
    }
    for (const std::string& name : unsorted) sort_users(*objects, name);
  }
  out_.parts.defaults = defaults_;
  out_.parts.whole = too_far_;
  tell_parts();
  gather_findings();
}

void Builder::tell_parts() {
  for (auto& [key, draft] : drafts_) {
    if (!draft.findings.list().empty()) out_.parts.told[key] = std::move(draft.findings);
  }
}

void Builder::keep_parts() {
  static const auto one = std::make_shared<const char>('\0');
  Parts& parts = out_.parts;
  std::vector<std::string> users;
  for (auto& [key, draft] : drafts_) {
    auto unit = std::make_shared<Unit>();
    unit->names = std::move(draft.names);
    if (key.starts_with("s ")) {
      const std::string name = key.substr(2);
      unit->handler = services_[name];
      const auto source = sources_.find(name);
      unit->source = source == sources_.end() ? nullptr : source->second;
    }
    std::sort(draft.asked.begin(), draft.asked.end());
    draft.asked.erase(std::unique(draft.asked.begin(), draft.asked.end()), draft.asked.end());
    unit->asked = std::move(draft.asked);
    for (const std::string& object : unit->asked) users.push_back(object + "\n" + key);
    parts.units.put(key, std::move(unit));
  }
  if (!std::is_sorted(users.begin(), users.end())) std::sort(users.begin(), users.end());
  for (std::string& user : users) parts.users.put(std::move(user), one);
  drafts_.clear();
}

void Builder::gather_findings() {
  out_.findings = out_.parts.common;
  for (const auto& [key, findings] : out_.parts.told) out_.findings.append(findings);
  out_.findings.sort();
}

}  // namespace gateproof::pipeline
