// From the model of ingress-nginx' Ingresses to routers and services, under Traefik's names: each path has a router for entry
// points without TLS and one with it.
#include "engine/base/text.h"
#include "engine/kubernetes/nginx_model.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::RouterConfig;
using config::ServiceConfig;

namespace {

std::string own(const std::string& name) { return qualify(name, nginx_provider); }

// Whole path elements, as the Ingress specification wants.
std::string prefix_rule(std::string path) {
  if (path == "/") return "PathPrefix(\"/\")";
  if (path.ends_with('/')) path.pop_back();
  return "(Path(" + text::quote(path) + ") || PathPrefix(" + text::quote(path + "/") + "))";
}

std::string rule_of(const NginxLocation& l) {
  std::string rule;
  if (!l.host.empty()) {
    rule = "Host(" + text::quote(l.host) + ")";
    for (const std::string& alias : l.aliases) rule += " || Host(" + text::quote(alias) + ")";
    if (!l.aliases.empty()) rule = "(" + rule + ")";
  }
  if (l.path.empty()) return rule;
  if (!rule.empty()) rule += " && ";
  if (l.exact) return rule + "Path(" + text::quote(l.path) + ")";
  if (l.use_regex) return rule + "PathRegexp(" + text::quote("(?i)^" + l.path) + ")";
  return rule + prefix_rule(l.path);
}

std::string cookie_rule(const std::string& cookie, std::string_view value) {
  return "HeaderRegexp(\"Cookie\", " +
         text::quote("(^|;\\s*)" + text::quote_regex(cookie) + "=" + std::string(value) + "(;|$)") +
         ")";
}

std::string either(const std::vector<std::string>& rules) { return text::join(rules, " || "); }

std::string canary_rule(const std::string& rule, const NginxCanary& c) {
  std::vector<std::string> rules;
  const std::string header = text::quote(c.header);
  const bool words = c.header_value.empty() && c.header_pattern.empty();
  if (!c.header.empty()) {
    if (words) {
      rules.push_back("Header(" + header + ", \"always\")");
    } else if (c.header_value.empty()) {
      rules.push_back("HeaderRegexp(" + header + ", " + text::quote(c.header_pattern) + ")");
    } else {
      rules.push_back("Header(" + header + ", " + text::quote(c.header_value) + ")");
    }
  }
  if (!c.cookie.empty()) {
    std::string cookie = cookie_rule(c.cookie, "always");
    if (!c.header.empty() && words)
      cookie = "(" + cookie + " && !Header(" + header + ", \"never\"))";
    rules.push_back(std::move(cookie));
  }
  return "(" + rule + ") && (" + either(rules) + ")";
}

std::string other_rule(const std::string& rule, const NginxCanary& c) {
  std::vector<std::string> rules;
  if (!c.header.empty() && c.header_value.empty() && c.header_pattern.empty())
    rules.push_back("Header(" + text::quote(c.header) + ", \"never\")");
  if (!c.cookie.empty()) rules.push_back(cookie_rule(c.cookie, "never"));
  return "(" + rule + ") && (" + either(rules) + ")";
}

std::optional<config::CookieConfig> sticky_of(const NginxAnnotations& a, std::string_view suffix) {
  if (a.text_or("affinity") != "cookie") return std::nullopt;
  config::CookieConfig c;
  c.name = a.text_or("session-cookie-name", "INGRESSCOOKIE") + std::string(suffix);
  c.secure = a.flag("session-cookie-secure");
  c.http_only = true;
  c.same_site = text::to_lower(a.text_or("session-cookie-samesite"));
  c.max_age = a.number("session-cookie-max-age").value_or(0);
  c.path = a.text_or("session-cookie-path", "/");
  c.domain = a.text_or("session-cookie-domain");
  c.expires = a.number("session-cookie-expires").value_or(0);
  return c;
}

class Routers {
 public:
  Routers(const NginxContext& n, NginxModel& m, config::DynamicConfig& out)
      : n_(n), m_(m), out_(out), middlewares_(n, out) {
    for (const std::string& name : n.plain_entry_points) plain_.push_back({name, {}});
    if (!n.options.https_entry_point.empty()) secure_.push_back({n.options.https_entry_point, {}});
  }

