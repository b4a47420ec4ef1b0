#include "engine/config/route_filters.h"
#include "engine/pipeline/builder.h"
#include "engine/rules/matchers.h"
#include "engine/rules/priority.h"

namespace gateproof::pipeline {

int Builder::provider_rank(const std::string& router) const {
  if (in_.statics->precedence.empty()) return rules::provider_rank(router);
  const std::vector<std::string_view> order(in_.statics->precedence.begin(),
                                            in_.statics->precedence.end());
  return rules::provider_rank(router, order);
}

bool Builder::priority_allowed(RouterInfo& info, const config::RouterConfig& router) {
  const Result<void> allowed = rules::check_user_priority(router.priority.value);
  if (allowed) return true;
  const std::string& problem = allowed.error().message;
  info.fail(problem);
  finding("GP0302", router.priority.span, info.label(), problem + ": the router is disabled",
          "use a smaller priority");
  return false;
}

namespace {

// Where TLS ends here the rule is read once more for its hosts, with the matchers of both syntaxes; only what keeps it from being
// read is told again. "": nothing does.
std::string error_for_hosts(const std::string& rule, std::string_view told) {
  const std::string lead = "error while parsing rule " + rule;
  if (told == lead + ": obtaining build tree") return lead;
  const std::string prefix = lead + ": parsing rule " + rule + ": ";
  if (!told.starts_with(prefix)) return {};
  told.remove_prefix(prefix.size());
  constexpr std::string_view unknown = "unsupported function: ";
  if (told.starts_with(unknown)) {
    const std::string_view name = told.substr(unknown.size());
    for (const rules::Syntax syntax : {rules::Syntax::v3, rules::Syntax::v2}) {
      if (rules::find_matcher(syntax, name)) return {};
    }
  }
  return lead + ": " + std::string(told);
}

}  // namespace

Ahead::ParsedRule Builder::parse_rule(const config::RouterConfig& router) const {
  std::string_view syntax = router.rule_syntax.value;
  // Traefik gives neither the bound of priorities nor the default syntax to children, and no syntax to rules that it made.
  if (syntax.empty() && router.parent_refs.empty() && !router.default_rule)
    syntax = in_.statics->default_rule_syntax;
  return rules::parse_rule(router.rule.value,
                           syntax == "v2" ? rules::Syntax::v2 : rules::Syntax::v3, in_.matchers);
}

std::shared_ptr<rules::Route> Builder::make_route(RouterInfo& info,
                                                  const config::RouterConfig& router) {
  const std::string& text = router.rule.value;
  const rules::Priority priority = rules::effective_priority(text, router.priority.value);
  info.priority = priority.value;
  std::optional<Ahead::ParsedRule> ahead;
  if (ahead_) ahead = ahead_->rule(router);
  Ahead::ParsedRule parsed = ahead ? std::move(*ahead) : parse_rule(router);
  if (!parsed) {
    const rules::RuleError& e = parsed.error();
    info.fail(e.api);
    info.rule_error = error_for_hosts(text, e.api);
    const SourceSpan at =
        router.rule.span.known() ? router.rule.span.at(e.offset, e.length) : router.span;
    finding("GP0301", at, info.label(), e.message + ": the router is disabled",
            e.remedy.empty() ? "correct the rule; see the table of matchers" : e.remedy);
    return nullptr;
  }
  auto made = std::make_shared<rules::Route>();
  rules::Route& route = *made;
  route.name = info.name;
  route.rule = std::move(*parsed);
  route.priority = info.priority;
  route.automatic = priority.automatic;
  route.precedence = provider_rank(info.name);
  if (router.filters) route.order = router.filters->order;
  route.rule_span = router.rule.span;
  return made;
}

}  // namespace gateproof::pipeline
