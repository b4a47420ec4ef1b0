// Durations in Go's spelling (time.ParseDuration, time.Duration.String).
#include "engine/base/text.h"
#include "engine/config/schema.h"

namespace gateproof::config {

namespace {

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};
constexpr Unit units[] = {{"ns", 1},
                          {"us", 1'000},
                          {"\xC2\xB5s", 1'000},  // micro sign
                          {"\xCE\xBCs", 1'000},  // Greek mu
                          {"ms", 1'000'000},
                          {"s", 1'000'000'000},
                          {"m", 60'000'000'000},
                          {"h", 3'600'000'000'000}};
constexpr uint64_t limit = uint64_t(1) << 63;

// Digits at the front of s; false when they pass 2^63.
bool take_integer(std::string_view& s, uint64_t& out) {
  out = 0;
  while (!s.empty() && text::is_digit(s.front())) {
    if (out > limit / 10) return false;
    out = out * 10 + uint64_t(s.front() - '0');
    if (out > limit) return false;
    s.remove_prefix(1);
  }
  return true;
}

// Digits after the point; those beyond 2^63 are dropped, as in Go.
void take_fraction(std::string_view& s, uint64_t& out, double& scale) {
  out = 0;
  scale = 1;
  bool overflow = false;
  while (!s.empty() && text::is_digit(s.front())) {
    const uint64_t digit = uint64_t(s.front() - '0');
    s.remove_prefix(1);
    if (overflow || out > (limit - 1) / 10) {
      overflow = true;
      continue;
    }
    out = out * 10 + digit;
    scale *= 10;
  }
}

const Unit* take_unit(std::string_view& s) {
  size_t n = 0;
  while (n < s.size() && s[n] != '.' && !text::is_digit(s[n])) ++n;
  const std::string_view name = s.substr(0, n);
  s.remove_prefix(n);
  for (const Unit& u : units) {
    if (u.name == name) return &u;
  }
  return nullptr;
}

bool take_term(std::string_view& s, uint64_t& total) {
  uint64_t whole = 0, fraction = 0;
  double scale = 1;
  const size_t before = s.size();
  if (!take_integer(s, whole)) return false;
  bool any = s.size() != before;
  if (!s.empty() && s.front() == '.') {
    s.remove_prefix(1);
    const size_t at = s.size();
    take_fraction(s, fraction, scale);
    any = any || s.size() != at;
  }
  const Unit* unit = any ? take_unit(s) : nullptr;
  if (!unit || whole > limit / unit->nanoseconds) return false;
  whole *= unit->nanoseconds;
  if (fraction) whole += uint64_t(double(fraction) * (double(unit->nanoseconds) / scale));
  if (whole > limit) return false;
  total += whole;
  return total <= limit;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view s) {
  constexpr int64_t second = 1'000'000'000;
  if (const auto n = parse_decimal(s)) {
    // Go multiplies without a check; the wrapped product is what Traefik then uses.
    return Duration(int64_t(uint64_t(*n) * uint64_t(second)));
  }
  bool negative = false;
  if (!s.empty() && (s.front() == '-' || s.front() == '+')) {
    negative = s.front() == '-';
    s.remove_prefix(1);
  }
  if (s == "0") return Duration(0);
  if (s.empty()) return std::nullopt;
  uint64_t total = 0;
  while (!s.empty()) {
    if (!take_term(s, total)) return std::nullopt;
  }
  if (negative) return Duration(int64_t(uint64_t(0) - total));
  if (total > limit - 1) return std::nullopt;
  return Duration(int64_t(total));
}

namespace {

// value / 10^digits without trailing zeros, and its unit.
std::string with_fraction(uint64_t value, int digits, std::string_view unit) {
  uint64_t power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  std::string out = std::to_string(value / power);
  uint64_t rest = value % power;
  if (rest) {
    std::string tail = std::to_string(rest);
    tail.insert(0, size_t(digits) - tail.size(), '0');
    while (tail.back() == '0') tail.pop_back();
    out += "." + tail;
  }
  return out + std::string(unit);
}

}  // namespace

std::string format_duration(Duration d) {
  const int64_t n = d.count();
  if (n == 0) return "0s";
  const uint64_t u = n < 0 ? uint64_t(0) - uint64_t(n) : uint64_t(n);
  std::string out;
  if (u < 1'000) {
    out = std::to_string(u) + "ns";
  } else if (u < 1'000'000) {
    out = with_fraction(u, 3, "\xC2\xB5s");
  } else if (u < 1'000'000'000) {
    out = with_fraction(u, 6, "ms");
  } else {
    constexpr uint64_t minute = 60'000'000'000;
    const uint64_t minutes = u / minute;
    if (minutes >= 60) out += std::to_string(minutes / 60) + "h";
    if (minutes) out += std::to_string(minutes % 60) + "m";
    out += with_fraction(u % minute, 9, "s");
  }
  return n < 0 ? "-" + out : out;
}

}  // namespace gateproof::config
