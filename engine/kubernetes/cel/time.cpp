#include "engine/kubernetes/cel/time.h"

#include <charconv>
#include <chrono>

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/kubernetes/cluster/metadata.h"

namespace gateproof::kubernetes::cel {

namespace {

constexpr int64_t second = 1'000'000'000;

size_t digits_at(std::string_view s, size_t from) {
  size_t n = 0;
  while (from + n < s.size() && text::is_digit(s[from + n])) ++n;
  return n;
}

// Digits of a fixed width.
std::optional<int> number(std::string_view s, size_t from, size_t width) {
  if (from + width > s.size() || digits_at(s.substr(0, from + width), from) != width)
    return std::nullopt;
  int out = 0;
  std::from_chars(s.data() + from, s.data() + from + width, out);
  return out;
}

// ".5" behind the seconds, in nanoseconds; moves `at` behind it.
std::optional<int64_t> fraction(std::string_view s, size_t& at) {
  if (at >= s.size() || s[at] != '.') return 0;
  const size_t n = digits_at(s, ++at);
  if (n == 0 || n > 9) return std::nullopt;
  int64_t out = 0;
  for (size_t i = 0; i < 9; ++i) out = out * 10 + (i < n ? s[at + i] - '0' : 0);
  at += n;
  return out;
}

// ".5" of 500,000,000 nanoseconds; "" of none.
std::string fraction_text(uint64_t ns) {
  if (ns == 0) return "";
  std::string digits = std::to_string(second + int64_t(ns)).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return "." + digits;
}

// "Z" or "+02:00", in seconds.
std::optional<int64_t> zone(std::string_view s) {
  if (s == "Z" || s == "z") return 0;
  if (s.size() != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':') return std::nullopt;
  const auto h = number(s, 1, 2), m = number(s, 4, 2);
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  return (s[0] == '-' ? -1 : 1) * (*h * 3600 + *m * 60);
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view s) {
  // Traefik's durations may lack a unit; Go's may not.
  if (s.empty() || (text::is_digit(s.back()) && s != "0" && s != "-0" && s != "+0"))
    return std::nullopt;
  const auto d = config::parse_duration(s);
  return d ? std::optional<int64_t>(d->count()) : std::nullopt;
}

std::string duration_text(int64_t ns) {
  const uint64_t all = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  return (ns < 0 ? "-" : "") + std::to_string(all / second) + fraction_text(all % second) + "s";
}

std::optional<int64_t> parse_timestamp(std::string_view s) {
  const auto year = number(s, 0, 4), month = number(s, 5, 2), day = number(s, 8, 2);
  if (!year || !month || !day || s[4] != '-' || s[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok() || *year < 1678 || *year > 2261) return std::nullopt;
  int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86400};
  if (s.size() == 10) return seconds * second;
  const auto h = number(s, 11, 2), m = number(s, 14, 2), sec = number(s, 17, 2);
  if (!h || !m || !sec || *h > 23 || *m > 59 || *sec > 59) return std::nullopt;
  if ((s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':') return std::nullopt;
  size_t at = 19;
  const auto part = fraction(s, at);
  if (!part) return std::nullopt;
  const auto offset = zone(s.substr(at));
  if (!offset) return std::nullopt;
  seconds += *h * 3600 + *m * 60 + *sec - *offset;
  return seconds * second + *part;
}

std::string timestamp_text(int64_t ns) {
  const auto t = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(ns));
  std::string text = cluster::rfc3339(ns);
  text.pop_back();
  const auto rest = t - std::chrono::floor<std::chrono::seconds>(t);
  return text + fraction_text(static_cast<uint64_t>(rest.count())) + "Z";
}

}  // namespace gateproof::kubernetes::cel
