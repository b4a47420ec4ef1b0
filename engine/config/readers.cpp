// Readers of one value, with the conversions of Traefik's file decoder.
#include <charconv>
#include <cmath>

#include "engine/base/text.h"
#include "engine/config/plain_scalar.h"
#include "engine/config/schema.h"

namespace gateproof::config {

namespace {

std::string kind_name(const Value& v) {
  switch (v.kind) {
    case Value::null: return "nothing";
    case Value::scalar: return text::quote(v.text);
    case Value::sequence: return "a list";
    case Value::mapping: return "an object";
  }
  return "";
}

// The value's text for a field that takes one scalar.
std::optional<std::string> one_text(const Value& v, std::string_view wanted, DecodeContext& c) {
  if (v.kind == Value::scalar) return scalar_text(v, c);
  if (c.flat()) {
    c.error("GP0102", v, "expected " + std::string(wanted) + ", found options below it",
            "write one value, and nothing behind the name");
    return std::nullopt;
  }
  if (v.kind == Value::null || (v.kind == Value::mapping && v.members.empty()))
    return std::string();
  if (v.kind == Value::sequence) {
    for (const Value& item : v.items) {
      if (item.kind == Value::scalar) continue;
      c.error("GP0102", item,
              "expected " + std::string(wanted) + ", found a list with " + kind_name(item),
              "write one value, not a list");
      return std::nullopt;
    }
    // What Traefik's decoder leaves in the field: its own list separator and the elements.
    c.findings.add("GP0107", v.span, std::string(c.object),
                   "expected " + std::string(wanted) +
                       ", found a list; Traefik takes its raw form as the value",
                   "write one value, not a list");
    std::string raw;
    if (!v.items.empty())
      raw =
          "\xE2\x95\x91"
          "24"
          "\xE2\x95\x91";
    for (size_t i = 0; i < v.items.size(); ++i) {
      raw += (i ? "\xE2\x95\x91" : "") + scalar_text(v.items[i], c).value_or("");
    }
    return raw;
  }
  c.error("GP0102", v, "expected " + std::string(wanted) + ", found " + kind_name(v),
          "write one value, not " + kind_name(v));
  return std::nullopt;
}

// Elements of a list of scalars; one scalar is split at commas, as Traefik does.
std::vector<Text> text_items(const Value& v, DecodeContext& c) {
  std::vector<Text> out;
  if (v.kind == Value::scalar) {
    const auto text = scalar_text(v, c);
    if (!text || text->empty()) return out;
    size_t at = 0;
    for (std::string_view part : text::split(*text, ',')) {
      const std::string_view trimmed = text::trim(part);
      const size_t skip = size_t(trimmed.data() - part.data());
      out.push_back(
          {std::string(trimmed), v.span.at(uint32_t(at + skip), uint32_t(trimmed.size()))});
      at += part.size() + 1;
    }
    return out;
  }
  if (c.flat()) {
    // Traefik looks at the value of the list's own name only.
    if (v.kind != Value::null) {
      c.findings.add("GP0107", v.span, std::string(c.object),
                     "a list of texts is one value here; what is written by index is lost",
                     "write the elements in one value, with commas between them");
    }
    return out;
  }
  for (const Value& item : v.items) {
    if (item.kind != Value::scalar) {
      c.error("GP0102", item, "expected a text in this list, found " + kind_name(item),
              item.kind == Value::null ? "remove the empty element"
                                       : "write plain values in this list");
      continue;
    }
    const auto text = scalar_text(item, c);
    // Files lose the blanks around an element; a list that says `quoted` comes from an API server, and its texts are as they are.
    if (text)
      out.push_back(
          {std::string(v.quoted ? std::string_view(*text) : text::trim(*text)), item.span});
  }
  if (v.kind == Value::mapping) {
    c.findings.add("GP0107", v.span, std::string(c.object),
                   "expected a list, found an object; it is ignored", "write the values as a list");
  }
  return out;
}

}  // namespace

std::optional<std::string> scalar_text(const Value& v, DecodeContext& c) {
  if (v.kind != Value::scalar) return std::nullopt;
  if (v.quoted) return v.text;
  PlainScalar plain = resolve_plain(v.text);
  switch (plain.kind) {
    case PlainScalar::null: return std::nullopt;
    case PlainScalar::text: return v.text;
    case PlainScalar::date:
      c.error("GP0102", v,
              "this is read as a date, which no option takes: uses unsupported type: struct",
              "write it in quotes");
      return std::nullopt;
    default: return std::move(plain.spelled);
  }
}

std::optional<bool> parse_bool(std::string_view s) {
  for (std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (s == yes) return true;
  }
  for (std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (s == no) return false;
  }
  return std::nullopt;
}

std::optional<int64_t> parse_decimal(std::string_view s) {
  const bool plus = !s.empty() && s.front() == '+';
  if (plus) s.remove_prefix(1);
  if (plus && !s.empty() && s.front() == '-') return std::nullopt;
  int64_t v = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (s.empty() || ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return v;
}

void read_value(const Value& v, std::string& out, DecodeContext& c) {
  if (auto text = one_text(v, "a text", c)) out = std::move(*text);
}

void read_value(const Value& v, Text& out, DecodeContext& c) {
  if (auto text = one_text(v, "a text", c)) out = {std::move(*text), v.span};
}

void read_value(const Value& v, bool& out, DecodeContext& c) {
  const auto text = one_text(v, "true or false", c);
  if (!text) return;
  if (const auto b = parse_bool(*text)) {
    out = *b;
  } else {
    c.error("GP0105", v, "strconv.ParseBool: parsing " + text::quote(*text) + ": invalid syntax",
            "write true or false");
  }
}

namespace {

std::optional<int64_t> read_integer(const Value& v, int64_t low, int64_t high, DecodeContext& c) {
  const auto text = one_text(v, "an integer", c);
  if (!text) return std::nullopt;
  const auto n = parse_decimal(*text);
  if (n && *n >= low && *n <= high) return n;
  const bool digits =
      text->find_first_not_of("+-0123456789") == std::string::npos && !text->empty();
  c.error("GP0104", v,
          "strconv.ParseInt: parsing " + text::quote(*text) + ": " +
              (digits ? "value out of range" : "invalid syntax"),
          digits ? "write an integer from " + std::to_string(low) + " to " + std::to_string(high)
                 : "write an integer");
  return std::nullopt;
}

}  // namespace

void read_value(const Value& v, int64_t& out, DecodeContext& c) {
  if (const auto n = read_integer(v, INT64_MIN, INT64_MAX, c)) out = *n;
}

// Go's int is 64 bits wide where Traefik runs; options that end in an int here are narrower in meaning, so the bounds are ours.
void read_value(const Value& v, int& out, DecodeContext& c) {
  if (const auto n = read_integer(v, INT32_MIN, INT32_MAX, c)) out = int(*n);
}

void read_value(const Value& v, Located<int64_t>& out, DecodeContext& c) {
  if (const auto n = read_integer(v, INT64_MIN, INT64_MAX, c)) out = {*n, v.span};
}

void read_value(const Value& v, double& out, DecodeContext& c) {
  const auto text = one_text(v, "a number", c);
  if (!text) return;
  double d = 0;
  const char* end = text->data() + text->size();
  const auto [p, ec] = std::from_chars(text->data(), end, d);
  if (ec == std::errc() && p == end && !text->empty()) {
    out = d;
  } else {
    c.error("GP0104", v, "strconv.ParseFloat: parsing " + text::quote(*text) + ": invalid syntax",
            "write a number");
  }
}

void read_value(const Value& v, Duration& out, DecodeContext& c) {
  const auto text = one_text(v, "a duration", c);
  if (!text) return;
  if (const auto d = parse_duration(*text)) {
    out = *d;
  } else {
    c.error("GP0106", v, "time: invalid duration " + text::quote(*text),
            "write seconds as an integer, or a number with a unit: 300ms, 10s, 1m30s, 2h");
  }
}

void read_value(const Value& v, std::vector<std::string>& out, DecodeContext& c) {
  out.clear();
  for (Text& t : text_items(v, c)) out.push_back(std::move(t.value));
}

void read_value(const Value& v, std::vector<Text>& out, DecodeContext& c) {
  out = text_items(v, c);
}

namespace {

// Each element of a list through the reader of one element, with its own span.
template <class T>
void read_numbers(const Value& v, std::vector<T>& out, DecodeContext& c) {
  out.clear();
  for (const Text& t : text_items(v, c)) {
    Value one;
    one.kind = Value::scalar;
    one.quoted = true;
    one.text = t.value;
    one.span = t.span;
    read_value(one, out.emplace_back(), c);
  }
}

}  // namespace

void read_value(const Value& v, std::vector<int64_t>& out, DecodeContext& c) {
  read_numbers(v, out, c);
}
void read_value(const Value& v, std::vector<double>& out, DecodeContext& c) {
  read_numbers(v, out, c);
}

namespace {

// Objects inside a map of texts become dotted names, as in Traefik.
void read_flat(const Value& v, const std::string& prefix, std::map<std::string, std::string>& out,
               DecodeContext& c) {
  for (const Value::Member& m : v.members) {
    if (m.value.kind == Value::null) continue;
    if (m.value.kind == Value::mapping && !m.value.members.empty()) {
      read_flat(m.value, prefix + m.key + ".", out, c);
    } else {
      read_value(m.value, out[prefix + m.key], c);
    }
  }
}

}  // namespace

void read_value(const Value& v, std::map<std::string, std::string>& out, DecodeContext& c) {
  out.clear();
  if (v.kind != Value::mapping) {
    if (v.kind != Value::null) {
      c.error("GP0102", v, "expected an object with names and values, found " + kind_name(v),
              "write `name: value` lines");
    }
    return;
  }
  read_flat(v, "", out, c);
}

}  // namespace gateproof::config
