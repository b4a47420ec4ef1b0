// What the proxy routes by itself: ping, entry point redirections, and services by internal names (catalogue 2.3, 4.10, 7.3).
#include "engine/pipeline/builder.h"

namespace gateproof::pipeline {
namespace {

class Ping final : public http::Handler {
 public:
  Ping(int terminating_status, const std::atomic<bool>* terminating)
      : terminating_status_(terminating_status), terminating_(terminating) {}
  Task<void> handle(http::Exchange& x) override {
    const bool stopping = terminating_ && terminating_->load();
    const int status = stopping ? terminating_status_ : 200;
    x.response = http::Response::make(status, http::status_text(status));
    co_return;
  }

 private:
  int terminating_status_;
  const std::atomic<bool>* terminating_;
};

// Names that may stand in a generated router's name: runs of other characters become one '-'.
std::string normalized(std::string_view s) {
  std::string out;
  for (char c : s) {
    if (text::is_alnum(c)) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

void add_option(config::Value& options, std::string key, std::string text) {
  config::Value::Member m;
  m.key = std::move(key);
  m.value.kind = config::Value::scalar;
  m.value.text = std::move(text);
  options.members.push_back(std::move(m));
}

}  // namespace

HandlerPtr Builder::internal_service(const std::string& name, ObjectInfo& info) {
  const std::string_view bare = config::bare_name(name);
  if (bare == "noop") return fixed_answer(418, "");
  if (bare == "ping") {
    if (in_.statics->ping) {
      return std::make_shared<Ping>(in_.statics->ping->terminating_status_code, in_.terminating);
    }
    info.fail("ping is not enabled");
    return nullptr;
  }
  if (bare == "api" || bare == "dashboard") {
    if (in_.statics->api)
      return fixed_answer(501, std::string(bare) + "@internal is not acted on yet\n");
    info.fail(std::string(bare) + " is not enabled");
    return nullptr;
  }
  if (bare == "prometheus") {
    if (in_.statics->metrics_entry_point)
      return fixed_answer(501, "prometheus@internal is not acted on yet\n");
    info.fail("prometheus is not enabled");
    return nullptr;
  }
  if (bare == "rest" || bare == "acme-http") {
    info.fail(bare == "rest" ? "rest is not enabled" : "HTTP challenge is not enabled");
    return nullptr;
  }
  info.name.clear();  // no such service
  return nullptr;
}

void Builder::note_later_service(const std::string& name, const SourceSpan& at,
                                 const RouterInfo& router) {
  if (name != "api@internal" && name != "dashboard@internal" && name != "prometheus@internal")
    return;
  finding("GP1109", at, router.label(), name + " is not acted on yet: the router answers 501",
          "run the real proxy to see what " + name + " answers");
}

void Builder::add_internal_router(const std::string& name, const std::string& entry_point,
                                  const std::string& rule, int64_t priority, HandlerPtr handler,
                                  bool secure, const SourceSpan& span) {
  const auto entry = out_.entry_points.find(entry_point);
  auto parsed = rules::parse_rule(rule, rules::Syntax::v3);
  if (entry == out_.entry_points.end() || !parsed) return;
  auto info = std::make_shared<RouterInfo>();
  info->name = name;
  info->rule = rule;
  info->priority = priority;
  info->entry_points = {entry_point};
  info->tls = secure;
  info->span = span;
  rules::Route route;
  route.name = name;
  route.rule = std::move(*parsed);
  route.priority = priority;
  route.automatic = false;
  route.rule_span = span;
  route.to = std::make_shared<const RouteTarget>(RouteTarget{info.get(), std::move(handler)});
  (secure ? pending_[entry_point].secure : pending_[entry_point].plain)
      .push_back(std::make_shared<const rules::Route>(std::move(route)));
  out_.routers.set(name, std::move(info));
}

void Builder::add_ping() {
  const Building building(*this, std::string(common_key));
  if (!in_.statics->ping || in_.statics->ping->manual_routing) return;
  HandlerPtr handler = service("ping@internal");
  const std::string& entry_point = in_.statics->ping->entry_point;
  const auto entry = out_.entry_points.find(entry_point);
  const bool secure = entry != out_.entry_points.end() && entry->second->config->tls.has_value();
  add_internal_router("ping@internal", entry_point, "PathPrefix(`/ping`)", INT64_MAX,
                      std::move(handler), secure, in_.statics->ping->span);
}

void Builder::add_redirections() {
  const Building building(*this, std::string(common_key));
  const middleware::MiddlewareSpec* spec = middleware::find_middleware("redirectScheme");
  for (const auto& [name, e] : in_.statics->entry_points) {
    if (!e.redirection || !spec) continue;
    const config::EntryPointRedirection& r = *e.redirection;
    std::string port;
    if (r.to.value.starts_with(':')) {
      port = r.to.value.substr(1);
    } else {
      const auto target = in_.statics->entry_points.find(r.to.value);
      if (target == in_.statics->entry_points.end()) {
        finding("GP0311", r.to.span, "entryPoint " + name,
                "redirection to entry point \"" + r.to.value +
                    "\", which does not exist: nothing is redirected",
                "name an entry point, or a port such as :443");
        continue;
      }
      const Result<config::EntryPointAddress> address =
          config::parse_entry_point_address(target->second.address);
      if (address) port = std::to_string(address->port);
    }
    config::Value options;
    options.kind = config::Value::mapping;
    add_option(options, "scheme", r.scheme);
    add_option(options, "port", port);
    add_option(options, "permanent", r.permanent ? "true" : "false");
    std::shared_ptr<void> decoded = spec->schema.make();
    config::DecodeContext context{out_.parts.common, name};
    spec->schema.schema->decode(options, decoded.get(), context);
    const std::string router = normalized(name + "-to-" + r.to.value);
    const std::string middleware_name = "redirect-" + router + "@internal";
    Result<std::unique_ptr<middleware::Middleware>> built =
        spec->build(decoded.get(), {middleware_name, router, in_.clock, in_.random, strict()});
    if (!built) continue;
    (*built)->stage = "middleware " + middleware_name;
    Steps steps;
    steps.push_back(std::move(*built));
    std::string rule = "HostRegexp(`^.+$`)";
    if (e.allow_acme_bypass) rule += " && !PathPrefix(`/.well-known/acme-challenge/`)";
    auto chain = std::make_shared<middleware::Chain>(std::move(steps), service("noop@internal"));
    add_internal_router(router + "@internal", name, rule, r.priority.value_or(INT64_MAX - 1),
                        std::move(chain), e.tls.has_value(), r.span);
  }
}

}  // namespace gateproof::pipeline
