// Middlewares of ingress-nginx' annotations, in Traefik's order and under its names. Bodies are made as values, with the spans of
// the annotations, and decoded by the registry's schemas.
#include "engine/base/text.h"
#include "engine/kubernetes/nginx.h"

namespace gateproof::kubernetes {

using config::qualify;
using config::RouterConfig;
using config::Value;

namespace {

class Body {
 public:
  explicit Body(const SourceSpan& at) : at_(at) { v_.kind = Value::mapping; }
  Body& text(std::string_view key, std::string value) { return add(key, scalar(value, true)); }
  Body& number(std::string_view key, int64_t n) {
    return add(key, scalar(std::to_string(n), false));
  }
  Body& flag(std::string_view key, bool on) {
    return add(key, scalar(on ? "true" : "false", false));
  }
  Body& texts(std::string_view key, const std::vector<Text>& values) {
    Value list;
    list.kind = Value::sequence;
    list.span = at_;
    for (const Text& t : values) {
      list.items.push_back(scalar(t.value, true));
      if (t.span.known()) list.items.back().span = t.span;
    }
    return add(key, std::move(list));
  }
  Body& add(std::string_view key, Value value) {
    Value::Member m;
    m.key = key;
    m.key_quoted = true;
    m.key_span = at_;
    m.value = std::move(value);
    v_.members.push_back(std::move(m));
    return *this;
  }
  Value take() { return std::move(v_); }

 private:
  Value scalar(std::string text, bool quoted) const {
    Value v;
    v.kind = Value::scalar;
    v.quoted = quoted;
    v.text = std::move(text);
    v.span = at_;
    return v;
  }
  Value v_;
  SourceSpan at_;
};

std::vector<Text> texts_of(std::initializer_list<std::string_view> values) {
  std::vector<Text> out;
  for (const std::string_view v : values) out.push_back({std::string(v), {}});
  return out;
}

// A size that cannot be read is as if it were not there.
int64_t size_or(const NginxLocation& l, std::string_view annotation, int64_t otherwise) {
  const auto found = l.a.text(annotation);
  if (!found || found->value.empty()) return otherwise;
  return nginx_bytes(found->value).value_or(otherwise);
}

bool switched_on(const NginxLocation& l, std::string_view annotation, bool otherwise) {
  const auto found = l.a.text(annotation);
  return found ? found->value == "on" : otherwise;
}

// "https://*.a.test:8443": one label stands for the asterisk. nullopt: another origin; "": one with an asterisk that says nothing.
std::optional<std::string> origin_pattern(std::string_view origin) {
  if (origin == "*" || origin.find('*') == std::string_view::npos) return std::nullopt;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string_view host = origin.substr(scheme.size());
    if (!host.starts_with("*.") || host.size() == 2) continue;
    const auto fits = [](char c) { return text::is_alnum(c) || c == '-' || c == '.' || c == ':'; };
    if (!std::all_of(host.begin() + 2, host.end(), fits)) continue;
    return "^(?i)" + std::string(scheme) + "[A-Za-z0-9-]+" + text::quote_regex(host.substr(1)) +
           "$";
  }
  return "";
}

bool is_forwarded_prefix(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alnum(c) || std::string_view("-._~/$:").find(c) != std::string_view::npos;
  });
}

}  // namespace

void NginxMiddlewares::put(const std::string& name, std::string_view type, Value body,
                           const SourceSpan& at, RouterConfig* router) {
  const std::string qualified = qualify(name, nginx_provider);
  if (router) router->middlewares.push_back({qualified, at});
  config::MiddlewareConfig mw;
  mw.type = type;
  mw.span = at;
  if (const config::MiddlewareSchema* schema = n_.types.find_of_provider(type)) {
    // An object without members is a value here, as in Kubernetes.
    config::Findings decoded;
    config::DecodeContext context{decoded, qualified};
    std::shared_ptr<void> options = schema->make();
    schema->schema->decode(body, options.get(), context);
    mw.options = std::move(options);
  }
  out_.middlewares[qualified] = std::move(mw);
}

