// Operators. Overflow and division by zero are errors, as the language has them.
#include <cmath>

#include "engine/kubernetes/cel/functions.h"

namespace gateproof::kubernetes::cel {

namespace {

using K = Value::Kind;
using Arguments = std::span<const Value>;

size_t weight(const Value& v) {
  return v.is(K::list) || v.is(K::map) ? v.size() : v.text().size() / 10;
}

Value equal(Evaluation& e, Arguments a) {
  if (!e.pay(weight(a[0]))) return Value::error("");
  return Value::boolean(a[0] == a[1]);
}
Value unequal(Evaluation& e, Arguments a) {
  if (!e.pay(weight(a[0]))) return Value::error("");
  return Value::boolean(!(a[0] == a[1]));
}

template <class Test>
Value ordered(Arguments a, Test test) {
  const auto order = Value::compare(a[0], a[1]);
  if (order) return Value::boolean(test(*order));
  return no_overload();
}
Value less(Evaluation&, Arguments a) {
  return ordered(a, [](auto o) { return o < 0; });
}
Value less_equal(Evaluation&, Arguments a) {
  return ordered(a, [](auto o) { return o <= 0; });
}
Value greater(Evaluation&, Arguments a) {
  return ordered(a, [](auto o) { return o > 0; });
}
Value greater_equal(Evaluation&, Arguments a) {
  return ordered(a, [](auto o) { return o >= 0; });
}

Value in(Evaluation& e, Arguments a) {
  const Value& range = a[1];
  if (range.is(K::map)) return Value::boolean(range.find(a[0]).has_value());
  if (!range.is(K::list)) return no_overload();
  if (!e.pay(range.size())) return Value::error("");
  for (size_t i = 0; i < range.size(); ++i) {
    if (range.at(i) == a[0]) return Value::boolean(true);
  }
  return Value::boolean(false);
}

// Of two integers of one kind; `overflows(x, y, &out)` is one of the compiler's checked operations.
template <class Signed, class Unsigned, class Real>
Value arithmetic(const Value& a, const Value& b, Signed checked, Unsigned checked_whole,
                 Real real) {
  if (a.kind() != b.kind()) return no_overload();
  if (a.is(K::integer)) {
    int64_t out = 0;
    return checked(a.integer(), b.integer(), &out) ? Value::error("integer overflow")
                                                   : Value::integer(out);
  }
  if (a.is(K::whole)) {
    uint64_t out = 0;
    return checked_whole(a.whole(), b.whole(), &out) ? Value::error("unsigned integer overflow")
                                                     : Value::whole(out);
  }
  if (a.is(K::real)) return Value::real(real(a.real(), b.real()));
  return no_overload();
}

Value joined(Evaluation& e, const Value& a, const Value& b) {
  if (!e.pay((a.text().size() + b.text().size()) / 10)) return Value::error("");
  if (a.text().size() + b.text().size() > made_bytes_max)
    return Value::error("a string is longer than " + std::to_string(made_bytes_max) + " bytes");
  std::string out(a.text());
  out += b.text();
  return a.is(K::bytes) ? Value::bytes(std::move(out)) : Value::string(std::move(out));
}

Value concatenated(Evaluation& e, const Value& a, const Value& b) {
  if (!e.pay(a.size() + b.size())) return Value::error("");
  Values items;
  for (const Value* v : {&a, &b}) {
    for (size_t i = 0; i < v->size(); ++i) items.push_back(v->at(i));
  }
  return Value::list(std::move(items));
}

// A sum or difference that is a time or a length of time.
Value shifted(K kind, int64_t a, int64_t b, bool minus) {
  int64_t out = 0;
  const bool over = minus ? __builtin_sub_overflow(a, b, &out) : __builtin_add_overflow(a, b, &out);
  if (over) return Value::error(kind == K::duration ? "duration overflow" : "timestamp overflow");
  return kind == K::duration ? Value::duration(out) : Value::timestamp(out);
}

Value plus(Evaluation& e, Arguments args) {
  const Value &a = args[0], &b = args[1];
  const auto two = [&](K x, K y) { return a.is(x) && b.is(y); };
  if (two(K::string, K::string) || two(K::bytes, K::bytes)) return joined(e, a, b);
  if (two(K::list, K::list)) return concatenated(e, a, b);
  if (two(K::duration, K::duration)) return shifted(K::duration, a.integer(), b.integer(), false);
  if (two(K::timestamp, K::duration) || two(K::duration, K::timestamp))
    return shifted(K::timestamp, a.integer(), b.integer(), false);
  return arithmetic(
      a, b, [](int64_t x, int64_t y, int64_t* o) { return __builtin_add_overflow(x, y, o); },
      [](uint64_t x, uint64_t y, uint64_t* o) { return __builtin_add_overflow(x, y, o); },
      [](double x, double y) { return x + y; });
}

Value minus(Evaluation&, Arguments args) {
  const Value &a = args[0], &b = args[1];
  if (a.is(K::timestamp) && b.is(K::timestamp))
    return shifted(K::duration, a.integer(), b.integer(), true);
  if (b.is(K::duration) && (a.is(K::duration) || a.is(K::timestamp)))
    return shifted(a.kind(), a.integer(), b.integer(), true);
  return arithmetic(
      a, b, [](int64_t x, int64_t y, int64_t* o) { return __builtin_sub_overflow(x, y, o); },
      [](uint64_t x, uint64_t y, uint64_t* o) { return __builtin_sub_overflow(x, y, o); },
      [](double x, double y) { return x - y; });
}

Value times(Evaluation&, Arguments a) {
  return arithmetic(
      a[0], a[1], [](int64_t x, int64_t y, int64_t* o) { return __builtin_mul_overflow(x, y, o); },
      [](uint64_t x, uint64_t y, uint64_t* o) { return __builtin_mul_overflow(x, y, o); },
      [](double x, double y) { return x * y; });
}

bool is_zero(const Value& v) { return !v.is(K::real) && v.is_number() && v.integer() == 0; }

// The smallest number by -1 has no result either way.
bool out_of_range(int64_t x, int64_t y) { return x == INT64_MIN && y == -1; }

// The rest is an operation of the two numbers that cannot overflow otherwise.
template <class Operation>
Value quotient(const Value& a, const Value& b, Operation operation) {
  return arithmetic(
      a, b,
      [&](int64_t x, int64_t y, int64_t* o) {
        if (out_of_range(x, y)) return true;
        *o = operation(x, y);
        return false;
      },
      [&](uint64_t x, uint64_t y, uint64_t* o) {
        *o = operation(x, y);
        return false;
      },
      [](double x, double y) { return x / y; });
}

Value divided(Evaluation&, Arguments a) {
  if (a[0].is_number() && is_zero(a[1])) return Value::error("division by zero");
  return quotient(a[0], a[1], [](auto x, auto y) { return x / y; });
}

Value modulo(Evaluation&, Arguments a) {
  if (a[0].is(K::real) || a[0].kind() != a[1].kind()) return no_overload();
  if (is_zero(a[1])) return Value::error("modulus by zero");
  return quotient(a[0], a[1], [](auto x, auto y) { return x % y; });
}

Value negated(Evaluation&, Arguments a) {
  if (a[0].is(K::boolean)) return Value::boolean(!a[0].is_true());
  return no_overload();
}

Value opposite(Evaluation&, Arguments a) {
  if (a[0].is(K::real)) return Value::real(-a[0].real());
  if (!a[0].is(K::integer)) return no_overload();
  if (a[0].integer() == INT64_MIN) return Value::error("integer overflow");
  return Value::integer(-a[0].integer());
}

constexpr auto global = Function::Style::global;
constexpr Function table[] = {
    {"==", 2, 2, global, equal},   {"!=", 2, 2, global, unequal},
    {"<", 2, 2, global, less},     {"<=", 2, 2, global, less_equal},
    {">", 2, 2, global, greater},  {">=", 2, 2, global, greater_equal},
    {"in", 2, 2, global, in},      {"+", 2, 2, global, plus},
    {"-", 2, 2, global, minus},    {"*", 2, 2, global, times},
    {"/", 2, 2, global, divided},  {"%", 2, 2, global, modulo},
    {"!_", 1, 1, global, negated}, {"-_", 1, 1, global, opposite},
};

}  // namespace

std::span<const Function> operators() { return table; }

}  // namespace gateproof::kubernetes::cel
