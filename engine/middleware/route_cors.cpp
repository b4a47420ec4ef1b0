// The CORS filter of the Gateway API: preflights are answered here, other answers get what lets the browser's script read them.
#include "engine/middleware/route_filters.h"

namespace gateproof::middleware {
namespace {

constexpr http::HeaderName origin_name("Origin");
constexpr http::HeaderName asked_method("Access-Control-Request-Method");
constexpr http::HeaderName asked_headers("Access-Control-Request-Headers");

// An allowed origin: text, with asterisks that stand for any number of labels; the port of the scheme may be left out.
class OriginPattern {
 public:
  explicit OriginPattern(std::string_view text) : any_(text == "*"), text_(usual(text)) {}

  bool matches(std::string_view origin) const { return any_ || fits(text_, usual(origin)); }

  // Lower case, without the scheme's own port.
  static std::string usual(std::string_view origin) {
    std::string s = text::to_lower(origin);
    if (s.starts_with("https://") && s.ends_with(":443")) s.resize(s.size() - 4);
    if (s.starts_with("http://") && s.ends_with(":80")) s.resize(s.size() - 3);
    return s;
  }

 private:
  // One asterisk at a time, the last one given back to first: linear in both but for the retries of one asterisk.
  static bool fits(std::string_view pattern, std::string_view s) {
    size_t p = 0, at = 0, star = std::string_view::npos, from = 0;
    while (at < s.size()) {
      if (p < pattern.size() && pattern[p] == '*') {
        star = p++;
        from = at;
      } else if (p < pattern.size() && pattern[p] == s[at]) {
        ++p, ++at;
      } else if (star != std::string_view::npos && s[from] != '/') {
        p = star + 1;
        at = ++from;
      } else {
        return false;
      }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
  }
  bool any_;
  std::string text_;
};

bool has_any(const std::vector<std::string>& list) {
  return std::find(list.begin(), list.end(), "*") != list.end();
}

class CorsStep final : public SyncFilter {
 public:
  explicit CorsStep(const config::CorsFilter& f)
      : f_(f),
        any_origin_(has_any(f.origins)),
        any_method_(has_any(f.methods)),
        any_header_(has_any(f.headers)),
        any_expose_(has_any(f.expose)),
        methods_(text::join(f.methods, ", ")),
        headers_(text::join(f.headers, ", ")),
        expose_(text::join(f.expose, ", ")),
        max_age_(std::to_string(f.max_age)) {
    for (const std::string& o : f.origins) origins_.emplace_back(o);
  }

  Flow on_request(Exchange& x) override {
    const http::Headers& h = x.request.headers;
    if (x.request.method != "OPTIONS" || !h.has(origin_name) || !h.has(asked_method))
      return Flow::next;
    x.response = http::Response::make(204);
    edit(x);
    preflight(x);
    return Flow::answer;
  }

  // Not of a preflight: who answers is not asked again.
  void on_response(Exchange& x) override { edit(x); }

 private:
  void edit(Exchange& x) const;
  void preflight(Exchange& x) const;
  bool allowed(std::string_view origin) const {
    return std::any_of(origins_.begin(), origins_.end(),
                       [&](const OriginPattern& p) { return p.matches(origin); });
  }

  config::CorsFilter f_;
  bool any_origin_, any_method_, any_header_, any_expose_;
  std::string methods_, headers_, expose_, max_age_;
  std::vector<OriginPattern> origins_;
};

void CorsStep::edit(Exchange& x) const {
  const std::string_view origin = x.request.headers.get(origin_name);
  if (origin.empty()) return;
  http::Headers& h = x.response.headers;
  // The server's own word on it does not count beside the rule's.
  for (const char* name : {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
                           "Access-Control-Expose-Headers"})
    h.remove(std::string_view(name));
  if (!allowed(origin)) return;
  const bool star = any_origin_ && !f_.credentials;
  h.add("Access-Control-Allow-Origin", star ? "*" : origin);
  if (!star) h.add_static("Vary", "Origin");
  if (f_.credentials) h.add_static("Access-Control-Allow-Credentials", "true");
  // With credentials an asterisk would be a header's name.
  if (!f_.expose.empty() && !(any_expose_ && f_.credentials))
    h.add("Access-Control-Expose-Headers", any_expose_ ? "*" : expose_);
}

void CorsStep::preflight(Exchange& x) const {
  const http::Headers& asked = x.request.headers;
  if (!allowed(asked.get(origin_name))) return;
  http::Headers& h = x.response.headers;
  if (any_method_) {
    h.add("Access-Control-Allow-Methods", asked.get(asked_method));
  } else if (!methods_.empty()) {
    h.add("Access-Control-Allow-Methods", methods_);
  }
  if (any_header_) {
    if (asked.has(asked_headers))
      h.add("Access-Control-Allow-Headers", asked.joined(asked_headers));
  } else if (!headers_.empty()) {
    h.add("Access-Control-Allow-Headers", headers_);
  }
  h.add("Access-Control-Max-Age", max_age_);
}

}  // namespace

std::unique_ptr<Middleware> route_cors(const config::CorsFilter& filter) {
  return std::make_unique<CorsStep>(filter);
}

}  // namespace gateproof::middleware
