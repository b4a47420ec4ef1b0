// Sprig's arithmetic (all in int64, as spf13/cast reads values), sequences and conversions.
#include <cmath>

#include "engine/base/text.h"
#include "engine/config/template/format.h"
#include "engine/config/template/functions.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

int64_t to_int64(const Val& v) {
  if (v.kind == Val::real) return std::abs(v.d) < 9.2e18 ? int64_t(v.d) : INT64_MIN;
  if (v.kind != Val::text) return v.is_int() || v.kind == Val::boolean ? v.i : 0;
  // "5.00" is 5; any other fraction is no integer.
  std::string_view s = v.s;
  const size_t point = s.find('.');
  if (point != s.npos && s.find_first_not_of('0', point + 1) == s.npos && point + 1 < s.size())
    s = s.substr(0, point);
  return parse_any_base(s).value_or(0);
}

double to_float64(const Val& v) {
  if (v.kind == Val::real) return v.d;
  if (v.kind == Val::text) return parse_float(v.s).value_or(0);
  return v.is_int() || v.kind == Val::boolean ? double(v.i) : 0;
}

namespace {

// Go's integers wrap around.
int64_t plus(int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }
int64_t times(int64_t a, int64_t b) { return int64_t(uint64_t(a) * uint64_t(b)); }

Val add(Call& c) {
  int64_t sum = 0;
  for (const Val& v : c.args) sum = plus(sum, to_int64(v));
  return Val::int64_of(sum);
}
Val add1(Call& c) { return Val::int64_of(plus(to_int64(c[0]), 1)); }
Val sub(Call& c) {
  return Val::int64_of(int64_t(uint64_t(to_int64(c[0])) - uint64_t(to_int64(c[1]))));
}
Val mul(Call& c) {
  int64_t product = to_int64(c[0]);
  for (const Val& v : c.args.subspan(1)) product = times(product, to_int64(v));
  return Val::int64_of(product);
}
Val div(Call& c) {
  const int64_t by = to_int64(c[1]);
  if (by == 0) return c.fail("runtime error: integer divide by zero");
  return by == -1 ? Val::int64_of(times(to_int64(c[0]), -1)) : Val::int64_of(to_int64(c[0]) / by);
}
Val mod(Call& c) {
  const int64_t by = to_int64(c[1]);
  if (by == 0) return c.fail("runtime error: integer divide by zero");
  return Val::int64_of(by == -1 ? 0 : to_int64(c[0]) % by);
}
Val max(Call& c) {
  int64_t most = to_int64(c[0]);
  for (const Val& v : c.args) most = std::max(most, to_int64(v));
  return Val::int64_of(most);
}
Val min(Call& c) {
  int64_t least = to_int64(c[0]);
  for (const Val& v : c.args) least = std::min(least, to_int64(v));
  return Val::int64_of(least);
}
Val floor(Call& c) { return Val::real_of(std::floor(to_float64(c[0]))); }
Val ceil(Call& c) { return Val::real_of(std::ceil(to_float64(c[0]))); }

// Sprig's own rounding: half up at .5 of the digit, by a power of ten.
Val round(Call& c) {
  const double half = c.args.size() > 2 ? to_float64(c[2]) : 0.5;
  const double power = std::pow(10, double(c[1].i));
  const double digit = power * to_float64(c[0]);
  double whole = 0;
  const double fraction = std::modf(digit, &whole);
  return Val::real_of((fraction >= half ? std::ceil(digit) : std::floor(digit)) / power);
}

Val to_int(Call& c) { return Val::int_of(to_int64(c[0])); }
Val int64(Call& c) { return Val::int64_of(to_int64(c[0])); }
Val float64(Call& c) { return Val::real_of(to_float64(c[0])); }
// strconv.Atoi with its error left out: 0, or the nearest end of the range.
Val atoi(Call& c) {
  std::string_view s = c.text(0);
  const bool minus = s.starts_with('-');
  if (minus || s.starts_with('+')) s.remove_prefix(1);
  if (s.empty() || s.find_first_not_of("0123456789") != s.npos) return Val::int_of(0);
  const auto n = text::parse_int((minus ? "-" : "") + std::string(s));
  return Val::int_of(n ? *n : minus ? INT64_MIN : INT64_MAX);
}

std::vector<Val> steps(Call& c, int64_t from, int64_t to, int64_t by) {
  std::vector<Val> out;
  if (by == 0 || (to < from ? by > 0 : by < 0)) return out;
  for (int64_t i = from; to < from ? i > to : i < to; i += by) {
    if (!c.store.step() || !c.store.charge(sizeof(Val))) break;
    out.push_back(Val::int_of(i));
    if (by > 0 ? i > INT64_MAX - by : i < INT64_MIN - by) break;
  }
  return out;
}
Val until_step(Call& c) {
  return c.store.list(steps(c, c[0].i, c[1].i, c[2].i), Elements::integer);
}
Val until(Call& c) {
  return c.store.list(steps(c, 0, c[0].i, c[0].i < 0 ? -1 : 1), Elements::integer);
}

// Like the seq command: inclusive, down when the end is below, as a text with blanks.
Val seq(Call& c) {
  const auto text = [&](int64_t from, int64_t to, int64_t by) {
    const int64_t past = to + (to < from ? -1 : 1);
    std::string out;
    for (const Val& v : steps(c, from, past, by)) {
      if (!out.empty()) out += ' ';
      out += std::to_string(v.i);
    }
    return c.store.text(std::move(out));
  };
  const auto n = [&](size_t i) { return c[i].i; };
  switch (c.args.size()) {
    case 1: return text(1, n(0), n(0) < 1 ? -1 : 1);
    case 2: return text(n(0), n(1), n(1) < n(0) ? -1 : 1);
    case 3:
      if (n(2) < n(0) && n(1) > 0) return Val::text_of("");
      return text(n(0), n(2), n(1));
    default: return Val::text_of("");
  }
}

constexpr Function functions[] = {
    {"add", "a*", add},    {"add1", "a", add1},     {"sub", "aa", sub},
    {"mul", "aa*", mul},   {"div", "aa", div},      {"mod", "aa", mod},
    {"max", "aa*", max},   {"biggest", "aa*", max}, {"min", "aa*", min},
    {"floor", "a", floor}, {"ceil", "a", ceil},     {"round", "aia*", round},
    {"int", "a", to_int},  {"int64", "a", int64},   {"float64", "a", float64},
    {"atoi", "s", atoi},   {"until", "i", until},   {"untilStep", "iii", until_step},
    {"seq", "i*", seq},
};

}  // namespace

std::span<const Function> number_functions() { return functions; }

}  // namespace gateproof::config::tmpl