  void all() {
    add_service("unavailable-service", {});
    default_backend();
    passthroughs();
    for (const NginxLocation& l : m_.locations) location(l);
    app_roots();
    for (auto& [name, t] : m_.transports) out_.servers_transports[own(name)] = std::move(t);
    for (auto& [name, t] : m_.tls_options) out_.tls_options[own(name)] = std::move(t);
    out_.certificates = std::move(m_.certificates);
  }

 private:
  ServiceConfig& add_service(const std::string& name, NginxModel::Servers servers) {
    ServiceConfig s;
    s.types = {"loadBalancer"};
    s.load_balancer.emplace().servers = std::move(servers);
    return out_.services[own(name)] = std::move(s);
  }

  // A backend as the annotations of a location want it.
  void add_service(const std::string& name, const NginxModel::Servers& backend,
                   const NginxLocation& l, bool with_transport) {
    NginxModel::Servers servers = backend;
    const std::string scheme(nginx_scheme(l.a));
    for (config::ServerConfig& s : servers)
      s.url.value = scheme + s.url.value.substr(std::string_view("http").size());
    ServiceConfig& s = add_service(name, std::move(servers));
    s.span = l.span;
    config::LoadBalancerConfig& lb = *s.load_balancer;
    if (with_transport && !backend.empty()) lb.servers_transport = {own(l.transport), l.span};
    lb.sticky = sticky_of(l.a, "");
    lb.hash_by = l.a.text_or("upstream-hash-by");
    if (!lb.hash_by.empty()) lb.strategy = {"hrw", l.span};
  }

  RouterConfig router(const NginxLocation& l, const std::string& rule, const SourceSpan& at,
                      const std::string& service, bool tls) const {
    RouterConfig r;
    r.span = at;
    r.rule = {rule, at};
    r.rule_syntax.value = "default";  // v3, whatever core.defaultRuleSyntax says
    r.service = {own(service), at};
    r.entry_points = tls ? secure_ : plain_;
    if (tls) {
      r.tls.emplace().span = at;
      if (!l.tls_options.empty()) r.tls->options = {own(l.tls_options), at};
    }
    return r;
  }

  std::string error_service(const NginxLocation& l, const std::string& router) {
    const auto codes = l.a.list("custom-http-errors");
    if (codes ? codes->empty() : n_.options.custom_http_errors.empty()) return "";
    if (l.error_backend.empty())
      return n_.options.default_backend.value.empty() ? "" : own("default-backend");
    const std::string name = "default-backend-" + router;
    if (const auto found = m_.backends.find(l.error_backend); found != m_.backends.end())
      add_service(name, found->second, l, false);
    return own(name);
  }

  // What takes a share does so with all middlewares, though the location itself answers 503 (recorded).
  void add(const NginxLocation& l, const std::string& name, RouterConfig r) {
    const bool refused = l.error && name == l.router + (r.tls ? "-tls" : "");
    if (!refused) middlewares_.apply(l, name, error_service(l, name), r);
    out_.routers[own(name)] = std::move(r);
  }

  void add_both(const NginxLocation& l, const std::string& name, const std::string& rule,
                const std::string& service) {
    const SourceSpan& at = l.path_text.span.known() ? l.path_text.span : l.span;
    add(l, name, router(l, rule, at, service, false));
    if (!l.plain_only) add(l, name + "-tls", router(l, rule, at, service, true));
  }

  void default_backend() {
    if (!m_.default_backend) return;
    ServiceConfig& s = add_service("default-backend", *m_.default_backend);
    const bool of_ingress = m_.default_location.has_value();
    NginxLocation none{.ingress = nullptr, .a = NginxAnnotations(no_ingress())};
    const NginxLocation& l = of_ingress ? *m_.default_location : none;
    s.span = l.span;
    if (of_ingress) s.load_balancer->servers_transport = {own(l.transport), l.span};
    for (const bool tls : {false, true}) {
      const std::string name = tls ? "default-backend-tls" : "default-backend";
      RouterConfig r = router(l, "PathPrefix(\"/\")", l.span, "default-backend", tls);
      r.priority = {INT32_MIN, l.span};
      if (of_ingress) middlewares_.apply(l, name, error_service(l, name), r);
      out_.routers[own(name)] = std::move(r);
    }
  }

