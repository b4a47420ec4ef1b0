// Functions of lists, of sets (lists without order) and of optionals.
#include <algorithm>
#include <array>

#include "engine/kubernetes/cel/functions.h"

namespace gateproof::kubernetes::cel {

// functions_text.cpp
Value text_index_of(Evaluation& e, std::span<const Value> a);
Value text_last_index_of(Evaluation& e, std::span<const Value> a);

namespace {

using K = Value::Kind;
using Arguments = std::span<const Value>;

bool holds(const Value& list, const Value& item) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (list.at(i) == item) return true;
  }
  return false;
}

Value place(Evaluation& e, Arguments a, bool last) {
  if (!e.pay(a[0].size())) return Value::error("");
  int64_t found = -1;
  for (size_t i = 0; i < a[0].size(); ++i) {
    if ((last || found < 0) && a[0].at(i) == a[1]) found = int64_t(i);
  }
  return Value::integer(found);
}

Value index_of(Evaluation& e, Arguments a) {
  return a[0].is(K::list) && a.size() == 2 ? place(e, a, false) : text_index_of(e, a);
}
Value last_index_of(Evaluation& e, Arguments a) {
  return a[0].is(K::list) && a.size() == 2 ? place(e, a, true) : text_last_index_of(e, a);
}

Value is_sorted(Evaluation& e, Arguments a) {
  if (!a[0].is(K::list)) return no_overload();
  if (!e.pay(a[0].size())) return Value::error("");
  for (size_t i = 1; i < a[0].size(); ++i) {
    const auto order = Value::compare(a[0].at(i - 1), a[0].at(i));
    if (!order) return no_overload();
    if (*order > 0) return Value::boolean(false);
  }
  return Value::boolean(true);
}

Value extreme(Evaluation& e, Arguments a, bool least) {
  if (!a[0].is(K::list)) return no_overload();
  if (a[0].size() == 0)
    return Value::error(least ? "min called on empty list" : "max called on empty list");
  if (!e.pay(a[0].size())) return Value::error("");
  Value out = a[0].at(0);
  for (size_t i = 1; i < a[0].size(); ++i) {
    const Value item = a[0].at(i);
    const auto order = Value::compare(item, out);
    if (!order) return no_overload();
    if (least ? *order < 0 : *order > 0) out = item;
  }
  return out;
}
Value least(Evaluation& e, Arguments a) { return extreme(e, a, true); }
Value greatest(Evaluation& e, Arguments a) { return extreme(e, a, false); }

Value sum(Evaluation& e, Arguments a) {
  if (!a[0].is(K::list)) return no_overload();
  if (!e.pay(a[0].size())) return Value::error("");
  if (a[0].size() == 0) return Value::integer(0);
  const Function& plus = functions_of("+").front();
  Value out = a[0].at(0);
  for (size_t i = 1; i < a[0].size() && !out.is(K::error); ++i) {
    const std::array<Value, 2> pair = {out, a[0].at(i)};
    out = plus.call(e, pair);
  }
  return out;
}

bool two_lists(Arguments a) { return a[0].is(K::list) && a[1].is(K::list); }

// Whether `of` has all (or any) items of `items`.
bool covers(const Value& of, const Value& items, bool all) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (holds(of, items.at(i)) != all) return !all;
  }
  return all;
}

Value sets_contains(Evaluation& e, Arguments a) {
  if (!two_lists(a)) return no_overload();
  if (!e.pay(a[0].size() * a[1].size())) return Value::error("");
  return Value::boolean(covers(a[0], a[1], true));
}
Value sets_equivalent(Evaluation& e, Arguments a) {
  if (!two_lists(a)) return no_overload();
  if (!e.pay(2 * a[0].size() * a[1].size())) return Value::error("");
  return Value::boolean(covers(a[0], a[1], true) && covers(a[1], a[0], true));
}
Value sets_intersects(Evaluation& e, Arguments a) {
  if (!two_lists(a)) return no_overload();
  if (!e.pay(a[0].size() * a[1].size())) return Value::error("");
  return Value::boolean(covers(a[0], a[1], false));
}

Value optional_of(Evaluation&, Arguments a) { return Value::optional({a[0]}); }
Value optional_none(Evaluation&, Arguments) { return Value::optional({}); }

Value has_value(Evaluation&, Arguments a) {
  if (!a[0].is(K::optional)) return no_overload();
  return Value::boolean(a[0].size() == 1);
}
Value value(Evaluation&, Arguments a) {
  if (!a[0].is(K::optional)) return no_overload();
  return a[0].size() ? a[0].at(0) : Value::error("optional.none() dereference");
}
Value or_value(Evaluation&, Arguments a) {
  if (!a[0].is(K::optional)) return no_overload();
  return a[0].size() ? a[0].at(0) : a[1];
}
Value or_else(Evaluation&, Arguments a) {
  if (!a[0].is(K::optional) || !a[1].is(K::optional)) return no_overload();
  return a[0].size() ? a[0] : a[1];
}

constexpr auto member = Function::Style::member;
constexpr auto global = Function::Style::global;
constexpr Function table[] = {
    {"indexOf", 2, 3, member, index_of},
    {"lastIndexOf", 2, 3, member, last_index_of},
    {"isSorted", 1, 1, member, is_sorted},
    {"min", 1, 1, member, least},
    {"max", 1, 1, member, greatest},
    {"sum", 1, 1, member, sum},
    {"sets.contains", 2, 2, global, sets_contains},
    {"sets.equivalent", 2, 2, global, sets_equivalent},
    {"sets.intersects", 2, 2, global, sets_intersects},
    {"optional.of", 1, 1, global, optional_of},
    {"optional.none", 0, 0, global, optional_none},
    {"hasValue", 1, 1, member, has_value},
    {"value", 1, 1, member, value},
    {"orValue", 2, 2, member, or_value},
    {"or", 2, 2, member, or_else},
};

}  // namespace

std::span<const Function> list_functions() { return table; }

}  // namespace gateproof::kubernetes::cel
