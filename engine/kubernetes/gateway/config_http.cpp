// Routers of HTTPRoutes and GRPCRoutes: one for each match of each rule on each listener and hostname. Their order is the API's
// precedence, written as priorities.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/http/url.h"
#include "engine/kubernetes/gateway/config_parts.h"

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

// A router before it knows its priority.
struct Draft {
  const Match* match = nullptr;
  HostRank host, original;
  size_t route = 0, rule = 0, number = 0;  // places in the model: older routes come first
  std::string name;
  config::RouterConfig router;
};

bool before(const Draft& a, const Draft& b) {
  if (a.host != b.host) return a.host > b.host;
  if (a.original != b.original) return a.original > b.original;
  const Match &m = *a.match, &n = *b.match;
  const auto worth = [](const Match& x) {
    return std::tie(x.path_kind, x.path_length, x.method_length, x.headers, x.queries);
  };
  if (worth(m) != worth(n)) return worth(m) > worth(n);
  return std::tie(a.route, a.rule, a.number) < std::tie(b.route, b.rule, b.number);
}

class HttpRouters {
 public:
  HttpRouters(const Model& model, Services& services, config::DynamicConfig& out)
      : model_(model), services_(services), out_(out) {}

  void add(size_t index) {
    const Route& route = model_.routes[index];
    for (size_t r = 0; r < route.rules.size(); ++r) {
      matches_.push_back(matches_of(route, route.rules[r]));
      for (const Attachment& at : route.attachments) attach(index, r, at, matches_.back());
    }
  }

  // A table for each listener, numbered from its end.
  void finish() {
    for (auto& [listener, drafts] : drafts_) {
      std::stable_sort(drafts.begin(), drafts.end(), before);
      auto priority = static_cast<int64_t>(drafts.size());
      for (Draft& d : drafts) {
        d.router.priority.value = priority--;
        out_.routers[qualified(d.name)] = std::move(d.router);
      }
    }
  }

 private:
  void attach(size_t index, size_t r, const Attachment& at, const std::vector<Match>& matches) {
    const Route& route = model_.routes[index];
    const Rule& rule = route.rules[r];
    const Gateway& gateway = model_.gateways[at.gateway];
    const Listener& listener = gateway.listeners[at.listener];
    if (!listener.serves || gateway.address.empty()) return;
    const std::string listener_label = listener_name(listener);
    const std::string service = services_.of_rule(route, r, at.gateway);
    config::RouteFilters filters = read_rule(route, rule, at.gateway, services_);
    filters.listener_port = listener.port;
    std::vector<std::string> hostnames = each_once(at.hostnames);
    if (hostnames.empty()) hostnames.emplace_back();
    for (size_t m = 0; m < matches.size(); ++m) {
      config::RouteFilters own = filters;
      own.matched_prefix = replaces_prefix(rule) ? matches[m].prefix : std::string();
      const auto shared =
          own.empty() ? nullptr : std::make_shared<const config::RouteFilters>(std::move(own));
      for (const std::string& hostname : hostnames) {
        Draft d;
        d.match = &matches[m];
        d.host = host_rank(hostname);
        d.original = original_rank(route, hostname);
        d.route = index, d.rule = r, d.number = m;
        d.name = text::to_lower(route.kind) + "/" + route.object->ns + "/" + route.object->name +
                 "/" + std::to_string(r) + "/" + std::to_string(m) + " " + listener_label +
                 (hostname.empty() ? "" : " " + hostname);
        std::string conditions = host_condition(hostname);
        if (!conditions.empty() && !matches[m].conditions.empty()) conditions += " && ";
        conditions += matches[m].conditions;
        d.router.rule = located(conditions.empty() ? "PathPrefix(`/`)" : conditions,
                                rule.rule ? rule.rule->span : route.object->span);
        d.router.rule_syntax.value = "v3";
        d.router.entry_points.push_back(located(listener_label, listener.span));
        d.router.service = located(service);
        d.router.filters = shared;
        d.router.span = route.object->span;
        drafts_[listener_label].push_back(std::move(d));
      }
    }
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
  Services& services_;
  config::DynamicConfig& out_;
  std::deque<std::vector<Match>> matches_;  // stay where they are
  std::map<std::string, std::vector<Draft>> drafts_;
};

}  // namespace

void add_http_routers(const Model& model, Services& services, config::DynamicConfig& out) {
  HttpRouters routers(model, services, out);
  for (size_t i = 0; i < model.routes.size(); ++i) {
    if (model.routes[i].kind == "HTTPRoute" || model.routes[i].kind == "GRPCRoute") routers.add(i);
  }
  routers.finish();
}

}  // namespace gateproof::kubernetes::gateway