  void passthroughs() {
    for (const NginxPassthrough& p : m_.passthroughs) {
      config::TcpServiceConfig service;
      service.span = p.span;
      auto& lb = service.load_balancer.emplace();
      for (const config::ServerConfig& s : m_.backends.at(p.backend)) {
        config::TcpServerConfig server;
        server.address = {s.url.value.substr(std::string_view("http://").size()), s.url.span};
        lb.servers.push_back(std::move(server));
      }
      out_.tcp.services[own(p.backend)] = std::move(service);
      config::TcpRouterConfig r;
      r.span = p.span;
      r.entry_points = secure_;
      r.rule = {"HostSNI(" + text::quote(p.host) + ")", p.span};
      r.rule_syntax.value = "default";
      r.service = {own(p.backend), p.span};
      r.tls.emplace().passthrough = true;
      out_.tcp.routers[own(p.router)] = std::move(r);
    }
  }

  void location(const NginxLocation& l) {
    add_service(l.backend, m_.backends.at(l.backend), l, true);
    std::string service = l.backend;
    const std::string canary = l.backend + "-canary";
    if (l.canary) {
      add_service(canary, m_.backends.at(l.canary->backend), l, true);
      service = l.backend + "-wrr";
      ServiceConfig s;
      s.span = l.span;
      s.types = {"weighted"};
      auto& w = s.weighted.emplace();
      w.services.push_back({{own(l.backend), l.span}, l.canary->total - l.canary->weight});
      w.services.push_back({{own(canary), l.span}, l.canary->weight});
      w.sticky = sticky_of(l.a, "-wrr");
      out_.services[own(service)] = std::move(s);
    }
    const std::string rule = rule_of(l);
    add_both(l, l.router, rule, l.error ? "unavailable-service" : service);
    if (!l.www.empty() && !l.error) www(l, service);
    if (!l.canary) return;
    if (l.canary->has_router())
      add_both(l, l.router + "-canary", canary_rule(rule, *l.canary), canary);
    if (l.canary->has_other_router())
      add_both(l, l.router + "-non-canary", other_rule(rule, *l.canary), l.backend);
  }

  // A host without a location for "/" has a router for it beside its first location that names a page.
  void app_roots() {
    std::map<std::string, const NginxLocation*> first;
    std::set<std::string> with_root;
    for (const NginxLocation& l : m_.locations) {
      if (l.has_app_root) first.emplace(l.host, &l);
      if (l.path.empty() || l.path == "/") with_root.insert(l.host);
    }
    for (const auto& [host, l] : first) {
      if (l->error || with_root.contains(host)) continue;
      NginxLocation root = *l;
      root.path = "/";
      root.exact = true;
      for (const bool tls : {false, true}) {
        if (tls && l->plain_only) break;
        const std::string name = l->router + (tls ? "-tls" : "");
        RouterConfig r = router(root, rule_of(root), l->span, "unavailable-service", tls);
        r.middlewares.push_back({own(name + "-app-root"), l->span});
        out_.routers[own(name + "-app-root-redirect")] = std::move(r);
      }
    }
  }

  void www(const NginxLocation& l, const std::string& service) {
    for (const bool tls : {false, true}) {
      if (tls && l.plain_only) break;
      const std::string name = l.router + (tls ? "-tls" : "");
      RouterConfig r = router(l, "Host(" + text::quote(l.www) + ")", l.span, service, tls);
      r.middlewares.push_back({middlewares_.www_redirect(l, name), l.span});
      out_.routers[own(name + "-from-to-www-redirect")] = std::move(r);
    }
  }

  const NginxContext& n_;
  NginxModel& m_;
  config::DynamicConfig& out_;
  NginxMiddlewares middlewares_;
  std::vector<config::Text> plain_, secure_;
};

}  // namespace

std::vector<std::string> nginx_entry_points(const config::NginxProviderConfig& options,
                                            const config::StaticConfig* s) {
  if (!options.http_entry_point.empty()) return {options.http_entry_point};
  std::vector<std::string> out;
  for (const auto& [name, e] : s ? s->entry_points : decltype(s->entry_points)()) {
    if (!e.tls) out.push_back(name);
  }
  return out;
}

config::DynamicConfig translate_nginx(const NginxContext& n, std::vector<const Object*>* served) {
  NginxModel model = nginx_model(n);
  if (served) served->assign(model.served.begin(), model.served.end());
  config::DynamicConfig out;
  Routers(n, model, out).all();
  return out;
}

}  // namespace gateproof::kubernetes
