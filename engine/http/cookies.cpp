#include "engine/http/cookies.h"

#include "engine/base/address.h"

namespace gateproof::http {
namespace {

bool is_value_byte(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != ';' && c != '\\'; }

// Go's isCookieDomainName: letters, digits, '-' and '.', labels of 1 to 63 bytes, at least one letter.
bool is_domain_name(std::string_view s) {
  constexpr size_t name_bytes_max = 255;
  constexpr size_t label_bytes_max = 63;
  if (s.starts_with('.')) s.remove_prefix(1);
  if (s.empty() || s.size() > name_bytes_max) return false;
  bool letter = false;
  for (std::string_view label : text::split(s, '.')) {
    if (label.empty() || label.size() > label_bytes_max || label.front() == '-' ||
        label.back() == '-')
      return false;
    for (char c : label) {
      if (text::is_alpha(c)) letter = true;
      if (!text::is_alnum(c) && c != '-') return false;
    }
  }
  return letter;
}

bool is_cookie_domain(std::string_view s) {
  if (is_domain_name(s)) return true;
  const auto ip = IpAddress::parse(s);
  return ip && !ip->v6;
}

void append_value(std::string& out, std::string_view value) {
  const bool quoted = value.find_first_of(" ,") != std::string_view::npos;
  if (quoted) out += '"';
  for (char c : value) {
    if (is_value_byte(c)) out += c;
  }
  if (quoted) out += '"';
}

}  // namespace

std::optional<std::string> cookie_value(const Headers& headers, std::string_view name) {
  constexpr HeaderName kCookie("Cookie");
  for (const Headers::Field& f : headers) {
    if (!f.is(kCookie)) continue;
    for (std::string_view part : text::split(f.value, ';')) {
      part = text::trim(part);
      const size_t eq = part.find('=');
      if (text::trim(part.substr(0, eq)) != name || !is_token(name)) continue;
      std::string_view value =
          eq == std::string_view::npos ? std::string_view() : part.substr(eq + 1);
      if (value.size() > 1 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      if (std::all_of(value.begin(), value.end(), is_value_byte)) return std::string(value);
    }
  }
  return std::nullopt;
}

std::string format_set_cookie(const SetCookie& c) {
  if (!is_token(c.name)) return {};
  std::string out = c.name + "=";
  append_value(out, c.value);
  if (!c.path.empty()) {
    out += "; Path=";
    for (char b : c.path) {
      if (b >= 0x20 && b < 0x7f && b != ';') out += b;
    }
  }
  if (is_cookie_domain(c.domain)) {
    out += "; Domain=";
    out += c.domain.starts_with('.') ? std::string_view(c.domain).substr(1)
                                     : std::string_view(c.domain);
  }
  if (c.max_age > 0) out += "; Max-Age=" + std::to_string(c.max_age);
  if (c.max_age < 0) out += "; Max-Age=0";
  if (c.http_only) out += "; HttpOnly";
  if (c.secure) out += "; Secure";
  if (c.same_site == "none") out += "; SameSite=None";
  if (c.same_site == "lax") out += "; SameSite=Lax";
  if (c.same_site == "strict") out += "; SameSite=Strict";
  return out;
}

}  // namespace gateproof::http
