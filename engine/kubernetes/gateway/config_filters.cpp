// Filters, timeouts, retries and session persistence of a rule, read as they are written.
#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/kubernetes/gateway/config_parts.h"

namespace gateproof::kubernetes::gateway {
namespace {

using config::Value;

std::vector<std::string> texts_at(const Value* v, std::string_view key) {
  std::vector<std::string> out;
  for (const Value& item : items_at(v, key)) out.emplace_back(item.str());
  return out;
}

std::vector<std::pair<std::string, std::string>> fields_at(const Value* v, std::string_view key) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Value& item : items_at(v, key))
    out.emplace_back(text_at(&item, "name"), text_at(&item, "value"));
  return out;
}

config::HeaderFilter header_filter(const Value* v, bool response) {
  config::HeaderFilter f;
  f.response = response;
  f.set = fields_at(v, "set");
  f.add = fields_at(v, "add");
  f.remove = texts_at(v, "remove");
  return f;
}

std::optional<config::PathFilter> path_filter(const Value* v) {
  const Value* path = member(v, "path");
  if (!path) return std::nullopt;
  config::PathFilter f;
  f.prefix = text_at(path, "type") == "ReplacePrefixMatch";
  f.value = text_at(path, f.prefix ? "replacePrefixMatch" : "replaceFullPath");
  return f;
}

config::RedirectFilter redirect_filter(const Value* v) {
  config::RedirectFilter f;
  f.scheme = text_at(v, "scheme");
  f.hostname = text_at(v, "hostname");
  f.path = path_filter(v);
  f.port = integer_at(v, "port");
  f.status = static_cast<int>(integer_at(v, "statusCode", 302));
  return f;
}

config::CorsFilter cors_filter(const Value* v) {
  config::CorsFilter f;
  f.origins = texts_at(v, "allowOrigins");
  f.methods = texts_at(v, "allowMethods");
  f.headers = texts_at(v, "allowHeaders");
  f.expose = texts_at(v, "exposeHeaders");
  f.credentials = boolean_at(v, "allowCredentials").value_or(false);
  f.max_age = integer_at(v, "maxAge", 5);
  return f;
}

bool asks_over_grpc(const Value* external_auth) {
  return text_at(external_auth, "protocol") == "GRPC";
}

config::ExternalAuthFilter external_auth_filter(const Value* v, config::Text service) {
  config::ExternalAuthFilter f;
  f.service = std::move(service);
  f.grpc = asks_over_grpc(v);
  const Value* http = member(v, f.grpc ? "grpc" : "http");
  f.prefix = text_at(http, "path");
  f.headers = texts_at(http, "allowedHeaders");
  f.taken = texts_at(http, "allowedResponseHeaders");
  f.body_bytes_max = integer_at(member(v, "forwardBody"), "maxSize");
  return f;
}

Duration duration_at(const Value* v, std::string_view key) {
  return config::parse_duration(text_at(v, key)).value_or(Duration::zero());
}

}  // namespace

std::vector<config::RouteFilter> read_filters(const Value* owner, bool& unknown,
                                              const NamedByFilters& named) {
  std::vector<config::RouteFilter> out;
  for (const Value& f : items_at(owner, "filters")) {
    const std::string type = text_at(&f, "type");
    if (type == "RequestHeaderModifier") {
      out.emplace_back(header_filter(member(&f, "requestHeaderModifier"), false));
    } else if (type == "ResponseHeaderModifier") {
      out.emplace_back(header_filter(member(&f, "responseHeaderModifier"), true));
    } else if (type == "RequestRedirect") {
      out.emplace_back(redirect_filter(member(&f, "requestRedirect")));
    } else if (type == "URLRewrite") {
      const Value* rewrite = member(&f, "urlRewrite");
      out.emplace_back(config::RewriteFilter{text_at(rewrite, "hostname"), path_filter(rewrite)});
    } else if (type == "CORS") {
      out.emplace_back(cors_filter(member(&f, "cors")));
    } else if (type == "ExtensionRef" && named.extension) {
      const std::string name = text_at(member(&f, "extensionRef"), "name");
      out.emplace_back(config::MiddlewareFilter{located(named.extension(name), f.span)});
    } else if (const std::string service =
                   type == "ExternalAuth" && named.auth ? named.auth(f) : "";
               !service.empty()) {
      out.emplace_back(external_auth_filter(member(&f, "externalAuth"), located(service, f.span)));
    } else if (type != "RequestMirror") {
      unknown = true;
    }
  }
  return out;
}

std::function<std::string(const std::string&)> extensions_of(const std::string& ns) {
  return [ns](const std::string& name) { return middleware_name(ns, name); };
}

config::RouteFilters read_rule(const Route& route, const Rule& rule, size_t gateway,
                               Services& services) {
  config::RouteFilters out;
  // A redirection in front of a filter that cannot be honoured would be a way around it.
  if (rule.error_status != 0) return out;
  bool unknown = false;  // told by the rule's own status
  const auto auth = [&](const Value& filter) {
    for (const ExternalAuth& a : rule.auths) {
      if (a.filter == &filter)
        return services.backend(route, a.backend, gateway,
                                asks_over_grpc(member(&filter, "externalAuth")));
    }
    return std::string();
  };
  out.filters = read_filters(rule.rule, unknown, {extensions_of(route.object->ns), auth});
  for (const Mirror& m : rule.mirrors) {
    if (m.backend.error_status != 0 || (m.backend.tls && !m.backend.tls->valid)) continue;
    config::MirrorFilter filter;
    filter.service = located(services.backend(route, m.backend, gateway));
    filter.numerator = m.numerator;
    filter.denominator = m.denominator;
    out.filters.emplace_back(std::move(filter));
  }
  const Value* timeouts = member(rule.rule, "timeouts");
  out.request_timeout = duration_at(timeouts, "request");
  out.backend_timeout = duration_at(timeouts, "backendRequest");
  if (const Value* retry = member(rule.rule, "retry")) {
    config::RouteRetry r;
    for (const Value& code : items_at(retry, "codes")) {
      if (const auto n = integer_of(code)) r.codes.push_back(static_cast<int>(*n));
    }
    r.attempts = integer_at(retry, "attempts", 1);
    r.backoff = duration_at(retry, "backoff");
    out.retry = std::move(r);
  }
  return out;
}

}  // namespace gateproof::kubernetes::gateway
