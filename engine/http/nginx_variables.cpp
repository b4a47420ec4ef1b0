#include "engine/http/nginx_variables.h"

#include <optional>

#include "engine/base/address.h"
#include "engine/base/text.h"
#include "engine/http/cookies.h"
#include "engine/http/url.h"

namespace gateproof::http {
namespace {

// Without a port, if there is one.
std::string_view host_of(const Request& r) {
  const auto at = parse_host_port(r.host);
  return at ? at->host : std::string_view(r.host);
}

std::string joined(const Headers& headers, std::string_view nginx_name) {
  std::string out;
  for (std::string_view v : headers.values(text::replace_all(std::string(nginx_name), "_", "-"))) {
    if (!out.empty()) out += ',';
    out += v;
  }
  return out;
}

std::string argument(const Exchange& x, std::string_view name) {
  for (const auto& [key, value] : parse_query(x.request.query)) {
    if (key == name) return value;
  }
  return "";
}

std::string client_chain(const Exchange& x) {
  const std::string_view before = x.request.headers.get("X-Forwarded-For");
  const std::string peer = x.peer.ip.to_string();
  return before.empty() ? peer : std::string(before) + ", " + peer;
}

// Names that begin with what they are of.
std::optional<std::string> by_prefix(std::string_view name, const Exchange& x,
                                     const Headers* upstream) {
  if (name.starts_with("upstream_http_")) return upstream ? joined(*upstream, name.substr(14)) : "";
  if (name.starts_with("http_")) return joined(x.request.headers, name.substr(5));
  if (name.starts_with("arg_")) return argument(x, name.substr(4));
  if (name.starts_with("cookie_"))
    return cookie_value(x.request.headers, name.substr(7)).value_or("");
  return std::nullopt;
}

std::optional<std::string> plain(std::string_view name, const Exchange& x) {
  const Request& r = x.request;
  if (name == "host") return text::to_lower(host_of(r));
  if (name == "best_http_host") return r.host;
  if (name == "hostname") return x.env->host_name;
  if (name == "request_uri") return r.target();
  if (name == "escaped_request_uri") return escape_query(r.target());
  if (name == "scheme") return x.tls ? "https" : "http";
  if (name == "args" || name == "query_string") return r.query;
  if (name == "remote_addr") return x.peer.ip.to_string();
  if (name == "proxy_add_x_forwarded_for") return client_chain(x);
  if (name == "request_method") return r.method;
  if (name == "uri" || name == "document_uri") return r.url.path;
  if (name == "server_name") return std::string(host_of(r));
  if (name == "server_port") {
    const auto at = parse_host_port(r.host);
    return at ? std::string(at->port) : x.tls ? "443" : "80";
  }
  if (name == "content_type") return std::string(r.headers.get("Content-Type"));
  if (name == "content_length") return std::string(r.headers.get("Content-Length"));
  if (name == "is_args") return r.query.empty() ? "" : "?";
  return std::nullopt;
}

bool begins_name(char c) { return text::is_alpha(c) || c == '_'; }
bool in_name(char c) { return text::is_alnum(c) || c == '_'; }

// The length of a name at the front of `s`: letters and digits, or one digit of 1 to 9.
size_t name_length(std::string_view s) {
  if (s.empty()) return 0;
  if (s[0] >= '1' && s[0] <= '9') return 1;
  if (!begins_name(s[0])) return 0;
  size_t n = 1;
  while (n < s.size() && in_name(s[n])) ++n;
  return n;
}

}  // namespace

std::optional<std::string> fill_nginx_variables(std::string_view text, const Exchange& x,
                                                const NginxScope& scope) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (out.size() > scope.bytes_max) return std::nullopt;
    const bool brace = text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{';
    const size_t begin = i + (brace ? 2 : 1);
    const size_t length =
        text[i] == '$' && begin <= text.size() ? name_length(text.substr(begin)) : 0;
    if (length == 0) {
      out += text[i++];
      continue;
    }
    const std::string_view name = text.substr(begin, length);
    size_t end = begin + length;
    // A closing brace belongs to the variable even where none was opened (Traefik's expression).
    if (end < text.size() && text[end] == '}') ++end;
    std::optional<std::string> value = by_prefix(name, x, scope.upstream);
    if (!value) value = plain(name, x);
    if (!value) {
      if (const auto known = scope.variables.find(std::string(name));
          known != scope.variables.end())
        value = known->second;
    }
    out += value ? *value : std::string(text.substr(i, end - i));
    i = end;
  }
  if (out.size() > scope.bytes_max) return std::nullopt;
  return out;
}

std::string fill_nginx_variables(std::string_view text, const Exchange& x,
                                 const std::map<std::string, std::string>& more) {
  return *fill_nginx_variables(text, x, NginxScope{more, nullptr, SIZE_MAX});
}

}  // namespace gateproof::http
