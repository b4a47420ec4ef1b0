#include "engine/pipeline/tcp_builder.h"

#include "engine/base/text.h"
#include "engine/pipeline/tls_check.h"
#include "engine/rules/priority.h"

namespace gateproof::pipeline {

void TcpBuilder::run() {
  register_objects();
  for (const auto& [name, router] : in_.dynamics->tcp.routers) add_router(name, router);
  add_https_routes();
  add_udp_routers();
  finish();
}

void TcpBuilder::finding_once(std::string_view code, const SourceSpan& at,
                              const std::string& object, const std::string& message,
                              const std::string& remedy) {
  if (said_.insert(std::string(code) + " " + object + " " + message).second)
    finding(code, at, object, message, remedy);
}

void TcpBuilder::register_objects() {
  const auto add = [](std::map<std::string, ObjectInfo>& to, std::string_view kind,
                      const auto& from) {
    for (const auto& [name, object] : from) {
      ObjectInfo& info = to[name];
      info.kind = kind;
      info.name = name;
      info.span = object.span;
    }
  };
  add(out_.tcp_middlewares, "TCP middleware", in_.dynamics->tcp.middlewares);
  add(out_.tcp_services, "TCP service", in_.dynamics->tcp.services);
  add(out_.udp_services, "UDP service", in_.dynamics->udp.services);
}

bool TcpBuilder::place_entry_points(TcpRouterInfo& info, const config::TcpRouterConfig& router) {
  if (router.entry_points.empty()) info.entry_points = defaults_;
  for (const config::Text& e : router.entry_points) {
    if (!out_.entry_points.contains(e.value)) {
      info.fail("entryPoint \"" + e.value + "\" doesn't exist", Status::warning);
      finding("GP0303", e.span, info.label(),
              "entry point \"" + e.value + "\" does not exist; the router is not served there",
              "remove the name, or define a TCP entry point in the static configuration");
    } else if (std::find(info.entry_points.begin(), info.entry_points.end(), e.value) ==
               info.entry_points.end()) {
      info.entry_points.push_back(e.value);
    }
  }
  if (!info.entry_points.empty()) return true;
  info.fail("no valid entryPoint for this router");
  finding("GP0304", router.entry_points.empty() ? router.span : router.entry_points.front().span,
          info.label(), "no entry point that this router names exists, so it is disabled",
          "name one of the TCP entry points of the static configuration");
  return false;
}

std::optional<rules::Route> TcpBuilder::make_route(TcpRouterInfo& info,
                                                   const config::TcpRouterConfig& router) {
  const std::string& rule = router.rule.value;
  std::string syntax = router.rule_syntax.value;
  if (syntax.empty()) syntax = in_.statics->default_rule_syntax;
  auto parsed = rules::parse_rule(
      rule, syntax == "v2" ? rules::Syntax::tcp_v2 : rules::Syntax::tcp_v3, in_.matchers);
  const bool automatic = router.priority.value == 0;
  info.priority = automatic ? static_cast<int64_t>(rule.size()) : router.priority.value;
  if (!parsed) {
    const rules::RuleError& e = parsed.error();
    // Where TLS ends here, names are looked at before matchers are built.
    if (info.tls && !info.passthrough && e.api.starts_with("error while adding")) {
      for (const std::string& name : rules::written_server_names(rule)) {
        if (!text::is_ascii(name))
          info.fail("invalid domain name value " + text::quote(name) +
                    ", non-ASCII characters are not allowed");
      }
    }
    info.fail(e.api);
    finding("GP0301",
            router.rule.span.known() ? router.rule.span.at(e.offset, e.length) : router.span,
            info.label(), e.message + ": the router is disabled",
            e.remedy.empty() ? "correct the rule; TCP routers know HostSNI, HostSNIRegexp, "
                               "ClientIP and ALPN"
                             : e.remedy);
    return std::nullopt;
  }
  info.catch_all = rules::is_catch_all(parsed->root);
  if (automatic && info.catch_all) info.priority = -1;  // below whatever a length can be
  const Result<void> allowed = rules::check_user_priority(router.priority.value);
  if (!allowed) {
    info.fail(allowed.error().message);
    finding("GP0302", router.priority.span, info.label(),
            allowed.error().message + ": the router is disabled", "use a smaller priority");
    return std::nullopt;
  }
  rules::Route route;
  route.name = info.name;
  route.rule = std::move(*parsed);
  route.priority = info.priority;
  route.automatic = automatic;
  const std::vector<std::string_view> order(in_.statics->precedence.begin(),
                                            in_.statics->precedence.end());
  route.precedence =
      order.empty() ? rules::provider_rank(info.name) : rules::provider_rank(info.name, order);
  route.rule_span = router.rule.span;
  return route;
}

void TcpBuilder::add_router(const std::string& name, const config::TcpRouterConfig& router) {
  auto owned = std::make_shared<TcpRouterInfo>();
  TcpRouterInfo& info = *owned;
  info.kind = "TCP router";
  info.name = name;
  info.rule = router.rule.value;
  info.rule_span = router.rule.span;
  info.span = router.span;
  info.service = router.service.value;
  info.tls = router.tls.has_value();
  info.passthrough = router.tls && router.tls->passthrough;
  out_.tcp_routers[name] = std::move(owned);
  const std::string provider(config::provider_of(name));
  for (const config::Text& m : router.middlewares)
    info.middlewares.push_back(config::qualify(m.value, provider));
  if (const auto s = out_.tcp_services.find(config::qualify(info.service, provider));
      s != out_.tcp_services.end())
    s->second.used_by.push_back(name);
  if (!place_entry_points(info, router)) return;
  const bool known = !info.service.empty() && !info.rule.empty();
  if (info.service.empty()) {
    info.fail("the service is missing on the router");
    finding("GP0309", router.span, info.label(), "the router names no service, so it is disabled",
            "add `service: name`");
  } else if (info.rule.empty()) {
    info.fail("router has no rule");
    finding("GP0317", router.span, info.label(), "the router has no rule, so it is disabled",
            "add `rule`, such as HostSNI(`*`)");
  }
  if (!known) {
    // The rule is read for its priority alone, which the API shows.
    const auto parsed = rules::parse_rule(info.rule, rules::Syntax::tcp_v3);
    info.priority = router.priority.value;
    if (info.priority == 0)
      info.priority =
          parsed && rules::is_catch_all(parsed->root) ? -1 : static_cast<int64_t>(info.rule.size());
    return;
  }
  std::optional<rules::Route> route = make_route(info, router);
  if (!route) return;
  info.route = std::make_shared<const rules::Route>(*route);
  const std::vector<std::string> names = rules::rule_server_names(route->rule.root);
  if (!names.empty() && !router.tls && names.front() != "*") {
    info.fail("invalid rule: " + text::quote(info.rule) +
              " , has HostSNI matcher, but no TLS on router");
    finding("GP0318", router.rule.span, info.label(),
            "the rule asks for a server name, which only TLS connections have, and the router has "
            "no `tls`: it is disabled",
            "add `tls: {passthrough: true}` (or `tls: {}`), or use HostSNI(`*`)");
    return;
  }
  for (const std::string& e : info.entry_points) place(info, router, *route, e);
}

std::string TcpBuilder::options_of(const TcpRouterInfo& info,
                                   const config::TcpRouterConfig& router) {
  const std::string& options = router.tls->options.value;
  if (options.empty() || options == "default") return "default";
  return config::qualify(options, config::provider_of(info.name));
}

TcpTarget::Way TcpBuilder::way_of(TcpRouterInfo& info, const config::TcpRouterConfig& router) {
  if (!router.tls || router.tls->passthrough) return TcpTarget::Way::forward;
  const std::string& options = router.tls->options.value;
  const std::string qualified = options_of(info, router);
  const bool named = qualified != "default";
  const auto known = in_.dynamics->tls_options.find(qualified);
  if (known != in_.dynamics->tls_options.end() && !known->second.clashes) {
    if (Result<void> good = check_tls_options(known->second, in_.files); !good) {
      info.fail("building TLS config: " + good.error().message);
      return TcpTarget::Way::broken;
    }
  } else if (named || known != in_.dynamics->tls_options.end()) {
    info.fail("unknown TLS options: " + qualified);
    const SourceSpan& at = router.tls->options.span;
    finding_once("GP0310", at.known() ? at : router.tls->span, info.label(),
                 "TLS options " + qualified +
                     " do not exist, so the router is disabled and its connections are closed",
                 named ? "define tls.options." + options + ", or leave the options out"
                       : "keep tls.options.default in one provider: of two neither is taken");
    return TcpTarget::Way::broken;
  }
  return TcpTarget::Way::terminate;
}

bool TcpBuilder::add_middlewares(TcpRouterInfo& info, const config::TcpRouterConfig& router,
                                 TcpTarget& target) {
  for (size_t i = 0; i < router.middlewares.size(); ++i) {
    const std::string& name = info.middlewares[i];
    const SourceSpan& at = router.middlewares[i].span;
    const auto config = in_.dynamics->tcp.middlewares.find(name);
    if (config == in_.dynamics->tcp.middlewares.end()) {
      const std::string text = "middleware \"" + name + "\" does not exist";
      info.fail(text);
      finding_once("GP0307", at, info.label(), text + ": the router is disabled",
                   "define it below tcp.middlewares, or remove it here");
      return false;
    }
    ObjectInfo& object = out_.tcp_middlewares.at(name);
    auto built = middleware::build_tcp_middleware(name, config->second);
    if (!built) {
      const Error& e = built.error();
      object.fail(e.message);
      info.fail(e.message);
      finding_once("GP0401", e.span.known() ? e.span : object.span, object.label(),
                   e.message + ": it is disabled, and so is every router that uses it",
                   e.remedy.empty() ? "see the table of TCP middlewares" : e.remedy);
      return false;
    }
    target.middlewares.push_back(std::move(*built));
  }
  return true;
}

void TcpBuilder::place(TcpRouterInfo& info, const config::TcpRouterConfig& router,
                       const rules::Route& route, const std::string& entry_point) {
  EntryPoint& entry = *out_.entry_points.at(entry_point);
  TcpTarget target;
  target.router = &info;
  target.way = way_of(info, router);
  if (target.way == TcpTarget::Way::terminate) {
    target.tls = entry.listener ? entry.listener->tls : tls_.options(options_of(info, router));
  }
  if (target.way != TcpTarget::Way::broken) {
    if (!add_middlewares(info, router, target)) return;
    const std::string name = config::qualify(info.service, config::provider_of(info.name));
    Result<ServicePtr> built = service(name);
    if (!built) {
      const Error& e = built.error();
      info.fail(e.message);
      const bool missing = !in_.dynamics->tcp.services.contains(name);
      finding_once(missing ? "GP0305" : "GP0306", router.service.span, info.label(),
                   e.message + ": the router is disabled",
                   e.remedy.empty() ? "mend the service" : e.remedy);
      return;
    }
    target.service = std::move(*built);
  }
  rules::Route copy = route;
  copy.target = entry.tcp.targets.size();
  entry.tcp.targets.push_back(std::move(target));
  Pending& p = pending_[entry_point];
  (info.tls ? p.secure : p.plain).push_back(std::move(copy));
}

// Each HTTPS router claims the hosts of its rule, wherever they stand in it, or else any name (catalogue 1.10 step 4).
void TcpBuilder::claim(RouterInfo& router) {
  if (!router.tls || !router.route) return;
  std::vector<std::string> hosts = rules::rule_hosts(router.route->rule.root);
  if (hosts.empty()) hosts.emplace_back("*");
  for (const std::string& host : hosts) {
    auto rule = rules::parse_rule("HostSNI(`" + host + "`)", rules::Syntax::tcp_v3);
    if (!rule) continue;
    auto route = std::make_shared<rules::Route>();
    route->name = router.name;
    route->rule = std::move(*rule);
    route->priority = host == "*" ? -1 : static_cast<int64_t>(route->rule.text.size());
    route->precedence = router.route->precedence;
    route->rule_span = router.rule_span;
    // A router without a host has no options of its own.
    const std::string options = host == "*" ? std::string("default") : router.tls_options;
    auto& choice = choices_[options];
    if (!choice) choice = std::make_shared<const TlsChoice>(tls_.options(options));
    route->to = choice;
    router.claims.push_back(std::move(route));
  }
}

void TcpBuilder::add_https_routes() {
  for (const auto& [name, router] : out_.routers) {
    claim(*router);
    for (const std::string& e : router->entry_points) {
      std::vector<rules::RoutePtr>& https = pending_[e].https;
      https.insert(https.end(), router->claims.begin(), router->claims.end());
    }
  }
}

void TcpBuilder::finish() {
  const auto table = [](auto routes) {
    return std::make_shared<const rules::RoutingTable>(std::move(routes));
  };
  for (auto& [name, entry] : out_.entry_points) {
    Pending& p = pending_[name];
    entry->tcp.plain = table(std::move(p.plain));
    entry->tcp.secure = table(std::move(p.secure));
    entry->tcp.https = table(std::move(p.https));
    entry->tcp.default_tls = tls_.options("default");
    const config::EntryPointConfig& c = *entry->config;
    entry->proxy_protocol = c.has_proxy_protocol;
    entry->proxy_insecure = c.proxy_protocol_insecure;
    for (const config::Text& t : c.proxy_protocol_trusted) {
      if (auto network = IpNetwork::parse(t.value)) entry->proxy_trusted.push_back(*network);
    }
  }
}

}  // namespace gateproof::pipeline
