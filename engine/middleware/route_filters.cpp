#include "engine/middleware/route_filters.h"

namespace gateproof::middleware {
namespace {

using Steps = RouteSteps;

void add(Steps& steps, std::string_view stage, std::unique_ptr<Middleware> step) {
  step->stage = "filter " + std::string(stage);
  steps.push_back(std::move(step));
}

class Prefix final : public SyncFilter {
 public:
  explicit Prefix(std::string prefix) : prefix_(std::move(prefix)) {}
  Flow on_request(Exchange& x) override {
    x.matched_prefix = prefix_;
    return Flow::next;
  }

 private:
  std::string prefix_;
};

class Headers final : public SyncFilter {
 public:
  explicit Headers(const config::HeaderFilter& f) : f_(f) {}
  Flow on_request(Exchange& x) override {
    if (f_.response) return Flow::next;
    change(x.request.headers);
    for (const auto& [name, value] : f_.set) {
      if (text::iequals(name, "Host")) x.request.host = value;
    }
    return Flow::next;
  }
  void on_response(Exchange& x) override {
    if (f_.response) change(x.response.headers);
  }

 private:
  void change(http::Headers& h) const {
    for (const auto& [name, value] : f_.set) {
      if (f_.response || !text::iequals(name, "Host")) h.set(name, value);
    }
    for (const auto& [name, value] : f_.add) h.add(name, value);
    for (const std::string& name : f_.remove) h.remove(name);
  }
  config::HeaderFilter f_;
};

class Answer final : public SyncFilter {
 public:
  explicit Answer(const config::AnswerFilter& f) : f_(f) {}
  Flow on_request(Exchange& x) override {
    x.response = http::Response::make(f_.status, f_.body, f_.content_type);
    return Flow::answer;
  }

 private:
  config::AnswerFilter f_;
};

}  // namespace

std::unique_ptr<Middleware> route_prefix(const std::string& prefix) {
  return std::make_unique<Prefix>(prefix);
}

std::unique_ptr<Middleware> route_headers(const config::HeaderFilter& filter) {
  return std::make_unique<Headers>(filter);
}

std::unique_ptr<Middleware> route_refusal(int status) {
  return std::make_unique<Answer>(config::AnswerFilter{status, "", ""});
}

namespace {

bool may_wait(const config::RouteFilter& f) {
  return std::holds_alternative<config::MiddlewareFilter>(f) ||
         std::holds_alternative<config::ExternalAuthFilter>(f);
}

// Filters that keep the rule's order among each other. One that cannot be acted on lets nothing pass.
void add_in_order(Steps& steps, const config::RouteFilter& f, int listener_port,
                  const BuildContext& context, const ExtensionSteps& extension) {
  if (const auto* h = std::get_if<config::HeaderFilter>(&f))
    add(steps, h->response ? "ResponseHeaderModifier" : "RequestHeaderModifier", route_headers(*h));
  if (const auto* r = std::get_if<config::RedirectFilter>(&f))
    add(steps, "RequestRedirect", route_redirect(*r, listener_port));
  if (const auto* r = std::get_if<config::RewriteFilter>(&f))
    add(steps, "URLRewrite", route_rewrite(*r));
  if (const auto* a = std::get_if<config::AnswerFilter>(&f))
    add(steps, "answer", std::make_unique<Answer>(*a));
  if (const auto* m = std::get_if<config::MiddlewareFilter>(&f)) {
    if (!extension) {
      add(steps, "ExtensionRef", route_refusal(500));
      return;
    }
    for (auto& step : extension(*m)) steps.push_back(std::move(step));
  }
  if (const auto* e = std::get_if<config::ExternalAuthFilter>(&f)) {
    Result<std::shared_ptr<http::Handler>> service = context.service(e->service.value);
    add(steps, "ExternalAuth",
        service ? route_external_auth(*e, std::move(*service)) : route_refusal(500));
  }
}

}  // namespace

Result<Steps> route_steps(const config::RouteFilters& filters, const BuildContext& context,
                          const ExtensionSteps& extension) {
  Steps steps;
  if (!filters.matched_prefix.empty()) add(steps, "prefix", route_prefix(filters.matched_prefix));
  for (const config::RouteFilter& f : filters.filters) {
    if (const auto* cors = std::get_if<config::CorsFilter>(&f))
      add(steps, "CORS", route_cors(*cors));
  }
  // The whole request has a limit, with the time that such a filter takes.
  const bool timed = filters.request_timeout > Duration::zero();
  const bool early = std::any_of(filters.filters.begin(), filters.filters.end(), may_wait);
  if (timed && early) add(steps, "request timeout", route_timeout(filters.request_timeout));
  for (const config::RouteFilter& f : filters.filters)
    add_in_order(steps, f, filters.listener_port, context, extension);
  for (const config::RouteFilter& f : filters.filters) {
    const auto* m = std::get_if<config::MirrorFilter>(&f);
    if (!m) continue;
    Result<std::shared_ptr<http::Handler>> service = context.service(m->service.value);
    if (!service) return service.error();
    add(steps, "RequestMirror",
        route_mirror({m->service.value, m->numerator, m->denominator, std::move(*service)}));
  }
  if (timed && !early) add(steps, "request timeout", route_timeout(filters.request_timeout));
  if (filters.retry || filters.backend_timeout > Duration::zero())
    add(steps, "retry", route_tries(filters.retry, filters.backend_timeout));
  return steps;
}

}  // namespace gateproof::middleware
