#include <algorithm>
#include <map>

#include "engine/kubernetes/gateway/resolve_routes.h"
#include "engine/kubernetes/gateway/resolver.h"
#include "engine/kubernetes/slice_owners.h"

namespace gateproof::kubernetes::gateway {

namespace {

// One run over everything, kept for the changes that follow.
struct Run {
  Run(const ObjectStore& store, const Options& options, config::Findings& findings,
      CertificateCache& certificates, std::unordered_map<std::string, std::string> addresses,
      Offload& elsewhere)
      : index(store, options, findings, certificates),
        s{index, model, {}, {}, {}, {}, std::move(addresses)},
        policies(index),
        routes(s, policies) {
    model.store = &store;
    resolve_classes(s);
    read_gateways(s);
    read_listener_sets(s);
    judge_gateways(s);
    judge_listener_sets(s);
    routes.resolve_all(elsewhere);
    for (size_t g = 0; g < s.gateways.size(); ++g) write_gateway(g);
    for (const SetWork& set : s.sets) write_set(set);
    policies.write(s, true);
    routes.take_touched();
    slices.read_all(store);
  }

  void write_gateway(size_t g) {
    const Object& o = *model.gateways[g].object;
    model.statuses.push_back({name_of(o), generation_of(o), gateway_status(s, g)});
  }
  void write_set(const SetWork& set) {
    model.statuses.push_back(
        {name_of(*set.object), generation_of(*set.object), set_status(s, set)});
  }

  // Routes that are to be looked at: those that have changed and those whose Services have.
  Resolver::Looked concerned(const std::vector<ObjectName>& changed) {
    std::set<ObjectName> found, services;
    for (const ObjectName& n : changed) {
      if (is_route(n)) {
        found.insert(n);
      } else if (n.kind == "Service") {
        services.insert(n);
      } else {
        for (const std::string& service : slices.follow(index.store, n.ns, n.name))
          services.insert({std::string(core_group), "Service", n.ns, service});
      }
    }
    for (const ObjectName& s : services) {
      for (ObjectName& route : routes.renewed(path_of(s.ns, s.name)))
        found.insert(std::move(route));
    }
    return {{found.begin(), found.end()}, {services.begin(), services.end()}};
  }

  void update(const std::vector<ObjectName>& changed) {
    model.statuses.clear();
    for (const ObjectName& name : changed) routes.update(name);
    const std::unordered_set<size_t> touched = routes.take_touched();
    for (size_t g = 0; g < s.gateways.size(); ++g) {
      if (touched.contains(g)) write_gateway(g);
    }
    for (const SetWork& set : s.sets) {
      if (touched.contains(set.gateway)) write_set(set);
    }
    policies.write(s, false);
  }

  Model model;
  Index index;
  State s;
  Policies policies;
  Routes routes;
  SliceOwners slices;
};

// Objects that resolve() reads besides routes.
bool matters(const ObjectName& n) {
  if (n.group == gateway_group) return true;
  if (n.group == traefik_group) return n.kind == "Middleware";
  if (n.group == discovery_group) return n.kind == "EndpointSlice";
  static constexpr std::string_view core[] = {"Service", "Secret", "ConfigMap", "Namespace"};
  return n.group == core_group &&
         std::find(std::begin(core), std::end(core), n.kind) != std::end(core);
}

// What depends on it is known by name.
bool is_followed(const ObjectName& n) {
  return is_route(n) || (n.group == discovery_group && n.kind == "EndpointSlice") ||
         (n.group == core_group && n.kind == "Service");
}

}  // namespace

struct Resolver::Impl {
  Options options;
  CertificateCache certificates;
  config::Findings found;  // of the call that is going on
  std::unique_ptr<Run> run;
  Looked looked;
  size_t full_runs = 0;

  const Model& hand_over(config::Findings& findings) {
    findings.append(found);
    found = {};
    return run->model;
  }
};

Resolver::Resolver(Options options) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
}
Resolver::~Resolver() = default;

size_t Resolver::full_runs() const { return impl_->full_runs; }

const Resolver::Looked& Resolver::looked_at() const { return impl_->looked; }

const Route* Resolver::find(const ObjectName& route) const {
  return impl_->run ? impl_->run->routes.find(route) : nullptr;
}

const Model& Resolver::resolve(const ObjectStore& store, config::Findings& findings,
                               Offload& elsewhere) {
  std::unordered_map<std::string, std::string> addresses;
  if (impl_->run) {
    const State& s = impl_->run->s;
    for (const auto& [path, g] : s.gateway_at) {
      if (!s.model.gateways[g].address.empty()) addresses[path] = s.model.gateways[g].address;
    }
  }
  impl_->run.reset();
  impl_->looked = {};
  ++impl_->full_runs;
  impl_->run = std::make_unique<Run>(store, impl_->options, impl_->found, impl_->certificates,
                                     std::move(addresses), elsewhere);
  return impl_->hand_over(findings);
}

const Model& Resolver::update(const ObjectStore& store, std::span<const ObjectName> changed,
                              config::Findings& findings, Offload& elsewhere) {
  std::vector<ObjectName> relevant;
  for (const ObjectName& n : changed) {
    if (matters(n)) relevant.push_back(n);
  }
  const bool followed = std::all_of(relevant.begin(), relevant.end(), is_followed);
  if (!impl_->run || !followed || &impl_->run->index.store != &store)
    return resolve(store, findings, elsewhere);
  impl_->looked = impl_->run->concerned(relevant);
  if (impl_->looked.routes.size() > changed_routes_max) return resolve(store, findings, elsewhere);
  impl_->run->update(impl_->looked.routes);
  return impl_->hand_over(findings);
}

Model resolve(const ObjectStore& store, const Options& options, config::Findings& findings,
              CertificateCache& certificates) {
  return std::move(Run(store, options, findings, certificates, {}, inline_offload()).model);
}

Model resolve(const ObjectStore& store, const Options& options, config::Findings& findings) {
  CertificateCache certificates;
  return resolve(store, options, findings, certificates);
}

}  // namespace gateproof::kubernetes::gateway
