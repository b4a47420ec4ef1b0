#include "engine/pipeline/builder.h"

#include "engine/pipeline/tcp_builder.h"

namespace gateproof::pipeline {

Builder::Builder(const BuildInputs& inputs, Snapshot& out) : in_(inputs), out_(out) {}

std::shared_ptr<Snapshot> build_snapshot(const BuildInputs& inputs) {
  auto out = std::make_shared<Snapshot>();
  out->statics = inputs.statics;
  out->dynamics = inputs.dynamics;
  Builder(inputs, *out).run();
  return out;
}

void Builder::run() {
  for (const auto& [name, m] : in_.dynamics->middlewares) {
    ObjectInfo& info = out_.middlewares[name];
    info.kind = "middleware";
    info.name = name;
    info.span = m.span;
  }
  for (const auto& [name, s] : in_.dynamics->services) {
    ObjectInfo& info = out_.services[name];
    info.kind = "service";
    info.name = name;
    info.span = s.span;
  }
  add_entry_points();
  add_ping();
  add_redirections();
  add_nodes();
  for (auto& [name, node] : nodes_) {
    if (node.config->parent_refs.empty()) place_router(node);
  }
  check_tree();
  build_unused();
  finish();
}

void Builder::finding(std::string_view code, const SourceSpan& at, const std::string& object,
                      const std::string& message, const std::string& remedy) {
  out_.findings.add(code, at, object, message, remedy);
}

void Builder::add_entry_points() {
  bool any_default = false;
  for (const auto& [name, e] : in_.statics->entry_points) any_default = any_default || e.as_default;
  for (const auto& [name, e] : in_.statics->entry_points) {
    const Result<config::EntryPointAddress> address = config::parse_entry_point_address(e.address);
    if (address && address->udp) continue;
    Result<EntryStage> stage = make_entry_stage(e, *in_.statics, in_.host_name);
    if (!stage) continue;  // static errors stop start-up before this
    auto entry = std::make_unique<EntryPoint>();
    entry->config = &e;
    entry->stage = std::move(*stage);
    out_.entry_points.emplace(name, std::move(entry));
    if (any_default ? e.as_default : name != "traefik") defaults_.push_back(name);
  }
}

std::vector<std::string> Builder::effective_entry_points(RouterInfo& info,
                                                         const config::RouterConfig& router) {
  if (router.entry_points.empty()) return defaults_;
  std::vector<std::string> found;
  for (const config::Text& e : router.entry_points) {
    if (out_.entry_points.contains(e.value)) {
      if (std::find(found.begin(), found.end(), e.value) == found.end()) found.push_back(e.value);
    } else {
      info.fail("entryPoint \"" + e.value + "\" doesn't exist", Status::warning);
    }
  }
  return found;
}

std::vector<Builder::Placement> Builder::placements(const std::string& name,
                                                    const std::vector<std::string>& entry_points,
                                                    bool several) const {
  std::vector<Placement> out;
  Placement rest{name, {}, nullptr};
  for (const std::string& e : entry_points) {
    const config::EntryPointConfig& c = *out_.entry_points.at(e)->config;
    const bool modelled =
        !c.middlewares.empty() || c.tls || c.encoded_characters || in_.statics->has_core;
    if (modelled) {
      out.push_back({several ? e + "-" + name : name, {e}, &c});
    } else {
      rest.entry_points.push_back(e);
    }
  }
  if (!rest.entry_points.empty()) out.push_back(std::move(rest));
  return out;
}

void Builder::add_root(const std::string& name, const config::RouterConfig& router) {
  RouterInfo probe;
  const std::vector<std::string> entry_points = effective_entry_points(probe, router);
  const std::string object = "router " + name;
  if (entry_points.empty()) {
    add_node({name, {}, nullptr}, router, name);
    RouterInfo& info = *out_.routers.at(name);
    info.errors = probe.errors;
    info.fail("no valid entryPoint for this router");
    const SourceSpan& at =
        router.entry_points.empty() ? router.span : router.entry_points.front().span;
    finding("GP0304", at, object, "no entry point that this router names exists, so it is disabled",
            "name one of the entry points of the static configuration");
    return;
  }
  for (const config::Text& e : router.entry_points) {
    if (!out_.entry_points.contains(e.value)) {
      finding("GP0303", e.span, object,
              "entry point \"" + e.value + "\" does not exist; the router is not served there",
              "remove the name, or define the entry point in the static configuration");
    }
  }
  const size_t named = router.entry_points.empty() ? defaults_.size() : router.entry_points.size();
  for (const Placement& p : placements(name, entry_points, named > 1)) {
    add_node(p, router, name);
    RouterInfo& info = *out_.routers.at(p.name);
    for (const std::string& e : probe.errors) info.fail(e, Status::warning);
    copies_[name].push_back(p.name);
  }
}

void Builder::check_tls(RouterInfo& info, const config::RouterConfig& router,
                        const std::string& provider) {
  const config::EntryPointConfig* model = nullptr;
  for (const std::string& e : info.entry_points) {
    if (in_.statics->entry_points.at(e).tls) model = &in_.statics->entry_points.at(e);
  }
  const config::RouterTls* tls = router.tls ? &*router.tls : model ? &*model->tls : nullptr;
  if (!tls) return;
  info.tls = true;
  const std::string& options = tls->options.value;
  if (!options.empty() && options != "default") {
    const std::string qualified = config::qualify(options, provider);
    if (!in_.dynamics->tls_options.contains(qualified)) {
      info.fail("building router handler: unknown TLS options: " + qualified);
      finding("GP0310", tls->options.span, "router " + info.name,
              "TLS options " + qualified +
                  " do not exist, so the router is disabled and its hosts refuse connections",
              "define tls.options." + options + ", or leave the options out");
    }
  }
  if ((options.empty() || options == "default") && in_.dynamics->no_default_tls_options) {
    info.fail("building router handler: unknown TLS options: default");
    finding("GP0310", tls->span.known() ? tls->span : info.span, "router " + info.name,
            "several providers define the TLS options `default`, so none of them counts: the "
            "router is disabled",
            "keep tls.options.default in one provider");
  }
  const std::string& resolver = tls->cert_resolver.value;
  if (!resolver.empty() && !in_.statics->resolvers.contains(resolver)) {
    finding("GP0601", tls->cert_resolver.span, "router " + info.name,
            "certificate resolver \"" + resolver +
                "\" is not defined in the static configuration: an error is logged and the default "
                "certificate is served",
            "define certificatesResolvers." + resolver + ", or remove certResolver");
  }
}

void Builder::place_router(Node& node) {
  if (node.where.entry_points.empty()) return;
  RouterInfo& info = *out_.routers.at(node.where.name);
  node.route = make_route(info, *node.config);
  if (node.route) info.route = std::make_shared<const rules::Route>(*node.route);
  check_tls(info, *node.config, std::string(config::provider_of(node.original)));
  node.handler = router_handler(info, node);
  if (!node.route || !node.handler) return;
  info.served = true;
  for (const std::string& e : node.where.entry_points) {
    rules::Route copy = *node.route;
    copy.target = add_target(*out_.entry_points.at(e), {&info, node.handler});
    Pending& p = pending_[e];
    (info.tls ? p.secure : p.plain).push_back(std::move(copy));
  }
}

size_t Builder::add_target(EntryPoint& e, RouteTarget target) {
  e.targets.push_back(std::move(target));
  return e.targets.size() - 1;
}

void Builder::build_unused() {
  used_ = false;
  for (auto& [name, info] : out_.services) {
    if (config::provider_of(name) != "internal") service(name);
  }
  for (auto& [name, info] : out_.middlewares) check_middleware(name);
}

void Builder::finish() {
  for (auto& [name, entry] : out_.entry_points) {
    Pending& p = pending_[name];
    entry->plain = std::make_shared<const rules::RoutingTable>(std::move(p.plain));
    entry->secure = std::make_shared<const rules::RoutingTable>(std::move(p.secure));
  }
  TcpBuilder(in_, out_, defaults_).run();
  out_.findings.sort();
}

}  // namespace gateproof::pipeline