void NginxMiddlewares::apply(const NginxLocation& l, const std::string& name,
                             const std::string& error_service, RouterConfig& router) {
  const bool redirects =
      l.a.flag("force-ssl-redirect") || (l.has_tls && l.a.flag("ssl-redirect", true));
  if (redirects && !router.tls) {
    put(name + "-redirect-scheme", "redirectScheme",
        Body(l.span).text("scheme", "https").flag("forcePermanentRedirect", true).take(), l.span,
        &router);
  }
  if (!error_service.empty()) {
    const auto codes = l.a.list("custom-http-errors");
    Body headers(l.span);
    headers.text("X-Namespaces", l.ingress->ns).text("X-Ingress-Name", l.ingress->name);
    headers.text("X-Service-Name", l.service).text("X-Service-Port", l.port);
    Body errors(l.span);
    errors.texts("status", codes ? *codes : n_.options.custom_http_errors);
    errors.text("service", error_service).add("nginxHeaders", headers.take());
    put(name + "-custom-http-errors", "errors", errors.take(), l.span, &router);
  }
  if (!l.app_root.empty())
    put(name + "-app-root", "appRoot", Body(l.span).text("path", l.app_root).take(), l.span,
        &router);
  redirect(l, name, router);
  auth(l, name, router);
  buffering(l, name, router);
  cors(l, name, router);
  rewrite(l, name, router);
  limits(l, name, router);
  auth_url(l, name, router);
  retry(l, name, router);
}

void NginxMiddlewares::redirect(const NginxLocation& l, const std::string& name,
                                RouterConfig& router) {
  const auto permanent = l.a.text("permanent-redirect"), temporal = l.a.text("temporal-redirect");
  if (!permanent && !temporal) return;
  // The temporal one wins.
  const Text& url = temporal ? *temporal : *permanent;
  const int64_t usual = temporal ? 302 : 301;
  int64_t code =
      l.a.number(temporal ? "temporal-redirect-code" : "permanent-redirect-code").value_or(usual);
  if (code < 300 || code > 308) code = usual;
  const std::string regex = l.use_regex ? "^https?://[^/]+" + l.path : ".*";
  put(name + "-redirect", "redirectRegex",
      Body(url.span)
          .text("regex", regex)
          .text("replacement", url.value)
          .number("statusCode", code)
          .take(),
      url.span, &router);
}

void NginxMiddlewares::auth(const NginxLocation& l, const std::string& name, RouterConfig& router) {
  const auto type = l.a.text("auth-type");
  if (!type) return;
  const bool digest = type->value == "digest";
  put(name + (digest ? "-digest-auth" : "-basic-auth"), digest ? "digestAuth" : "basicAuth",
      Body(type->span)
          .texts("users", l.users)
          .text("realm", l.a.text_or("auth-realm"))
          .flag("removeHeader", true)
          .take(),
      type->span, &router);
}

void NginxMiddlewares::buffering(const NginxLocation& l, const std::string& name,
                                 RouterConfig& router) {
  const config::NginxProviderConfig& o = n_.options;
  const bool requests = switched_on(l, "proxy-request-buffering", o.request_buffering);
  const bool responses = switched_on(l, "proxy-buffering", o.response_buffering);
  if (requests || responses) {
    Body b(l.span);
    b.flag("disableRequestBuffer", !requests).flag("disableResponseBuffer", !responses);
    b.number("memRequestBodyBytes",
             requests ? size_or(l, "client-body-buffer-size", o.client_body_buffer)
                      : o.client_body_buffer);
    b.number("maxRequestBodyBytes",
             requests ? size_or(l, "proxy-body-size", o.body_size) : o.body_size);
    int64_t memory = o.buffer_size * o.buffers;
    if (responses) {
      memory = size_or(l, "proxy-buffer-size", o.buffer_size) *
               l.a.number("proxy-buffers-number").value_or(o.buffers);
      constexpr int64_t file_bytes = int64_t(1) << 30;  // NGINX' default
      b.number("maxResponseBodyBytes", memory + size_or(l, "proxy-max-temp-file-size", file_bytes));
    }
    b.number("memResponseBodyBytes", memory);
    put(name + "-buffering", "buffering", b.take(), l.span, &router);
  }
  auto ranges = l.a.list("allowlist-source-range");
  if (!ranges) ranges = l.a.list("whitelist-source-range");
  if (ranges && !(ranges->size() == 1 && ranges->front().value.empty())) {
    Body b(ranges->front().span);
    b.texts("sourceRange", *ranges);
    if (o.ip_strategy.kind != Value::null) b.add("ipStrategy", o.ip_strategy);
    put(name + "-allowed-source-range", "ipAllowList", b.take(), ranges->front().span, &router);
  }
}

