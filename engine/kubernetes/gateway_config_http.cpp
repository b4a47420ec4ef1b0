// Routers and services of HTTPRoutes and GRPCRoutes. Rules, priorities and names as recorded from the real binary.
#include "engine/base/text.h"
#include "engine/config/route_filters.h"
#include "engine/http/headers.h"
#include "engine/kubernetes/gateway/config_parts.h"
#include "engine/kubernetes/gateway_config.h"

namespace gateproof::kubernetes {

using config::Value;

namespace {

constexpr int error_answer = 500;
constexpr int64_t exact_path = 100'000, other_path = 10'000, path_byte = 100, method_given = 1'000,
                  header_given = 100, query_given = 10;

// The part of a rule behind its hostnames.
struct Match {
  std::string rule;
  int64_t priority = 0;
  std::string prefix;  // the path's value, which filters take away where a path begins with it
};

bool is_pattern(const Value& v) { return text_at(&v, "type") == "RegularExpression"; }

std::string call(const char* matcher, const std::string& a) {
  return std::string(matcher) + "(" + text::quote(a) + ")";
}

// `Header("X","y")`, `HeaderRegexp("X","y.*")`.
std::string named(const char* matcher, const Value& v) {
  return std::string(matcher) + (is_pattern(v) ? "Regexp(" : "(") +
         text::quote(text_at(&v, "name")) + "," + text::quote(text_at(&v, "value")) + ")";
}

Match path_match(const Value* path) {
  std::string type = text_at(path, "type"), value = text_at(path, "value");
  if (value.empty()) value = "/";
  const auto length = static_cast<int64_t>(value.size());
  // ReplacePrefixMatch takes the value for a prefix, whatever the match is (recorded).
  if (type == "Exact") return {call("Path", value), exact_path, value};
  if (type == "RegularExpression")
    return {call("PathRegexp", value), other_path + path_byte * length, value};
  if (value == "/") return {"PathPrefix(\"/\")", 1, "/"};
  while (value.ends_with('/')) value.pop_back();
  return {"(" + call("Path", value) + " || " + call("PathPrefix", value + "/") + ")",
          other_path + path_byte * static_cast<int64_t>(value.size()), value};
}

Match http_match(const Value& match) {
  Match m = path_match(member(&match, "path"));
  if (const std::string method = text_at(&match, "method"); !method.empty()) {
    m.rule += " && " + call("Method", method);
    m.priority += method_given;
  }
  for (const Value& h : items_at(&match, "headers")) {
    m.rule += " && " + named("Header", h);
    m.priority += header_given;
  }
  for (const Value& q : items_at(&match, "queryParams")) {
    m.rule += " && " + named("Query", q);
    m.priority += query_given;
  }
  return m;
}

// A text as a pattern that means itself.
std::string literal(const std::string& s) {
  std::string out;
  for (const char c : s) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// A method of gRPC is the path /SERVICE/METHOD.
Match grpc_match(const Value& match) {
  Match m{"PathPrefix(\"/\")", 0, ""};
  if (const Value* method = member(&match, "method")) {
    const auto part = [method](const char* key) {
      const std::string s = text_at(method, key);
      if (s.empty()) return std::string("[^/]+");
      return is_pattern(*method) ? s : literal(s);
    };
    m.rule = call("PathRegexp", "/" + part("service") + "/" + part("method"));
  }
  for (const Value& h : items_at(&match, "headers")) m.rule += " && " + named("Header", h);
  m.priority = static_cast<int64_t>(m.rule.size());
  return m;
}

// As Traefik has them: a new prefix without a slash at its end; an empty one takes the slash of what is behind it, but in redirects,
// where the whole path may be empty.
// Fields are written as Go writes them.
void as_traefik(config::RouteFilter& filter) {
  if (auto* headers = std::get_if<config::HeaderFilter>(&filter)) {
    for (auto* fields : {&headers->set, &headers->add}) {
      for (auto& [name, value] : *fields) name = http::canonical_name(name);
    }
  }
  if (auto* extension = std::get_if<config::MiddlewareFilter>(&filter)) extension->needed = true;
  std::optional<config::PathFilter>* path = nullptr;
  if (auto* redirect = std::get_if<config::RedirectFilter>(&filter)) {
    redirect->as_traefik = true;
    path = &redirect->path;
    if (*path) (*path)->bare = !(*path)->prefix && (*path)->value.empty();
  } else if (auto* rewrite = std::get_if<config::RewriteFilter>(&filter)) {
    path = &rewrite->path;
    if (*path) (*path)->bare = (*path)->prefix && (*path)->value.empty();
  }
  if (path && *path && (*path)->prefix && (*path)->value.ends_with('/')) (*path)->value.pop_back();
}

bool replaces_prefix(const Value* owner) {
  const auto& filters = items_at(owner, "filters");
  return std::any_of(filters.begin(), filters.end(), [](const Value& f) {
    return f.at("requestRedirect.path.replacePrefixMatch") ||
           f.at("urlRewrite.path.replacePrefixMatch");
  });
}

class HttpRoute {
 public:
  HttpRoute(RuleTable& rules, const RoutePlace& at, config::DynamicConfig& out)
      : rules_(rules),
        at_(at),
        grpc_(at.route.object->kind == "GRPCRoute"),
        hostnames_(common_hostnames(at.listener, at.route.hostnames)),
        out_(out) {}

  void rule(size_t index) {
    const RuleView& r = at_.route.rules[index];
    const std::vector<Value>& matches = items_at(r.rule, "matches");
    if (matches.empty()) router(index, grpc_ ? grpc_match({}) : http_match({}));
    for (const Value& m : matches) router(index, grpc_ ? grpc_match(m) : http_match(m));
  }

 private:
  void router(size_t index, const Match& match) {
    const RuleView& r = at_.route.rules[index];
    std::string rule = hostname_rule(hostnames_, "Host");
    if (hostnames_.size() > 1) rule = "(" + rule + ")";
    rule += (rule.empty() ? "" : " && ") + match.rule;
    const std::string name = gateway_router_name(at_, index, rule);
    if (!rules_.take(at_, rule, name)) return;
    config::RouterConfig router;
    router.rule = {rule, r.rule->span};
    router.rule_syntax.value = "default";
    router.priority.value = match.priority + longest(hostnames_);
    // Of two rules that say the same the earlier one counts; for gRPC nobody says so.
    if (!grpc_) router.priority.value += static_cast<int64_t>(at_.route.rules.size() - index);
    router.entry_points.push_back({at_.listener.entry_point, at_.listener.span});
    if (at_.listener.protocol == "HTTPS") router.tls.emplace();
    // A rule with a filter that is not known has none of the others either (recorded).
    if (r.filters_known) {
      router.middlewares = extensions(r.rule);
      router.filters = filters(r.rule, match);
    }
    router.service.value = service(name, r, match);
    router.span = at_.route.object->span;
    out_.routers[config::qualify(name, gateway_provider)] = std::move(router);
  }

  // Whether Middlewares of the CRD provider stand among other filters, so that their order counts.
  static bool mixed(const Value* owner) {
    const auto& filters = items_at(owner, "filters");
    const auto is = [](const Value& f) { return text_at(&f, "type") == "ExtensionRef"; };
    return std::any_of(filters.begin(), filters.end(), is) &&
           !std::all_of(filters.begin(), filters.end(), is);
  }

  std::string extension(const std::string& name) const {
    return rules_.middleware(at_.route.object->ns, name) + "@" + std::string(crd_provider);
  }

  // Middlewares of the CRD provider.
  std::vector<Text> extensions(const Value* owner) const {
    std::vector<Text> out;
    if (mixed(owner)) return out;
    for (const Value& f : items_at(owner, "filters")) {
      if (text_at(&f, "type") != "ExtensionRef") continue;
      const Text name = located_at(member(&f, "extensionRef"), "name");
      out.push_back({extension(name.value), name.span});
    }
    return out;
  }

  std::shared_ptr<const config::RouteFilters> filters(const Value* owner,
                                                      const Match& match) const {
    config::RouteFilters out;
    bool other = false;  // an ExtensionRef, which is no filter of its own
    gateway::NamedByFilters named;
    if (mixed(owner)) named.extension = [this](const std::string& n) { return extension(n); };
    out.filters = gateway::read_filters(owner, other, named);
    if (out.filters.empty()) return nullptr;
    for (config::RouteFilter& f : out.filters) as_traefik(f);
    if (replaces_prefix(owner)) out.matched_prefix = match.prefix;
    out.listener_port = static_cast<int>(at_.listener.port);
    return std::make_shared<const config::RouteFilters>(std::move(out));
  }

  std::string weighted(const std::string& name, config::WeightedConfig w, const SourceSpan& span) {
    config::ServiceConfig& s = out_.services[config::qualify(name, gateway_provider)];
    s.types = {"weighted"};
    s.weighted = std::move(w);
    s.span = span;
    return name;
  }

  config::WeightedConfig failing(const char* child) const {
    config::WeightedConfig w;
    config::WeightedChild& c = w.services.emplace_back();
    c.name.value = child;
    fail(c);
    return w;
  }

  // gRPC hears its own code for "unavailable", as a text whatever it speaks (recorded).
  void fail(config::WeightedChild& c) const {
    c.status = error_answer;
    if (!grpc_) return;
    config::RouteFilters answer;
    answer.filters.emplace_back(config::AnswerFilter{
        200, "application/json", R"({"code":14,"message":"Service Unavailable"})"});
    c.filters = std::make_shared<const config::RouteFilters>(std::move(answer));
  }

  std::string service(const std::string& router, const RuleView& r, const Match& match) {
    const SourceSpan& span = r.rule->span;
    if (!r.filters_known) {
      return weighted(router + "-err-wrr",
                      failing(grpc_ ? "invalid-grpcroute-filter" : "invalid-httproute-filter"),
                      span);
    }
    if (r.internal && r.backends.front().usable) return r.backends.front().named;
    // With filters and without backends there is no server (503), unless one of them answers.
    if (r.backends.empty() && !grpc_ && items_at(r.rule, "filters").empty())
      return weighted(router + "-wrr", failing("no-backend-refs"), span);
    config::WeightedConfig w;
    for (size_t i = 0; i < r.backends.size(); ++i)
      w.services.push_back(child(router, r.backends[i], i, match));
    return weighted(router + "-wrr", std::move(w), span);
  }

  config::WeightedChild child(const std::string& router, const BackendView& b, size_t index,
                              const Match& match) {
    config::WeightedChild c;
    c.name = {router + "-svc-" + b.ns + "-" + b.name + "-" + std::to_string(index), b.ref->span};
    c.weight = b.weight;
    if (!b.usable) {
      fail(c);
      return c;
    }
    // What is named brings no filters of the reference (recorded).
    if (!b.named.empty()) {
      c.name.value = b.named;
      return c;
    }
    if (!grpc_) c.filters = filters(b.ref, match);
    balancer(c.name, b);
    return c;
  }

  void balancer(const Text& name, const BackendView& b) {
    const std::string qualified = config::qualify(name.value, gateway_provider);
    config::ServiceConfig& s = out_.services[qualified];
    s.types = {"loadBalancer"};
    s.span = name.span;
    if (!grpc_) s.middlewares = extensions(b.ref);
    config::LoadBalancerConfig& lb = s.load_balancer.emplace();
    for (const std::string& address : b.addresses) {
      config::ServerConfig server;
      server.url = {b.scheme + "://" + address, name.span};
      lb.servers.push_back(std::move(server));
    }
    if (!b.tls) return;
    lb.servers_transport = {qualified, name.span};
    config::ServersTransportConfig& t = out_.servers_transports[qualified];
    t.tls = *b.tls;
    t.span = name.span;
  }

  RuleTable& rules_;
  const RoutePlace& at_;
  bool grpc_;
  std::vector<std::string> hostnames_;
  config::DynamicConfig& out_;
};

}  // namespace

void add_gateway_http(RuleTable& rules, const RoutePlace& at, config::DynamicConfig& out) {
  HttpRoute route(rules, at, out);
  for (size_t i = 0; i < at.route.rules.size(); ++i) route.rule(i);
}

}  // namespace gateproof::kubernetes
