// Functions of strings. Places and lengths are in characters (code points), as the language counts.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/kubernetes/cel/functions.h"

namespace gateproof::kubernetes::cel {

namespace {

using K = Value::Kind;
using Arguments = std::span<const Value>;

bool strings(Arguments a) {
  return std::ranges::all_of(a, [](const Value& v) { return v.is(K::string); });
}

// Where each character begins, and the end.
std::vector<size_t> starts(std::string_view s) {
  std::vector<size_t> out;
  for (size_t at = 0; at < s.size();) {
    out.push_back(at);
    at += std::max<size_t>(1, text::utf8_length(s.substr(at)));
  }
  out.push_back(s.size());
  return out;
}

size_t characters(std::string_view s) { return starts(s).size() - 1; }

template <class Test>
Value test(Evaluation& e, Arguments a, Test holds) {
  if (!strings(a)) return no_overload();
  if (!e.pay(a[0].text().size() / 10)) return Value::error("");
  return Value::boolean(holds(a[0].text(), a[1].text()));
}

Value contains(Evaluation& e, Arguments a) {
  return test(e, a, [](auto s, auto part) { return s.find(part) != std::string_view::npos; });
}
Value starts_with(Evaluation& e, Arguments a) {
  return test(e, a, [](auto s, auto part) { return s.starts_with(part); });
}
Value ends_with(Evaluation& e, Arguments a) {
  return test(e, a, [](auto s, auto part) { return s.ends_with(part); });
}

Value matches(Evaluation& e, Arguments a) {
  if (!strings(a)) return no_overload();
  // Compiling is the dearest part of it.
  if (!e.pay(a[0].text().size() / 10 + a[1].text().size())) return Value::error("");
  if (!e.patterns || !*e.patterns) return Value::error("expressions cannot be matched here");
  const auto compiled = (*e.patterns)(a[1].text());
  if (!compiled) return Value::error("error parsing regexp: " + compiled.error().message);
  return Value::boolean((*compiled)(a[0].text()));
}

Value size(Evaluation& e, Arguments a) {
  const Value& v = a[0];
  if (v.is(K::list) || v.is(K::map)) return Value::integer(int64_t(v.size()));
  if (v.is(K::bytes)) return Value::integer(int64_t(v.text().size()));
  if (!v.is(K::string)) return no_overload();
  if (!e.pay(v.text().size() / 10)) return Value::error("");
  return Value::integer(int64_t(characters(v.text())));
}

Value lower(Evaluation& e, Arguments a) {
  if (!strings(a)) return no_overload();
  if (!e.pay(a[0].text().size() / 10)) return Value::error("");
  return Value::string(text::to_lower(a[0].text()));
}
Value upper(Evaluation& e, Arguments a) {
  if (!strings(a)) return no_overload();
  if (!e.pay(a[0].text().size() / 10)) return Value::error("");
  return Value::string(text::to_upper(a[0].text()));
}

Value trim(Evaluation& e, Arguments a) {
  if (!strings(a)) return no_overload();
  if (!e.pay(a[0].text().size() / 10)) return Value::error("");
  std::string_view s = a[0].text();
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const size_t from = s.find_first_not_of(blanks);
  if (from == std::string_view::npos) return Value::string("");
  return Value::string(std::string(s.substr(from, s.find_last_not_of(blanks) + 1 - from)));
}

Value char_at(Evaluation& e, Arguments a) {
  if (!a[0].is(K::string) || !a[1].is(K::integer)) return no_overload();
  const std::string_view s = a[0].text();
  if (!e.pay(s.size() / 10)) return Value::error("");
  const auto at = starts(s);
  const int64_t i = a[1].integer();
  if (i < 0 || uint64_t(i) >= at.size())
    return Value::error("index out of range: " + std::to_string(i));
  if (uint64_t(i) == at.size() - 1) return Value::string("");
  return Value::string(std::string(s.substr(at[size_t(i)], at[size_t(i) + 1] - at[size_t(i)])));
}

Value substring(Evaluation& e, Arguments a) {
  if (!a[0].is(K::string) || !a[1].is(K::integer) || !a.back().is(K::integer)) return no_overload();
  const std::string_view s = a[0].text();
  if (!e.pay(s.size() / 10)) return Value::error("");
  const auto at = starts(s);
  const auto last = int64_t(at.size()) - 1;
  const int64_t from = a[1].integer(), to = a.size() == 3 ? a[2].integer() : last;
  if (from < 0 || from > last) return Value::error("index out of range: " + std::to_string(from));
  if (to < 0 || to > last) return Value::error("index out of range: " + std::to_string(to));
  if (from > to) {
    return Value::error("invalid substring range. start: " + std::to_string(from) +
                        ", end: " + std::to_string(to));
  }
  return Value::string(std::string(s.substr(at[size_t(from)], at[size_t(to)] - at[size_t(from)])));
}

// Where a part stands in characters, or -1; an offset limits where it may begin.
Value place(Evaluation& e, Arguments a, bool last) {
  if (!a[0].is(K::string) || !a[1].is(K::string) || (a.size() == 3 && !a[2].is(K::integer)))
    return no_overload();
  const std::string_view s = a[0].text(), part = a[1].text();
  if (!e.pay((s.size() + part.size()) / 10)) return Value::error("");
  const auto at = starts(s);
  size_t from = last ? s.size() : 0;
  if (a.size() == 3) {
    const int64_t i = a[2].integer();
    if (i < 0 || uint64_t(i) > at.size() - 1)
      return Value::error("index out of range: " + std::to_string(i));
    from = at[size_t(i)];
  }
  const size_t found = last ? s.rfind(part, from) : s.find(part, from);
  if (found == std::string_view::npos) return Value::integer(-1);
  return Value::integer(std::ranges::lower_bound(at, found) - at.begin());
}

}  // namespace

// list_functions() has the same names for lists.
Value text_index_of(Evaluation& e, Arguments a) { return place(e, a, false); }
Value text_last_index_of(Evaluation& e, Arguments a) { return place(e, a, true); }

namespace {

// At most `limit` parts; negative: all.
Value split(Evaluation& e, Arguments a) {
  if (!a[0].is(K::string) || !a[1].is(K::string) || (a.size() == 3 && !a[2].is(K::integer)))
    return no_overload();
  std::string_view s = a[0].text();
  const std::string_view by = a[1].text();
  const int64_t limit = a.size() == 3 ? a[2].integer() : -1;
  if (!e.pay(s.size())) return Value::error("");
  Values out;
  if (limit == 0) return Value::list({});
  while (limit < 0 || int64_t(out.size()) + 1 < limit) {
    size_t end = by.empty() ? text::utf8_length(s) : s.find(by);
    if (by.empty() && (end == 0 || end >= s.size())) break;
    if (end == std::string_view::npos) break;
    out.push_back(Value::string(std::string(s.substr(0, end))));
    s.remove_prefix(end + by.size());
  }
  if (!by.empty() || !s.empty()) out.push_back(Value::string(std::string(s)));
  return Value::list(std::move(out));
}

Value join(Evaluation& e, Arguments a) {
  if (!a[0].is(K::list) || (a.size() == 2 && !a[1].is(K::string))) return no_overload();
  const std::string_view by = a.size() == 2 ? a[1].text() : std::string_view();
  std::string out;
  for (size_t i = 0; i < a[0].size(); ++i) {
    const Value item = a[0].at(i);
    if (!item.is(K::string)) return no_overload();
    if (!e.pay(1 + (item.text().size() + by.size()) / 10)) return Value::error("");
    if (i) out += by;
    out += item.text();
    if (out.size() > made_bytes_max) return Value::error("a string is too long");
  }
  return Value::string(std::move(out));
}

Value replace(Evaluation& e, Arguments a) {
  if (!strings(a.first(3)) || (a.size() == 4 && !a[3].is(K::integer))) return no_overload();
  std::string_view s = a[0].text();
  const std::string_view from = a[1].text(), to = a[2].text();
  int64_t left = a.size() == 4 ? a[3].integer() : -1;
  std::string out;
  while (left != 0) {
    const size_t found = s.find(from);
    if (found == std::string_view::npos || (from.empty() && s.empty())) break;
    if (!e.pay(1 + (found + to.size()) / 10)) return Value::error("");
    out += std::string(s.substr(0, found)) + std::string(to);
    // Of an empty text there is one before each character.
    const size_t step = from.empty() ? std::max<size_t>(1, text::utf8_length(s)) : 0;
    out += s.substr(found, step);
    s.remove_prefix(found + from.size() + step);
    if (out.size() > made_bytes_max) return Value::error("a string is too long");
    if (left > 0) --left;
  }
  if (from.empty() && s.empty() && left != 0) out += to;
  return Value::string(out + std::string(s));
}

constexpr auto member = Function::Style::member;
constexpr Function table[] = {
    {"contains", 2, 2, member, contains},
    {"startsWith", 2, 2, member, starts_with},
    {"endsWith", 2, 2, member, ends_with},
    {"matches", 2, 2, Function::Style::either, matches},
    {"size", 1, 1, Function::Style::either, size},
    {"lowerAscii", 1, 1, member, lower},
    {"upperAscii", 1, 1, member, upper},
    {"trim", 1, 1, member, trim},
    {"charAt", 2, 2, member, char_at},
    {"substring", 2, 3, member, substring},
    {"split", 2, 3, member, split},
    {"join", 1, 2, member, join},
    {"replace", 3, 4, member, replace},
};

}  // namespace

std::span<const Function> text_functions() { return table; }

}  // namespace gateproof::kubernetes::cel
