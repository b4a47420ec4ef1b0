// RequestRedirect and URLRewrite of the Gateway API. Paths are handled in their escaped form, byte for byte as they came.
#include "engine/middleware/answers.h"
#include "engine/middleware/route_filters.h"

namespace gateproof::middleware {
namespace {

// Where the escaped path goes on behind `prefix`, once what needs no escape is decoded. A path that does not begin with it, since
// a filter before has changed it, is left whole.
std::string_view behind(std::string_view escaped, std::string_view prefix) {
  constexpr std::string_view reserved = ":/?#[]@!$&'()*+,;=%";
  size_t at = 0;
  for (size_t seen = 0; seen < prefix.size() && at < escaped.size(); ++seen) {
    const bool triplet = escaped[at] == '%' && at + 2 < escaped.size() &&
                         text::hex_value(escaped[at + 1]) >= 0 &&
                         text::hex_value(escaped[at + 2]) >= 0;
    const char byte = triplet ? static_cast<char>(text::hex_value(escaped[at + 1]) << 4 |
                                                  text::hex_value(escaped[at + 2]))
                              : '\0';
    const bool decoded = triplet && reserved.find(byte) == std::string_view::npos;
    if ((decoded ? byte : escaped[at]) != prefix[seen]) return escaped;
    at += decoded ? 3 : 1;
  }
  return escaped.substr(at);
}

std::string_view without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// The configured text as it may stand in a request line.
std::string escaped_text(const std::string& value) {
  const Result<http::UrlPath> parsed = http::UrlPath::parse(value);
  return parsed ? parsed->escaped() : http::escape_path(value);
}

class NewPath {
 public:
  NewPath(const config::PathFilter& f)
      : prefix_(f.prefix), bare_(f.bare), value_(escaped_text(f.value)) {}

  // The rest keeps its slash, and a replaced prefix brings none of its own in front of it: neither "//" nor "" comes out.
  std::string of(std::string_view escaped, std::string_view matched) const {
    if (!prefix_) return value_.empty() && !bare_ ? "/" : value_;
    const std::string_view rest = behind(escaped, without_slash(matched));
    if (rest.empty()) return value_.empty() ? "/" : value_;
    std::string out(without_slash(value_));
    if (!rest.starts_with('/')) out += '/';
    out += rest;
    if (bare_ && out.size() > 1) out.erase(0, 1);
    return out;
  }

 private:
  bool prefix_, bare_;
  std::string value_;
};

std::string escaped_path(const Exchange& x) {
  return x.raw_target && !x.request.url.raw.empty() ? x.request.url.raw : x.request.url.escaped();
}

void set_path(Exchange& x, std::string escaped) {
  if (!x.raw_target) {
    if (Result<http::UrlPath> url = http::UrlPath::parse(escaped)) x.request.url = std::move(*url);
    return;
  }
  if (auto path = http::unescape_path(escaped)) x.request.url.path = std::move(*path);
  x.request.url.raw = std::move(escaped);
}

class Redirect final : public SyncFilter {
 public:
  Redirect(const config::RedirectFilter& f, int listener_port)
      : f_(f), listener_port_(listener_port) {
    if (f.path) path_.emplace(*f.path);
  }

  Flow on_request(Exchange& x) override {
    const bool tls = x.tls;
    const std::string scheme = f_.scheme.empty() ? (tls ? "https" : "http") : f_.scheme;
    const HostPort asked = split_host_port(x.request.host);
    std::string location = scheme + "://";
    if (!f_.hostname.empty()) {
      location += f_.hostname;
    } else if (asked.host.find(':') != std::string_view::npos) {
      location += "[" + std::string(asked.host) + "]";
    } else {
      location += asked.host;
    }
    location += f_.as_traefik ? asked_port(asked.port) : port_of(scheme);
    const std::string path = escaped_path(x);
    location += path_ ? path_->of(path, x.matched_prefix) : path;
    if (x.request.has_query) location += "?" + x.request.query;
    x.response = http::Response::make(f_.status);
    if (f_.as_traefik) answer_phrase(x, f_.status);
    x.response.headers.add("Location", location);
    return Flow::answer;
  }

 private:
  // ":8443"; the scheme's own port is not written.
  std::string port_of(std::string_view scheme) const {
    const int64_t own = scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
    int64_t port = f_.port;
    if (port == 0) port = f_.scheme.empty() ? listener_port_ : own;
    return port == own ? "" : ":" + std::to_string(port);
  }
  std::string asked_port(std::string_view asked) const {
    if (f_.port != 0) return ":" + std::to_string(f_.port);
    return f_.scheme.empty() && !asked.empty() ? ":" + std::string(asked) : "";
  }
  config::RedirectFilter f_;
  int listener_port_;
  std::optional<NewPath> path_;
};

class Rewrite final : public SyncFilter {
 public:
  explicit Rewrite(const config::RewriteFilter& f) : host_(f.hostname) {
    if (f.path) path_.emplace(*f.path);
  }
  Flow on_request(Exchange& x) override {
    if (path_) set_path(x, path_->of(escaped_path(x), x.matched_prefix));
    if (!host_.empty()) x.request.host = host_;
    return Flow::next;
  }

 private:
  std::string host_;
  std::optional<NewPath> path_;
};

}  // namespace

std::unique_ptr<Middleware> route_redirect(const config::RedirectFilter& filter,
                                           int listener_port) {
  return std::make_unique<Redirect>(filter, listener_port);
}

std::unique_ptr<Middleware> route_rewrite(const config::RewriteFilter& filter) {
  return std::make_unique<Rewrite>(filter);
}

}  // namespace gateproof::middleware
