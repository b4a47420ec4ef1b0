// Parts of durations and timestamps. Timestamps are read in UTC; time zones by name are not known here.
#include <chrono>

#include "engine/kubernetes/cel/functions.h"

namespace gateproof::kubernetes::cel {

namespace {

using K = Value::Kind;
using Arguments = std::span<const Value>;
using namespace std::chrono;

struct Parts {
  year_month_day date;
  hh_mm_ss<nanoseconds> clock;
  sys_days day;
};

Parts parts(const Value& v) {
  const sys_time<nanoseconds> t{nanoseconds(v.integer())};
  const auto day = floor<days>(t);
  return {year_month_day(day), hh_mm_ss<nanoseconds>(t - day), day};
}

template <class Of>
Value of_date(Arguments a, Of of) {
  if (!a[0].is(K::timestamp)) return no_overload();
  return Value::integer(int64_t(of(parts(a[0]))));
}

Value year(Evaluation&, Arguments a) {
  return of_date(a, [](const Parts& p) { return int(p.date.year()); });
}
Value month(Evaluation&, Arguments a) {
  return of_date(a, [](const Parts& p) { return unsigned(p.date.month()) - 1; });
}
Value date(Evaluation&, Arguments a) {
  return of_date(a, [](const Parts& p) { return unsigned(p.date.day()); });
}
Value day_of_month(Evaluation&, Arguments a) {
  return of_date(a, [](const Parts& p) { return unsigned(p.date.day()) - 1; });
}
Value day_of_week(Evaluation&, Arguments a) {
  return of_date(a, [](const Parts& p) { return weekday(p.day).c_encoding(); });
}
Value day_of_year(Evaluation&, Arguments a) {
  return of_date(
      a, [](const Parts& p) { return (p.day - sys_days(p.date.year() / January / 1)).count(); });
}

// Of a duration the whole of it in that unit, of a timestamp what its clock shows.
template <class Of>
Value of_clock(Arguments a, int64_t unit_ns, Of of) {
  if (a[0].is(K::duration)) return Value::integer(a[0].integer() / unit_ns);
  return of_date(a, [&](const Parts& p) { return of(p.clock); });
}

Value hours(Evaluation&, Arguments a) {
  return of_clock(a, 3'600'000'000'000, [](const auto& c) { return c.hours().count(); });
}
Value minutes(Evaluation&, Arguments a) {
  return of_clock(a, 60'000'000'000, [](const auto& c) { return c.minutes().count(); });
}
Value seconds(Evaluation&, Arguments a) {
  return of_clock(a, 1'000'000'000, [](const auto& c) { return c.seconds().count(); });
}
Value milliseconds(Evaluation&, Arguments a) {
  return of_clock(a, 1'000'000, [](const auto& c) { return c.subseconds().count() / 1'000'000; });
}

constexpr auto member = Function::Style::member;
constexpr Function table[] = {
    {"getFullYear", 1, 1, member, year},
    {"getMonth", 1, 1, member, month},
    {"getDate", 1, 1, member, date},
    {"getDayOfMonth", 1, 1, member, day_of_month},
    {"getDayOfWeek", 1, 1, member, day_of_week},
    {"getDayOfYear", 1, 1, member, day_of_year},
    {"getHours", 1, 1, member, hours},
    {"getMinutes", 1, 1, member, minutes},
    {"getSeconds", 1, 1, member, seconds},
    {"getMilliseconds", 1, 1, member, milliseconds},
};

}  // namespace

std::span<const Function> time_functions() { return table; }

}  // namespace gateproof::kubernetes::cel
