#include "engine/http/cookies.h"

#include "engine/base/address.h"
#include "engine/http/date.h"

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

void append_value(std::string& out, std::string_view value, bool was_quoted) {
  const bool quoted =
      (was_quoted && !value.empty()) || value.find_first_of(" ,") != std::string_view::npos;
  if (quoted) out += '"';
  for (char c : value) {
    if (is_value_byte(c)) out += c;
  }
  if (quoted) out += '"';
}

// The date in Go's preferred spelling; "" for one that it cannot read. Only zones that mean GMT are understood here.
std::string normal_date(std::string_view date) {
  std::string text(date);
  if (text.ends_with(" UTC")) text.replace(text.size() - 3, 3, "GMT");
  if (text.size() > 11 && text[7] == '-' && text[11] == '-') text[7] = text[11] = ' ';
  const auto seconds = parse_http_date(text);
  constexpr int64_t seconds_1601 = -11644473600;  // older dates are not written by Go
  if (!seconds || *seconds < seconds_1601) return {};
  constexpr int64_t second = 1'000'000'000;
  if (*seconds > INT64_MAX / second || *seconds < INT64_MIN / second) return text;
  return std::string(http_date(*seconds * second));
}

void read_max_age(std::string_view value, SetCookie& c) {
  const auto seconds = text::parse_int(value);
  if (!seconds || (*seconds != 0 && value.front() == '0')) return;
  c.max_age = *seconds <= 0 ? -1 : *seconds;
}

void read_attribute(std::string_view part, SetCookie& c) {
  const size_t eq = part.find('=');
  const std::string name = text::to_lower(part.substr(0, eq));
  const std::string_view value =
      eq == std::string_view::npos ? std::string_view() : part.substr(eq + 1);
  if (!std::all_of(value.begin(), value.end(), is_value_byte)) return;
  if (name == "samesite") c.same_site = text::to_lower(value);
  if (name == "secure") c.secure = true;
  if (name == "httponly") c.http_only = true;
  if (name == "partitioned") c.partitioned = true;
  if (name == "domain") c.domain = value;
  if (name == "path") c.path = value;
  if (name == "max-age") read_max_age(value, c);
  if (name == "expires") c.expires = normal_date(value);
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
  append_value(out, c.value, c.quoted);
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
  if (!c.expires.empty()) out += "; Expires=" + c.expires;
  if (c.max_age > 0) out += "; Max-Age=" + std::to_string(c.max_age);
  if (c.max_age < 0) out += "; Max-Age=0";
  if (c.http_only) out += "; HttpOnly";
  if (c.secure) out += "; Secure";
  if (c.same_site == "none") out += "; SameSite=None";
  if (c.same_site == "lax") out += "; SameSite=Lax";
  if (c.same_site == "strict") out += "; SameSite=Strict";
  if (c.partitioned) out += "; Partitioned";
  return out;
}

std::optional<SetCookie> parse_set_cookie(std::string_view line) {
  const std::vector<std::string_view> parts = text::split(line, ';');
  const std::string_view pair = text::trim(parts.front());
  const size_t eq = pair.find('=');
  if (eq == std::string_view::npos) return std::nullopt;
  SetCookie c;
  c.name = text::trim(pair.substr(0, eq));
  std::string_view value = pair.substr(eq + 1);
  c.quoted = value.size() > 1 && value.front() == '"' && value.back() == '"';
  if (c.quoted) value = value.substr(1, value.size() - 2);
  if (!is_token(c.name) || !std::all_of(value.begin(), value.end(), is_value_byte))
    return std::nullopt;
  c.value = value;
  for (size_t i = 1; i < parts.size(); ++i) read_attribute(text::trim(parts[i]), c);
  return c;
}

}  // namespace gateproof::http
