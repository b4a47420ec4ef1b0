// Routers of HTTPRoutes and GRPCRoutes: one for each match of each rule on each listener and hostname. Their order is the API's
// precedence; what it says of a router depends on its route alone, so that a route more changes nothing for the others.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/http/url.h"
#include "engine/kubernetes/gateway/config_parts.h"
#include "engine/kubernetes/gateway/resolve_index.h"

namespace gateproof::kubernetes::gateway {
namespace {

using config::Value;

// The conditions of one match, as rule text, and what they count for.
struct Match {
  std::string conditions;  // joined with &&; "": everything
  int path_kind = 0;       // 2: exact, 1: prefix, 0: an expression
  size_t path_length = 0;
  size_t method_length = 0;  // GRPCRoute: characters of the method; HTTPRoute: 1 with a method
  size_t headers = 0, queries = 0;
  std::string prefix;  // of a PathPrefix match

  void add(const std::string& condition) {
    conditions += (conditions.empty() ? "" : " && ") + condition;
  }
};

std::string whole_pattern(const std::string& expression) { return "^(?:" + expression + ")$"; }

// As rules see paths: without escapes of what needs none.
std::string routed(const std::string& path) {
  const Result<std::string> normal = http::normalize_path(path);
  return normal ? http::routing_path(*normal) : path;
}

bool is_pattern(const Value& v) { return text_at(&v, "type") == "RegularExpression"; }

void add_path(const Value* path, Match& m) {
  const std::string type = path ? text_at(path, "type") : "PathPrefix";
  std::string value = path ? text_at(path, "value") : "/";
  if (value.empty()) value = "/";
  m.path_length = value.size();
  if (type == "RegularExpression") {
    m.add("PathRegexp(" + rule_text(whole_pattern(value)) + ")");
    return;
  }
  value = routed(value);
  if (type == "Exact") {
    m.path_kind = 2;
    m.add("Path(" + rule_text(value) + ")");
    return;
  }
  m.path_kind = 1;
  while (value.ends_with('/')) value.pop_back();
  m.prefix = value.empty() ? "/" : value;
  if (value.empty()) {
    m.add("PathPrefix(`/`)");
  } else {
    // Element by element: /foo is no prefix of /foobar.
    m.add("(Path(" + rule_text(value) + ") || PathPrefix(" + rule_text(value + "/") + "))");
  }
}

// Of several entries with equivalent names the first one counts.
void add_headers(const Value& match, Match& m) {
  std::vector<std::string> seen;
  for (const Value& h : items_at(&match, "headers")) {
    const std::string name = text_at(&h, "name"), value = text_at(&h, "value");
    const std::string lower = text::to_lower(name);
    if (std::find(seen.begin(), seen.end(), lower) != seen.end()) continue;
    seen.push_back(lower);
    ++m.headers;
    if (is_pattern(h)) {
      m.add("HeaderRegexp(" + rule_text(name) + ", " + rule_text(whole_pattern(value)) + ")");
    } else {
      m.add("Header(" + rule_text(name) + ", " + rule_text(value) + ")");
    }
  }
}

void add_queries(const Value& match, Match& m) {
  std::vector<std::string> seen;
  for (const Value& q : items_at(&match, "queryParams")) {
    const std::string name = text_at(&q, "name"), value = text_at(&q, "value");
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    ++m.queries;
    if (is_pattern(q)) {
      m.add("QueryRegexp(" + rule_text(name) + ", " + rule_text(whole_pattern(value)) + ")");
    } else {
      m.add("Query(" + rule_text(name) + ", " + rule_text(value) + ")");
    }
  }
}

Match http_match(const Value& match) {
  Match m;
  add_path(member(&match, "path"), m);
  if (const std::string method = text_at(&match, "method"); !method.empty()) {
    m.method_length = 1;
    m.add("Method(" + rule_text(method) + ")");
  }
  add_headers(match, m);
  add_queries(match, m);
  return m;
}

// A method of gRPC is the path /SERVICE/METHOD.
Match grpc_match(const Value& match) {
  Match m;
  const Value* method = member(&match, "method");
  const std::string service = text_at(method, "service"), name = text_at(method, "method");
  m.path_length = service.size();
  m.method_length = name.size();
  const bool pattern = method && is_pattern(*method);
  m.path_kind = pattern ? 0 : 2;
  if (pattern) {
    const auto part = [](const std::string& s) { return s.empty() ? "[^/]+" : "(?:" + s + ")"; };
    if (!service.empty() || !name.empty())
      m.add("PathRegexp(" + rule_text("^/" + part(service) + "/" + part(name) + "$") + ")");
  } else if (!service.empty() && !name.empty()) {
    m.add("Path(" + rule_text("/" + service + "/" + name) + ")");
  } else if (!service.empty()) {
    m.add("PathPrefix(" + rule_text("/" + service + "/") + ")");
  } else if (!name.empty()) {
    m.add("PathRegexp(" + rule_text("^/[^/]+/" + text::replace_all(name, ".", "\\.") + "$") + ")");
  }
  add_headers(match, m);
  return m;
}

std::vector<Match> matches_of(const Route& route, const Rule& rule) {
  std::vector<Match> out;
  const bool grpc = route.kind == "GRPCRoute";
  for (const Value& v : items_at(rule.rule, "matches"))
    out.push_back(grpc ? grpc_match(v) : http_match(v));
  if (out.empty()) out.push_back(grpc ? Match{} : http_match(Value{}));
  return out;
}

// "*.x" stands for one label or more.
std::string host_condition(const std::string& hostname) {
  if (hostname.empty()) return {};
  if (!hostname.starts_with("*.")) return "Host(" + rule_text(hostname) + ")";
  const std::string rest = text::replace_all(hostname.substr(2), ".", "\\.");
  return "HostRegexp(" + rule_text("^([^.]+\\.)+" + rest + "\\.?$") + ")";
}

// Big-endian, so that texts compare as the numbers do, the greatest first.
void put_descending(std::string& out, size_t n) {
  constexpr size_t most = 0xFFFF;
  const size_t left = most - std::min(n, most);
  out += static_cast<char>(left >> 8);
  out += static_cast<char>(left & 0xFF);
}

// The API's precedence as one text: of two routers the one with the smaller text takes the request.
std::string order_of(const Route& route, const std::string& hostname, const Match& m, size_t rule,
                     size_t number) {
  std::string out;
  for (const HostRank& rank : {host_rank(hostname), original_rank(route, hostname)}) {
    put_descending(out, rank.exact ? 1 : 0);
    put_descending(out, rank.length);
  }
  for (const size_t n :
       {static_cast<size_t>(m.path_kind), m.path_length, m.method_length, m.headers, m.queries})
    put_descending(out, n);
  out += age_key(*route.object);
  out += '\0';
  for (const size_t n : {rule, number}) {
    out += static_cast<char>(n >> 8 & 0xFF);
    out += static_cast<char>(n & 0xFF);
  }
  return out;
}

class HttpRoute {
 public:
  HttpRoute(const Model& model, const Route& route, Services& services, config::DynamicConfig& out)
      : model_(model), route_(route), services_(services), out_(out) {}

