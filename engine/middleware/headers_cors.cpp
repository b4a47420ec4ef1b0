#include "engine/middleware/headers_cors.h"

namespace gateproof::middleware {
namespace {

bool has_star(const std::vector<std::string>& list) {
  return std::find(list.begin(), list.end(), "*") != list.end();
}

std::optional<std::string> joined(const std::vector<std::string>& list) {
  if (list.empty()) return std::nullopt;
  return text::join(list, ",");
}

}  // namespace

Result<Cors> Cors::compile(const HeadersOptions& o) {
  Cors c;
  c.credentials_ = o.allow_credentials;
  c.vary_ = o.add_vary_header;
  c.headers_ = joined(o.allow_headers);
  c.methods_ = joined(o.allow_methods);
  c.expose_ = joined(o.expose_headers);
  c.any_header_ = has_star(o.allow_headers);
  c.any_method_ = has_star(o.allow_methods);
  c.any_expose_ = has_star(o.expose_headers);
  if (o.max_age) c.max_age_ = std::to_string(*o.max_age);
  c.origins_ = o.allow_origin_list;
  for (const std::string& pattern : o.allow_origin_list_regex) {
    auto e = rules::Regex::compile(pattern);
    if (!e) {
      return Error(e.error().code, "error occurred during origin parsing: " + e.error().message,
                   SourceSpan(), "write RE2 expressions in `accessControlAllowOriginListRegex`");
    }
    c.origin_patterns_.push_back(std::move(*e));
  }
  return c;
}

bool Cors::is_preflight(const http::Request& r) {
  return r.method == "OPTIONS" && !r.headers.get("Access-Control-Request-Method").empty() &&
         !r.headers.get("Origin").empty();
}

// The first of the list that fits decides, then the expressions. `*` with credentials means whoever asks. A request without
// Origin is looked up as the empty text, which many an expression matches; it then gets an empty value (Traefik).
std::optional<std::string> Cors::allowed_origin(std::string_view origin) const {
  for (const std::string& one : origins_) {
    if (one == "*") return credentials_ ? std::string(origin) : "*";
    if (one == origin) return std::string(origin);
  }
  for (const rules::Regex& e : origin_patterns_) {
    if (e.search(origin)) return std::string(origin);
  }
  return std::nullopt;
}

// What preflight and ordinary answers share.
void Cors::add_common(http::Exchange& x) const {
  http::Headers& h = x.response.headers;
  if (const auto origin = allowed_origin(x.request.headers.get("Origin"))) {
    h.set("Access-Control-Allow-Origin", *origin);
  }
  if (credentials_) h.set("Access-Control-Allow-Credentials", "true");
  if (expose_ && !(any_expose_ && credentials_)) h.set("Access-Control-Expose-Headers", *expose_);
}

void Cors::answer_preflight(http::Exchange& x) const {
  x.response.reset();
  x.response.status = 200;
  add_common(x);
  http::Headers& h = x.response.headers;
  const http::Headers& asked = x.request.headers;
  if (any_header_ && credentials_) {
    const std::string_view fields = asked.get("Access-Control-Request-Headers");
    if (!fields.empty()) h.set("Access-Control-Allow-Headers", fields);
  } else if (headers_) {
    h.set("Access-Control-Allow-Headers", *headers_);
  }
  if (any_method_ && credentials_) {
    h.set("Access-Control-Allow-Methods", asked.get("Access-Control-Request-Method"));
  } else if (methods_) {
    h.set("Access-Control-Allow-Methods", *methods_);
  }
  if (max_age_) h.set("Access-Control-Max-Age", *max_age_);
}

void Cors::edit_response(http::Exchange& x) const {
  add_common(x);
  if (!vary_) return;
  // Only the first line is looked at, and only a line that says just that is taken for it.
  std::string vary(x.response.headers.get("Vary"));
  if (vary == "Origin") return;
  vary += vary.empty() ? "Origin" : ",Origin";
  x.response.headers.set("Vary", vary);
}

}  // namespace gateproof::middleware
