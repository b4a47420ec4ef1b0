#include "engine/upstream/sticky.h"

#include "engine/base/crypto.h"
#include "engine/http/cookies.h"
#include "engine/http/date.h"

namespace gateproof::upstream {
namespace {

std::string hex_of(uint64_t v) {
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof digits, v, 16).ptr;
  return std::string(digits, end);
}

// Names given by people may hold characters that a cookie name cannot (RFC 6265 section 4.1.1: a token): each becomes one '_'.
std::string sanitized(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // of UTF-8
    if (continues) continue;
    out += http::is_token(std::string_view(&c, 1)) ? c : '_';
  }
  return out;
}

}  // namespace

Sticky::Sticky(const config::CookieConfig& cookie, std::string_view service,
               const std::vector<std::string>& names)
    : cookie_(cookie) {
  name_ =
      cookie.name.empty()
          ? "_" + crypto::hex(crypto::sha1("_TRAEFIK_BACKEND_" + std::string(service))).substr(0, 5)
          : sanitized(cookie.name);
  for (size_t i = 0; i < names.size(); ++i) {
    values_.push_back(crypto::hex(crypto::sha256(names[i])).substr(0, 16));
    if (names[i].empty()) continue;  // of weight 0, or a URL that leads nowhere
    current_.emplace(values_.back(), i);
    const std::string once = hex_of(crypto::fnv1_64(names[i]));
    old_forms_.emplace(names[i], i);
    old_forms_.emplace(once, i);
    old_forms_.emplace(hex_of(crypto::fnv1_64(once)), i);
  }
}

std::optional<Sticky::Found> Sticky::find(const http::Request& request) const {
  const std::optional<std::string> value = http::cookie_value(request.headers, name_);
  if (!value) return std::nullopt;
  if (const auto it = current_.find(*value); it != current_.end()) return Found{it->second, false};
  if (const auto it = old_forms_.find(*value); it != old_forms_.end())
    return Found{it->second, true};
  return std::nullopt;
}

std::string Sticky::set_cookie(size_t index, int64_t wall_ns) const {
  http::SetCookie c;
  c.name = name_;
  c.value = values_[index];
  c.path = cookie_.path;
  c.domain = cookie_.domain;
  c.max_age = cookie_.max_age;
  c.http_only = cookie_.http_only;
  c.secure = cookie_.secure;
  c.same_site = text::to_lower(cookie_.same_site);
  constexpr int64_t ns_in_s = 1'000'000'000;
  if (cookie_.expires > 0) c.expires = http::http_date(wall_ns + cookie_.expires * ns_in_s);
  return http::format_set_cookie(c);
}

}  // namespace gateproof::upstream