void NginxMiddlewares::cors(const NginxLocation& l, const std::string& name, RouterConfig& router) {
  if (!l.a.flag("enable-cors")) return;
  Body b(l.span);
  b.flag("accessControlAllowCredentials", l.a.flag("cors-allow-credentials", true));
  b.texts("accessControlExposeHeaders",
          l.a.list("cors-expose-headers").value_or(std::vector<Text>()));
  b.texts("accessControlAllowHeaders",
          l.a.list("cors-allow-headers")
              .value_or(texts_of({"DNT", "Keep-Alive", "User-Agent", "X-Requested-With",
                                  "If-Modified-Since", "Cache-Control", "Content-Type", "Range",
                                  "Authorization"})));
  b.texts("accessControlAllowMethods",
          l.a.list("cors-allow-methods")
              .value_or(texts_of({"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"})));
  std::vector<Text> origins, patterns;
  for (const Text& t : l.a.list("cors-allow-origin").value_or(texts_of({"*"}))) {
    const auto pattern = origin_pattern(t.value);
    if (!pattern) origins.push_back(t);
    if (pattern && !pattern->empty()) patterns.push_back({*pattern, t.span});
  }
  b.texts("accessControlAllowOriginList", origins);
  b.texts("accessControlAllowOriginListRegex", patterns);
  constexpr int64_t usual_max_age_s = 1728000;
  b.number("accessControlMaxAge", l.a.number("cors-max-age").value_or(usual_max_age_s));
  put(name + "-cors", "headers", b.take(), l.span, &router);
}

void NginxMiddlewares::rewrite(const NginxLocation& l, const std::string& name,
                               RouterConfig& router) {
  const auto target = l.a.text("rewrite-target");
  if (target && !target->value.empty() && target->value != l.path) {
    Body b(target->span);
    b.text("regex", l.path).text("replacement", target->value);
    const std::string prefix = l.a.text_or("x-forwarded-prefix");
    if (is_forwarded_prefix(prefix)) b.text("xForwardedPrefix", prefix);
    put(name + "-rewrite-target", "rewriteTarget", b.take(), target->span, &router);
  }
  if (const auto host = l.a.text("upstream-vhost")) {
    Body variables(host->span);
    variables.text("namespace", l.ingress->ns).text("ingress_name", l.ingress->name);
    variables.text("location_path", l.path);
    variables.text("service_name", l.service).text("service_port", l.port);
    Body b(host->span);
    b.text("vHost", host->value).add("vars", variables.take());
    put(name + "-vhost", "upstreamVHost", b.take(), host->span, &router);
  }
}

void NginxMiddlewares::limits(const NginxLocation& l, const std::string& name,
                              RouterConfig& router) {
  constexpr int64_t usual_burst = 5;
  int64_t burst = l.a.number("limit-burst-multiplier").value_or(usual_burst);
  if (burst < 1) burst = usual_burst;
  const auto rate = [&](std::string_view annotation, const char* period) {
    const int64_t n = l.a.number(annotation).value_or(0);
    if (n <= 0) return;
    Body b(l.span);
    b.number("average", n).text("period", period).number("burst", n * burst);
    put(name + "-" + std::string(annotation), "rateLimit", b.take(), l.span, &router);
  };
  rate("limit-rpm", "1m");
  rate("limit-rps", "1s");
  if (const int64_t most = l.a.number("limit-connections").value_or(0); most > 0) {
    Body b(l.span), source(l.span);
    source.add("ipStrategy", Body(l.span).take());
    b.number("amount", most).add("sourceCriterion", source.take());
    put(name + "-limit-connections", "inFlightReq", b.take(), l.span, &router);
  }
  if (l.a.flag("auth-tls-pass-certificate-to-upstream") && l.a.text("auth-tls-secret") &&
      router.tls) {
    const bool unjudged = !l.client_authority.empty();
    Body b(l.span);
    b.text("clientAuthType", unjudged ? "RequestClientCert" : "");
    if (unjudged) b.texts("caFiles", {{l.client_authority, l.span}});
    put(name + "-pass-certificate-to-upstream", "authTLSPassCertificateToUpstream", b.take(),
        l.span, &router);
  }
  if (!l.custom_headers.empty()) {
    Body headers(l.span), b(l.span);
    for (const auto& [key, value] : l.custom_headers) headers.text(key, value);
    b.add("customResponseHeaders", headers.take());
    put(name + "-custom-headers", "headers", b.take(), l.span, &router);
  }
}

