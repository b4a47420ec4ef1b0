#include "engine/config/plain_scalar.h"

#include <charconv>
#include <cstdio>
#include <optional>

#include "engine/base/text.h"

namespace gateproof::config {

namespace {

using text::is_digit;

bool one_of(std::string_view s, std::initializer_list<std::string_view> words) {
  for (std::string_view w : words) {
    if (s == w) return true;
  }
  return false;
}

// Words of one meaning (yaml.v3's resolveMap). `yes`, `no`, `on` and `off` are texts there.
std::optional<PlainScalar> resolve_word(std::string_view s) {
  if (one_of(s, {"", "~", "null", "Null", "NULL"})) return PlainScalar{PlainScalar::null, ""};
  if (one_of(s, {"true", "True", "TRUE"})) return PlainScalar{PlainScalar::boolean, "true"};
  if (one_of(s, {"false", "False", "FALSE"})) return PlainScalar{PlainScalar::boolean, "false"};
  if (one_of(s, {".nan", ".NaN", ".NAN"})) return PlainScalar{PlainScalar::real, "NaN"};
  if (one_of(s, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"}))
    return PlainScalar{PlainScalar::real, "+Inf"};
  if (one_of(s, {"-.inf", "-.Inf", "-.INF"})) return PlainScalar{PlainScalar::real, "-Inf"};
  return std::nullopt;
}

size_t count_digits(std::string_view s) {
  size_t n = 0;
  while (n < s.size() && is_digit(s[n])) ++n;
  return n;
}

bool take_number(std::string_view& s, size_t digits_max, int& out) {
  const size_t n = count_digits(s);
  if (n == 0 || n > digits_max) return false;
  out = int(*text::parse_int(s.substr(0, n)));
  s.remove_prefix(n);
  return true;
}

bool take_char(std::string_view& s, char c) {
  if (s.empty() || s.front() != c) return false;
  s.remove_prefix(1);
  return true;
}

int days_of(int year, int month) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// "15:4:5[.999][Z|+07:00]"; the zone only after T or t, as in yaml.v3's list of formats.
bool is_time(std::string_view s, bool zone_required) {
  int hour = 0, minute = 0, second = 0;
  if (!take_number(s, 2, hour) || !take_char(s, ':') || !take_number(s, 2, minute) ||
      !take_char(s, ':') || !take_number(s, 2, second)) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  if (take_char(s, '.')) {
    const size_t n = count_digits(s);
    if (n == 0) return false;
    s.remove_prefix(n);
  }
  if (!zone_required) return s.empty();
  if (s == "Z") return true;
  return s.size() == 6 && (s[0] == '+' || s[0] == '-') && is_digit(s[1]) && is_digit(s[2]) &&
         s[3] == ':' && is_digit(s[4]) && is_digit(s[5]);
}

bool is_date(std::string_view s) {
  int year = 0, month = 0, day = 0;
  if (count_digits(s) != 4 || !take_number(s, 4, year) || !take_char(s, '-') ||
      !take_number(s, 2, month) || !take_char(s, '-') || !take_number(s, 2, day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_of(year, month)) return false;
  if (s.empty()) return true;
  const char c = s.front();
  s.remove_prefix(1);
  if (c == 'T' || c == 't') return is_time(s, true);
  return c == ' ' && is_time(s, false);
}

// strconv.ParseInt or ParseUint with base 0: 0x, 0o, 0b and the old octal 0777.
std::optional<std::string> integer_text(std::string_view s) {
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  int base = 10;
  if (s.size() > 1 && s[0] == '0') {
    const char c = text::lower(s[1]);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    s.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
  }
  if (s.empty() || s[0] == '-' || s[0] == '+') return std::nullopt;
  uint64_t v = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v, base);
  if (ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  if (negative && v > uint64_t(1) << 63) return std::nullopt;
  return (negative && v ? "-" : "") + std::to_string(v);
}

bool looks_like_float(std::string_view s) {
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  const size_t whole = count_digits(s);
  s.remove_prefix(whole);
  if (take_char(s, '.')) {
    const size_t fraction = count_digits(s);
    if (whole == 0 && fraction == 0) return false;
    s.remove_prefix(fraction);
  } else if (whole == 0) {
    return false;
  }
  if (s.empty()) return true;
  if (s[0] != 'e' && s[0] != 'E') return false;
  s.remove_prefix(1);
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  return !s.empty() && count_digits(s) == s.size();
}

// strconv.FormatFloat(v, 'f', 6, 64) without ".000000", as Traefik's decoder writes it.
std::optional<std::string> real_text(std::string_view s) {
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  double v = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  char buffer[352];  // the longest double has 309 digits before the point
  std::string out(buffer, size_t(std::snprintf(buffer, sizeof buffer, "%.6f", v)));
  constexpr std::string_view zeros = ".000000";
  if (out.ends_with(zeros)) out.resize(out.size() - zeros.size());
  return out;
}

}  // namespace

PlainScalar resolve_plain(std::string_view s) {
  const char c = s.empty() ? '~' : s[0];
  const bool number = is_digit(c) || c == '-' || c == '+' || c == '.';
  if (!number && c != '~' && c != 't' && c != 'T' && c != 'f' && c != 'F' && c != 'n' && c != 'N')
    return {};
  if (auto word = resolve_word(s)) return std::move(*word);
  if (!number) return {};
  if (c == '.') {
    auto real = looks_like_float(s) ? real_text(s) : std::nullopt;
    return real ? PlainScalar{PlainScalar::real, std::move(*real)} : PlainScalar{};
  }
  if (is_date(s)) return {PlainScalar::date, ""};
  std::string stripped;
  for (char ch : s) {
    if (ch != '_') stripped += ch;
  }
  if (auto n = integer_text(stripped)) return {PlainScalar::integer, std::move(*n)};
  if (looks_like_float(stripped)) {
    if (auto real = real_text(stripped)) return {PlainScalar::real, std::move(*real)};
  }
  return {};
}

}  // namespace gateproof::config
