#include "engine/kubernetes/gateway_maker.h"

#include "engine/kubernetes/gateway/resolve_index.h"

namespace gateproof::kubernetes {
namespace {

std::string claim_of(const config::RouterConfig& r) {
  return r.entry_points.front().value + "\n" + r.rule.value;
}

// Services and transports of a router have names that begin with its own.
template <class T>
void erase_of(std::map<std::string, T>& objects, const std::string& router) {
  const std::string prefix = router + "-";
  auto i = objects.lower_bound(prefix);
  while (i != objects.end() && i->first.starts_with(prefix)) i = objects.erase(i);
}

}  // namespace

GatewayMaker::GatewayMaker(GatewaySetting setting)
    : UnitMaker({{gateway_group, "HTTPRoute"}, {gateway_group, "GRPCRoute"}}),
      setting_(std::move(setting)) {}

void GatewayMaker::begin(const Context& c, bool all) {
  taken_.clear();
  told_.clear();
  touched_.clear();
  all_ = all;
  whole_ = false;
  if (!all) return;
  states_.clear();
  staged_.clear();
  result_ = {};
  result_.gateways = read_gateways(c, setting_);
  index_ = std::make_unique<BackendIndex>(c, result_.gateways, setting_);
}

config::DynamicConfig GatewayMaker::translate(const Context& c, const Object& o) {
  config::DynamicConfig own;
  State& state = staged_[{o.kind, gateway::path_of(o.ns, o.name)}] = {};
  std::optional<RouteView> view = read_route(c, *index_, result_.gateways, o);
  if (!view) return own;
  RuleTable rules(c);
  add_gateway_route(rules, result_.gateways, *view, own);
  for (const ParentView& p : view->parents) {
    for (const size_t listener : p.counted) state.counted.emplace_back(p.gateway, listener);
  }
  state.policies = !view->policies.empty();
  if (all_) {
    result_.routes.push_back(std::move(*view));
  } else {
    state.status = route_status(*view);
  }
  return own;
}

void GatewayMaker::make_rest(const Context& c, config::DynamicConfig& out) {
  RuleTable tls(c), tcp(c);
  for (RouteView& view : read_stream_routes(c, *index_, result_.gateways)) {
    add_gateway_route(view.object->kind == "TLSRoute" ? tls : tcp, result_.gateways, view, out);
    count_route(view, result_.gateways);
    result_.routes.push_back(std::move(view));
  }
  add_gateway_rest(result_.gateways, setting_.entry_points, out);
  all_ = false;
  whole_ = true;
}

bool GatewayMaker::of_rest(const Name& n) const {
  if (n.group == core_group) return n.kind == "Namespace";
  return n.group == gateway_group && n.kind != "HTTPRoute" && n.kind != "GRPCRoute";
}

std::vector<std::string> GatewayMaker::claims(const config::DynamicConfig& own) const {
  std::vector<std::string> out;
  for (const auto& [name, r] : own.routers) out.push_back(claim_of(r));
  return out;
}

// What a policy is told depends on all routes that need it.
bool GatewayMaker::reaches_further(const Name& n) const {
  const RouteName name{n.kind, gateway::path_of(n.ns, n.name)};
  const auto needs = [&name](const std::map<RouteName, State>& states) {
    const auto state = states.find(name);
    return state != states.end() && state->second.policies;
  };
  return needs(states_) || needs(staged_);
}

void GatewayMaker::count(const State& state, int64_t change) {
  for (const auto& [gateway, listener] : state.counted) {
    result_.gateways[gateway].listeners[listener].attached_routes += static_cast<size_t>(change);
    touched_.insert(gateway);
  }
}

void GatewayMaker::kept(const Object& o) {
  State state = std::move(staged_.extract({o.kind, gateway::path_of(o.ns, o.name)}).mapped());
  count(state, 1);
  if (state.status) told_.push_back(std::move(*std::exchange(state.status, std::nullopt)));
  states_[{o.kind, gateway::path_of(o.ns, o.name)}] = std::move(state);
}

void GatewayMaker::gone(const Name& n) {
  const RouteName name{n.kind, gateway::path_of(n.ns, n.name)};
  if (const auto state = states_.extract(name)) count(state.mapped(), -1);
}

std::vector<const Object*> GatewayMaker::in_order(std::vector<const Object*> objects) const {
  return gateway::by_age(objects);
}

// Of two routers of one rule on one entry point the first one is made.
void GatewayMaker::yield(const Context& c, const Object& o, config::DynamicConfig& own,
                         const config::DynamicConfig&) {
  for (auto r = own.routers.begin(); r != own.routers.end();) {
    const std::string name(config::bare_name(r->first));
    const std::string& entry_point = r->second.entry_points.front().value;
    const auto [first, fresh] = taken_.emplace(std::pair(entry_point, r->second.rule.value), name);
    if (fresh) {
      ++r;
      continue;
    }
    report_taken(c, o, entry_point, r->second.rule.value, name, first->second);
    erase_of(own.services, name);
    erase_of(own.servers_transports, name);
    r = own.routers.erase(r);
  }
}

std::vector<gateway::StatusUpdate> GatewayMaker::statuses(
    const Context& c, const std::vector<StatusAddress>& addresses) {
  if (std::exchange(whole_, false)) {
    std::vector<gateway::StatusUpdate> out = gateway_statuses(c, result_, addresses);
    result_.routes.clear();
    return out;
  }
  std::vector<gateway::StatusUpdate> out = std::move(told_);
  for (const size_t g : touched_) out.push_back(gateway_status(result_.gateways[g], addresses));
  return out;
}

}  // namespace gateproof::kubernetes