void NginxMiddlewares::auth_url(const NginxLocation& l, const std::string& name,
                                RouterConfig& router) {
  auto address = l.a.text("auth-url");
  if ((!address || address->value.empty()) && !n_.options.global_auth_url.empty() &&
      l.a.flag("enable-global-auth", true))
    address = Text{n_.options.global_auth_url, n_.options.cluster.span};
  const std::string snippet = l.a.text_or("configuration-snippet");
  const bool asks = address && !address->value.empty();
  if (!asks && snippet.empty() && l.server_snippet.empty()) return;
  Body b(l.span);
  b.text("serverSnippet", l.server_snippet).text("configurationSnippet", snippet);
  if (asks) {
    Body ask(address->span);
    ask.text("address", address->value).text("authSigninURL", l.a.text_or("auth-signin"));
    ask.text("method", l.a.text_or("auth-method")).text("snippet", l.a.text_or("auth-snippet"));
    std::vector<Text> names = l.a.list("auth-response-headers").value_or(std::vector<Text>());
    std::erase_if(names, [](const Text& t) { return t.value.empty(); });
    ask.texts("authResponseHeaders", names);
    b.add("auth", ask.take());
  }
  put(name + "-snippet", "snippet", b.take(), l.span, &router);
}

void NginxMiddlewares::retry(const NginxLocation& l, const std::string& name,
                             RouterConfig& router) {
  const config::NginxProviderConfig& o = n_.options;
  int64_t attempts = l.a.number("proxy-next-upstream-tries").value_or(o.next_upstream_tries);
  const std::string conditions = l.a.text_or("proxy-next-upstream", o.next_upstream);
  // Without limit: each server once.
  if (attempts == 0) attempts = static_cast<int64_t>(l.servers);
  if (attempts <= 0) return;
  std::set<std::string, std::less<>> words;
  std::vector<Text> statuses;
  for (const std::string_view word : text::split(conditions, ' ')) {
    const std::string_view w = text::trim(word);
    if (w.empty()) continue;
    words.emplace(w);
    if (w.starts_with("http_")) statuses.push_back({std::string(w.substr(5)), l.span});
  }
  if (words.empty() || words.contains("off")) return;
  int64_t most = size_or(l, "proxy-body-size", o.body_size);
  if (most == 0) most = -1;
  if (!statuses.empty() && !switched_on(l, "proxy-request-buffering", o.request_buffering))
    most = 0;
  Body b(l.span);
  b.number("attempts", attempts).number("maxRequestBodyBytes", most);
  if (!words.contains("error") && !words.contains("timeout"))
    b.flag("disableRetryOnNetworkError", true);
  if (!statuses.empty()) b.texts("status", statuses);
  if (words.contains("non_idempotent")) b.flag("retryNonIdempotentMethod", true);
  const int64_t timeout =
      l.a.number("proxy-next-upstream-timeout").value_or(o.next_upstream_timeout);
  if (timeout > 0) b.text("timeout", std::to_string(timeout) + "s");
  put(name + "-retry", "retry", b.take(), l.span, &router);
}

std::string NginxMiddlewares::www_redirect(const NginxLocation& l, const std::string& name) {
  put(name + "-from-to-www-redirect", "redirectRegex",
      Body(l.span)
          .text("regex", "(https?)://[^/:]+(:[0-9]+)?/(.*)")
          .text("replacement", "$1://" + l.host + "$2/$3")
          .number("statusCode", 308)
          .take(),
      l.span, nullptr);
  return qualify(name + "-from-to-www-redirect", nginx_provider);
}

}  // namespace gateproof::kubernetes
