// Conversions between types.
#include <charconv>
#include <cmath>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/kubernetes/cel/functions.h"
#include "engine/kubernetes/cel/time.h"

namespace gateproof::kubernetes::cel {

namespace {

using K = Value::Kind;
using Arguments = std::span<const Value>;

Value cannot(const Value& v, std::string_view to) {
  return Value::error("type conversion error from '" + std::string(v.type_name()) + "' to '" +
                      std::string(to) + "'");
}

// The whole text as a number of the type of `out`.
template <class T>
bool read(std::string_view text, T& out) {
  const auto r = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && r.ec == std::errc() && r.ptr == text.data() + text.size();
}

Value to_int(Evaluation&, Arguments a) {
  const Value& v = a[0];
  switch (v.kind()) {
    case K::integer: return v;
    case K::whole:
      return v.whole() > INT64_MAX ? Value::error("integer overflow") : Value::integer(v.integer());
    case K::real:
      // Neither bound itself: a double next to them is beyond.
      if (!(v.real() > -9223372036854775808.0 && v.real() < 9223372036854775808.0))
        return Value::error("integer overflow");
      return Value::integer(static_cast<int64_t>(v.real()));
    case K::timestamp: return Value::integer(v.integer() / 1'000'000'000);
    case K::duration: return Value::integer(v.integer());
    case K::string: {
      int64_t out = 0;
      return read(v.text(), out) ? Value::integer(out) : cannot(v, "int");
    }
    default: return no_overload();
  }
}

Value to_uint(Evaluation&, Arguments a) {
  const Value& v = a[0];
  switch (v.kind()) {
    case K::whole: return v;
    case K::integer:
      return v.integer() < 0 ? Value::error("unsigned integer overflow") : Value::whole(v.whole());
    case K::real:
      if (!(v.real() >= 0 && v.real() < 18446744073709551616.0))
        return Value::error("unsigned integer overflow");
      return Value::whole(static_cast<uint64_t>(v.real()));
    case K::string: {
      uint64_t out = 0;
      return read(v.text(), out) ? Value::whole(out) : cannot(v, "uint");
    }
    default: return no_overload();
  }
}

Value to_double(Evaluation&, Arguments a) {
  const Value& v = a[0];
  if (v.is_number()) return Value::real(v.as_real());
  if (!v.is(K::string)) return no_overload();
  double out = 0;
  return read(v.text(), out) ? Value::real(out) : cannot(v, "double");
}

std::string double_text(double d) {
  char out[32];
  const auto r = std::to_chars(out, out + sizeof out, d);
  return std::string(out, r.ptr);
}

Value to_string(Evaluation& e, Arguments a) {
  const Value& v = a[0];
  if (!e.pay(v.text().size() / 10)) return Value::error("");
  switch (v.kind()) {
    case K::string: return v;
    case K::boolean: return Value::string(v.is_true() ? "true" : "false");
    case K::integer: return Value::string(std::to_string(v.integer()));
    case K::whole: return Value::string(std::to_string(v.whole()));
    case K::real: return Value::string(double_text(v.real()));
    case K::bytes:
      if (!text::is_utf8(v.text()))
        return Value::error("invalid UTF-8 in bytes, cannot convert to string");
      return Value::string(std::string(v.text()));
    case K::duration: return Value::string(duration_text(v.integer()));
    case K::timestamp: return Value::string(timestamp_text(v.integer()));
    default: return no_overload();
  }
}

Value to_bytes(Evaluation&, Arguments a) {
  if (a[0].is(K::bytes)) return a[0];
  if (a[0].is(K::string)) return Value::bytes(std::string(a[0].text()));
  return no_overload();
}

Value to_bool(Evaluation&, Arguments a) {
  if (a[0].is(K::boolean)) return a[0];
  if (!a[0].is(K::string)) return no_overload();
  for (std::string_view t : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (a[0].text() == t) return Value::boolean(true);
  }
  for (std::string_view f : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (a[0].text() == f) return Value::boolean(false);
  }
  return cannot(a[0], "bool");
}

Value to_duration(Evaluation&, Arguments a) {
  if (a[0].is(K::duration)) return a[0];
  if (a[0].is(K::integer)) return Value::duration(a[0].integer());
  if (!a[0].is(K::string)) return no_overload();
  const auto ns = parse_duration(a[0].text());
  return ns ? Value::duration(*ns) : cannot(a[0], "google.protobuf.Duration");
}

Value to_timestamp(Evaluation&, Arguments a) {
  if (a[0].is(K::timestamp)) return a[0];
  if (a[0].is(K::integer)) {
    int64_t ns = 0;
    if (__builtin_mul_overflow(a[0].integer(), int64_t{1'000'000'000}, &ns))
      return Value::error("timestamp overflow");
    return Value::timestamp(ns);
  }
  if (!a[0].is(K::string)) return no_overload();
  const auto ns = a[0].text().size() > 10 ? parse_timestamp(a[0].text()) : std::nullopt;
  return ns ? Value::timestamp(*ns) : cannot(a[0], "google.protobuf.Timestamp");
}

Value to_dyn(Evaluation&, Arguments a) { return a[0]; }

Value type_of(Evaluation&, Arguments a) {
  return Value::named(K::type, std::string(a[0].type_name()));
}

constexpr auto global = Function::Style::global;
constexpr Function table[] = {
    {"int", 1, 1, global, to_int},           {"uint", 1, 1, global, to_uint},
    {"double", 1, 1, global, to_double},     {"string", 1, 1, global, to_string},
    {"bytes", 1, 1, global, to_bytes},       {"bool", 1, 1, global, to_bool},
    {"duration", 1, 1, global, to_duration}, {"timestamp", 1, 1, global, to_timestamp},
    {"dyn", 1, 1, global, to_dyn},           {"type", 1, 1, global, type_of},
};

}  // namespace

std::span<const Function> conversions() { return table; }

}  // namespace gateproof::kubernetes::cel
