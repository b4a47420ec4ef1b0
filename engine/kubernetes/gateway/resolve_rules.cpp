#include "engine/kubernetes/gateway/resolve_rules.h"

#include <algorithm>

#include "engine/base/text.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

// A filter and the member that has its options.
constexpr std::string_view http_filters[] = {"RequestHeaderModifier",
                                             "ResponseHeaderModifier",
                                             "RequestMirror",
                                             "RequestRedirect",
                                             "URLRewrite",
                                             "CORS",
                                             "ExternalAuth"};
constexpr std::string_view grpc_filters[] = {"RequestHeaderModifier", "ResponseHeaderModifier",
                                             "RequestMirror"};
constexpr std::string_view backend_filters[] = {"RequestHeaderModifier", "ResponseHeaderModifier",
                                                "URLRewrite"};
constexpr std::string_view grpc_backend_filters[] = {"RequestHeaderModifier",
                                                     "ResponseHeaderModifier"};

// "RequestMirror" has its options in requestMirror, "URLRewrite" in urlRewrite, "CORS" in cors.
std::string member_of(std::string_view type) {
  if (type == "URLRewrite") return "urlRewrite";
  if (type == "CORS") return "cors";
  std::string out(type);
  if (!out.empty()) out[0] = lower_case(type.substr(0, 1))[0];
  return out;
}

bool has_filter(const Value& rule, std::string_view type) {
  const std::vector<Value>& all = items_at(&rule, "filters");
  return std::any_of(all.begin(), all.end(),
                     [&](const Value& f) { return text_at(&f, "type") == type; });
}

}  // namespace

RulesVerdict Rules::read(const Object& route, std::vector<Rule>& out) {
  route_ = &route;
  verdict_ = RulesVerdict();
  invalid_.reset();
  unresolved_ = 0;
  size_t bad = 0;
  const std::vector<Value>& rules = items_at(route.at("spec"), "rules");
  for (const Value& v : rules) {
    Rule& r = out.emplace_back();
    rule(v, r);
    if (r.error_status != 0) ++bad;
  }
  if (unresolved_ > 1)
    verdict_.resolved.message += "; " + std::to_string(unresolved_ - 1) + " more do not resolve";
  if (!invalid_) return std::move(verdict_);
  if (invalid_->reason == "IncompatibleFilters" || bad == rules.size()) {
    verdict_.not_accepted = invalid_;
  } else {
    verdict_.partly_invalid = Condition{"PartiallyInvalid", "True", invalid_->reason,
                                        "Dropped Rule: " + invalid_->text()};
  }
  return std::move(verdict_);
}

void Rules::not_resolved(const Problem& p) {
  index_.report(*route_, p);
  if (unresolved_++ == 0) verdict_.resolved = {"ResolvedRefs", "False", p.reason, p.text()};
}

void Rules::invalid(const Problem& p) {
  index_.report(*route_, p);
  if (!invalid_ || p.reason == "IncompatibleFilters") invalid_ = p;
}

void Rules::rule(const Value& v, Rule& out) {
  out.rule = &v;
  out.name = text_at(&v, "name");
  const bool http = route_->kind == "HTTPRoute", grpc = route_->kind == "GRPCRoute";
  if (http || grpc) {
    const std::span<const std::string_view> known =
        http ? std::span<const std::string_view>(http_filters) : grpc_filters;
    if (!filters(v, known, &out)) out.error_status = 500;
    if (auto problem = session_problem(v)) {
      problem->message += "; requests are answered with 500";
      invalid(*problem);
      out.error_status = 500;
    }
    if (has_filter(v, "RequestRedirect") && has_filter(v, "URLRewrite")) {
      invalid({"GP0815", "IncompatibleFilters", "a rule cannot both redirect and rewrite",
               "remove RequestRedirect or URLRewrite", span_of(v, "filters")});
    }
  }
  for (const Value& ref : items_at(&v, "backendRefs")) {
    Backend& b = out.backends.emplace_back();
    if (const auto problem = backends_.resolve(*route_, ref, b)) not_resolved(*problem);
    if (!http && !grpc) continue;
    const std::span<const std::string_view> known =
        http ? std::span<const std::string_view>(backend_filters) : grpc_backend_filters;
    if (filters(ref, known, nullptr)) continue;
    b.error_status = 500;
    b.endpoints.clear();
  }
}

bool Rules::filters(const Value& holder, std::span<const std::string_view> known, Rule* rule) {
  bool good = true;
  for (const Value& f : items_at(&holder, "filters")) good = filter(f, known, rule) && good;
  return good;
}

bool Rules::filter(const Value& f, std::span<const std::string_view> known, Rule* rule) {
  const std::string type = text_at(&f, "type");
  if (type == "ExtensionRef") return extension(f);
  if (std::find(known.begin(), known.end(), type) == known.end()) {
    const std::vector<std::string> names(known.begin(), known.end());
    invalid({"GP0815", "UnsupportedValue",
             "a filter of type " + text::quote(type) +
                 " cannot stand here; requests are answered with 500",
             "use " + text::join(names, ", "), span_of(f, "type")});
    return false;
  }
  const std::string options = member_of(type);
  if (!member(&f, options)) {
    invalid({"GP0815", "UnsupportedValue",
             "a filter of type " + type + " has no " + options + "; requests are answered with 500",
             "write " + options, span_of(f, "type")});
    return false;
  }
  if (type == "ExternalAuth" && rule) return external_auth(f, *member(&f, options), *rule);
  if (type == "RequestMirror" && rule) mirror(*member(&f, options), *rule);
  return true;
}

// A mirror that leads nowhere is left out: the request itself is served.
void Rules::mirror(const Value& options, Rule& rule) {
  const Value* ref = member(&options, "backendRef");
  Mirror m;
  if (!ref) return;
  if (const auto problem = backends_.resolve(*route_, *ref, m.backend)) {
    not_resolved(*problem);
    return;
  }
  if (member(&options, "percent")) {
    m.numerator = std::clamp<int64_t>(integer_at(&options, "percent"), 0, 100);
  } else if (const Value* fraction = member(&options, "fraction")) {
    m.denominator = std::max<int64_t>(integer_at(fraction, "denominator", 100), 1);
    m.numerator = std::clamp<int64_t>(integer_at(fraction, "numerator"), 0, m.denominator);
  }
  rule.mirrors.push_back(std::move(m));
}

}  // namespace gateproof::kubernetes::gateway
