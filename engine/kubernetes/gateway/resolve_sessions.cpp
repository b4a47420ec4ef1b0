// sessionPersistence of a rule: what cannot be acted on is refused, and nothing of it served otherwise than it says.
#include <algorithm>

#include "engine/config/schema.h"
#include "engine/http/headers.h"
#include "engine/kubernetes/gateway/resolve_rules.h"

namespace gateproof::kubernetes::gateway {

using config::Value;

namespace {

// Fields that say how a message is sent, and those that have sessions of their own.
bool may_carry_token(std::string_view name) {
  static constexpr std::string_view own[] = {"connection",
                                             "content-length",
                                             "cookie",
                                             "host",
                                             "keep-alive",
                                             "proxy-connection",
                                             "set-cookie",
                                             "te",
                                             "trailer",
                                             "upgrade",
                                             "trailers",
                                             "transfer-encoding",
                                             "proxy-authorization",
                                             "authorization"};
  return http::is_token(name) &&
         std::find(std::begin(own), std::end(own), lower_case(name)) == std::end(own);
}

bool is_cookie_path(std::string_view path) {
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != ';';
         });
}

bool is_one_of(const std::string& text, std::string_view a, std::string_view b) {
  return text.empty() || text == a || text == b;
}

}  // namespace

std::optional<Problem> session_problem(const Value& rule) {
  const Value* session = member(&rule, "sessionPersistence");
  if (!session) return std::nullopt;
  const auto problem = [](const Value& at, std::string_view key, const std::string& what,
                          const std::string& remedy) {
    return Problem{"GP0821", "UnsupportedValue", "sessionPersistence: " + what, remedy,
                   span_of(at, key)};
  };
  const std::string type = text_at(session, "type");
  if (!is_one_of(type, "Cookie", "Header")) {
    return problem(*session, "type", "a session cannot be of type " + type,
                   "write Cookie or Header");
  }
  for (const char* key : {"absoluteTimeout", "idleTimeout"}) {
    const std::string text = text_at(session, key);
    const auto duration = config::parse_duration(text);
    if (!text.empty() && (!duration || *duration < Duration::zero()))
      return problem(*session, key, std::string(key) + " is no duration", "write 30m or 8h");
  }
  if (type == "Header") {
    const Value* header = member(session, "header");
    const Value& at = header ? *header : *session;
    const char* key = header ? "name" : "sessionName";
    const std::string name = text_at(&at, key);
    if (may_carry_token(name) || (!header && name.empty())) return std::nullopt;
    return problem(at, key, "the field \"" + name + "\" cannot carry a session",
                   "write the name of a field of your own, such as X-Session");
  }
  const Value* cookie = member(session, "cookie");
  const Value* lifetime = cookie ? cookie : member(session, "cookieConfig");
  const std::string path = text_at(cookie, "path"), lasts = text_at(lifetime, "lifetimeType");
  if (!path.empty() && !is_cookie_path(path))
    return problem(*cookie, "path", "the cookie's path cannot be " + path, "write a path");
  if (!is_one_of(lasts, "Session", "Permanent")) {
    return problem(*lifetime, "lifetimeType", "a cookie cannot be of lifetimeType " + lasts,
                   "write Session or Permanent");
  }
  if (lasts == "Permanent" && text_at(session, "absoluteTimeout").empty()) {
    return problem(*lifetime, "lifetimeType", "a permanent cookie needs an absoluteTimeout",
                   "write absoluteTimeout");
  }
  return std::nullopt;
}

}  // namespace gateproof::kubernetes::gateway