  void add() {
    for (size_t r = 0; r < route_.rules.size(); ++r) {
      const std::vector<Match> matches = matches_of(route_, route_.rules[r]);
      for (const Attachment& at : route_.attachments) attach(r, at, matches);
    }
  }

  std::vector<std::string> names;  // of its routers, qualified

 private:
  void attach(size_t r, const Attachment& at, const std::vector<Match>& matches) {
    const Rule& rule = route_.rules[r];
    const Gateway& gateway = model_.gateways[at.gateway];
    const Listener& listener = gateway.listeners[at.listener];
    if (!listener.serves || gateway.address.empty()) return;
    const std::string service = services_.of_rule(route_, r, at.gateway);
    config::RouteFilters filters = read_rule(route_, rule, at.gateway, services_);
    filters.listener_port = listener.port;
    std::vector<std::string> hostnames = each_once(at.hostnames);
    if (hostnames.empty()) hostnames.emplace_back();
    for (size_t m = 0; m < matches.size(); ++m) {
      filters.matched_prefix = replaces_prefix(rule) ? matches[m].prefix : std::string();
      for (const std::string& hostname : hostnames) {
        filters.order = order_of(route_, hostname, matches[m], r, m);
        router(r, m, listener, hostname, matches[m], service, filters);
      }
    }
  }

  void router(size_t r, size_t m, const Listener& listener, const std::string& hostname,
              const Match& match, const std::string& service, const config::RouteFilters& filters) {
    const Rule& rule = route_.rules[r];
    const std::string label = listener_name(listener);
    const std::string name = text::to_lower(route_.kind) + "/" + route_.object->ns + "/" +
                             route_.object->name + "/" + std::to_string(r) + "/" +
                             std::to_string(m) + " " + label +
                             (hostname.empty() ? "" : " " + hostname);
    std::string conditions = host_condition(hostname);
    if (!conditions.empty() && !match.conditions.empty()) conditions += " && ";
    conditions += match.conditions;
    config::RouterConfig router;
    router.rule = located(conditions.empty() ? "PathPrefix(`/`)" : conditions,
                          rule.rule ? rule.rule->span : route_.object->span);
    router.rule_syntax.value = "v3";
    router.priority.value = 1;  // of all of them: `order` decides
    router.entry_points.push_back(located(label, listener.span));
    router.service = located(service);
    router.filters = std::make_shared<const config::RouteFilters>(filters);
    router.span = route_.object->span;
    names.push_back(qualified(name));
    out_.routers[names.back()] = std::move(router);
  }

  static bool replaces_prefix(const Rule& rule) {
    const auto any = [](const Value* owner) {
      const auto& filters = items_at(owner, "filters");
      return std::any_of(filters.begin(), filters.end(), [](const Value& f) {
        return f.at("requestRedirect.path.replacePrefixMatch") ||
               f.at("urlRewrite.path.replacePrefixMatch");
      });
    };
    return any(rule.rule) || std::any_of(rule.backends.begin(), rule.backends.end(),
                                         [&](const Backend& b) { return any(b.ref); });
  }

  const Model& model_;
  const Route& route_;
  Services& services_;
  config::DynamicConfig& out_;
};

}  // namespace

std::vector<std::string> add_http_route(const Model& model, const Route& route, Services& services,
                                        config::DynamicConfig& out) {
  HttpRoute r(model, route, services, out);
  r.add();
  return std::move(r.names);
}

}  // namespace gateproof::kubernetes::gateway
