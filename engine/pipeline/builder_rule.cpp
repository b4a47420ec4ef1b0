#include "engine/pipeline/builder.h"
#include "engine/rules/priority.h"

namespace gateproof::pipeline {

int Builder::provider_rank(const std::string& router) const {
  if (in_.statics->precedence.empty()) return rules::provider_rank(router);
  const std::vector<std::string_view> order(in_.statics->precedence.begin(),
                                            in_.statics->precedence.end());
  return rules::provider_rank(router, order);
}

std::optional<rules::Route> Builder::make_route(RouterInfo& info,
                                                const config::RouterConfig& router) {
  const std::string object = "router " + info.name;
  const std::string& text = router.rule.value;
  const rules::Priority priority = rules::effective_priority(text, router.priority.value);
  info.priority = priority.value;
  const bool child = !router.parent_refs.empty();
  const Result<void> allowed = rules::check_user_priority(router.priority.value);
  if (!allowed && !child) {
    const std::string& problem = allowed.error().message;
    info.fail(problem);
    finding("GP0302", router.priority.span, object, problem + ": the router is disabled",
            "use a smaller priority");
    return std::nullopt;
  }
  std::string syntax = router.rule_syntax.value;
  // Traefik gives neither the bound of priorities nor the default syntax to children.
  if (syntax.empty() && !child) syntax = in_.statics->default_rule_syntax;
  auto parsed =
      rules::parse_rule(text, syntax == "v2" ? rules::Syntax::v2 : rules::Syntax::v3, in_.matchers);
  if (!parsed) {
    const rules::RuleError& e = parsed.error();
    info.fail(e.api);
    // Where TLS ends here the rule is read once more for its hosts; only what keeps it from being read is told again.
    const std::string prefix = "error while parsing rule " + text + ": parsing rule " + text + ": ";
    if (e.api.starts_with(prefix)) info.rule_error = e.api.substr(prefix.size());
    const SourceSpan at =
        router.rule.span.known() ? router.rule.span.at(e.offset, e.length) : router.span;
    finding("GP0301", at, object, e.message + ": the router is disabled",
            e.remedy.empty() ? "correct the rule; see the table of matchers" : e.remedy);
    return std::nullopt;
  }
  rules::Route route;
  route.name = info.name;
  route.rule = std::move(*parsed);
  route.priority = info.priority;
  route.automatic = priority.automatic;
  route.precedence = provider_rank(info.name);
  route.rule_span = router.rule.span;
  return route;
}

}  // namespace gateproof::pipeline
