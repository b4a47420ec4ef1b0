#include "engine/config/template/format.h"

#include <charconv>
#include <cmath>

#include "engine/base/text.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

std::string format_float(double d, char verb, int precision) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-Inf" : "+Inf";
  char buffer[512];
  const char lower = text::lower(verb);
  std::to_chars_result r{};
  if (lower == 'g' && precision < 0) {
    // Go's shortest %g has the exponent form below 1e-4 and from 1e6 on.
    r = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific);
    const std::string_view s(buffer, size_t(r.ptr - buffer));
    const size_t e = s.find('e');
    int exponent = 0;
    std::from_chars(s.data() + e + (s[e + 1] == '+' ? 2 : 1), r.ptr, exponent);
    constexpr int limit = 6;  // strconv's eprec of the shortest form
    if (exponent >= -4 && exponent < limit)
      r = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::fixed);
  } else {
    const auto format = lower == 'e'   ? std::chars_format::scientific
                        : lower == 'f' ? std::chars_format::fixed
                                       : std::chars_format::general;
    // Beyond 60 digits a double has only zeros or noise; Go prints zeros, and nobody asks for them.
    r = precision < 0
            ? std::to_chars(buffer, buffer + sizeof buffer, d, format)
            : std::to_chars(buffer, buffer + sizeof buffer, d, format, std::min(precision, 60));
  }
  std::string out(buffer, r.ec == std::errc() ? size_t(r.ptr - buffer) : 0);
  return verb == lower ? out : text::to_upper(out);
}

namespace {

class Printer {
 public:
  explicit Printer(Store& store) : store_(store) {}

  std::string out;

  void print(const Val& v, char verb = 'v') {
    *this = Printer(store_, std::move(out));
    verb_ = verb;
    argument(v);
  }

  void format(std::string_view f, std::span<const Val> args) {
    size_t next = 0;
    bool reordered = false;
    for (size_t i = 0; i < f.size() && store_.spent.empty();) {
      const size_t percent = std::min(f.find('%', i), f.size());
      add(f.substr(i, percent - i));
      i = percent + 1;
      if (percent == f.size()) break;
      *this = Printer(store_, std::move(out));
      bool good = true;
      directive_flags(f, i);
      index(f, i, args.size(), next, good, reordered);
      width(f, i, args, next, good, reordered);
      precision(f, i, args, next, good, reordered);
      if (i >= f.size()) {
        add("%!(NOVERB)");
        break;
      }
      size_t n = 1;
      rune_at(f, i, &n);
      const std::string_view verb = f.substr(i, n);
      i += n;
      if (verb == "%") {
        add("%");
      } else if (!good) {
        add("%!" + std::string(verb) + "(BADINDEX)");
      } else if (next >= args.size()) {
        add("%!" + std::string(verb) + "(MISSING)");
      } else {
        verb_ = n == 1 ? verb[0] : '\0';
        wide_verb_ = verb;
        argument(args[next++]);
      }
    }
    if (!reordered && next < args.size()) extra(args.subspan(next));
  }

 private:
  Printer(Store& store, std::string so_far) : out(std::move(so_far)), store_(store) {}
  Printer& operator=(Printer&& o) {
    out = std::move(o.out);
    verb_ = 'v';
    wide_verb_ = "v";
    width_ = precision_ = 0;
    wide_ = precise_ = minus_ = plus_ = sharp_ = space_ = zero_ = sharp_v_ = false;
    return *this;
  }

  void add(std::string_view s) {
    // Printing is bounded as it goes, or a value that shares its parts would grow without end.
    if (store_.charge(s.size())) out += s;
  }

  void directive_flags(std::string_view f, size_t& i) {
    for (; i < f.size(); ++i) {
      switch (f[i]) {
        case '#': sharp_ = true; continue;
        case '0': zero_ = !minus_; continue;
        case '+': plus_ = true; continue;
        case '-':
          minus_ = true;
          zero_ = false;
          continue;
        case ' ': space_ = true; continue;
        default: return;
      }
    }
  }

  static constexpr int most = 1'000'000;  // fmt's own bound of widths and precisions

  static bool number(std::string_view f, size_t& i, int& out) {
    const size_t from = i;
    int n = 0;
    for (; i < f.size() && text::is_digit(f[i]); ++i) {
      n = n * 10 + (f[i] - '0');
      if (n > most) {
        while (i < f.size() && text::is_digit(f[i])) ++i;
        out = 0;
        return false;
      }
    }
    if (i > from) out = n;
    return i > from;
  }

  // [3]: the next argument is the third.
  void index(std::string_view f, size_t& i, size_t count, size_t& next, bool& good,
             bool& reordered) {
    if (i >= f.size() || f[i] != '[') return;
    reordered = true;
    const size_t close = f.find(']', i);
    if (close == f.npos) {
      good = false;
      ++i;
      return;
    }
    size_t at = i + 1;
    int n = 0;
    const bool read = number(f, at, n) && at == close && n >= 1 && size_t(n) <= count;
    i = close + 1;
    if (read) {
      next = size_t(n) - 1;
    } else {
      good = false;
    }
  }

  static int star(std::span<const Val> args, size_t& next, bool& found) {
    found = false;
    if (next >= args.size()) return 0;
    const Val& v = args[next++];
    if (!v.is_int() || v.i > most || v.i < -most) return 0;
    found = true;
    return int(v.i);
  }

  void width(std::string_view f, size_t& i, std::span<const Val> args, size_t& next, bool& good,
             bool& reordered) {
    if (i >= f.size() || f[i] != '*') {
      wide_ = number(f, i, width_);
      return;
    }
    ++i;
    width_ = star(args, next, wide_);
    if (!wide_) add("%!(BADWIDTH)");
    if (width_ < 0) {
      width_ = -width_;
      minus_ = true;
      zero_ = false;
    }
    index(f, i, args.size(), next, good, reordered);
  }

  void precision(std::string_view f, size_t& i, std::span<const Val> args, size_t& next, bool& good,
                 bool& reordered) {
    if (i >= f.size() || f[i] != '.') return;
    ++i;
    index(f, i, args.size(), next, good, reordered);
    if (i < f.size() && f[i] == '*') {
      ++i;
      precision_ = star(args, next, precise_);
      if (precision_ < 0) precise_ = false;
      if (!precise_) add("%!(BADPREC)");
    } else {
      precise_ = true;
      if (!number(f, i, precision_)) precision_ = 0;
    }
    index(f, i, args.size(), next, good, reordered);
  }

  void extra(std::span<const Val> args) {
    *this = Printer(store_, std::move(out));
    add("%!(EXTRA ");
    for (size_t k = 0; k < args.size(); ++k) {
      if (k > 0) add(", ");
      if (args[k].empty()) {
        add("<nil>");
        continue;
      }
      add(type_name(args[k]) + "=");
      argument(args[k]);
    }
    add(")");
  }

  void pad(std::string_view s) {
    size_t runes = 0;
    for (char c : s) runes += (c & 0xc0) != 0x80;
    const size_t fill = wide_ && size_t(width_) > runes ? size_t(width_) - runes : 0;
    if (!minus_) add(std::string(fill, zero_ ? '0' : ' '));
    add(s);
    if (minus_) add(std::string(fill, ' '));
  }

  void argument(const Val& v) {
    if (verb_ == 'T') return pad(v.empty() ? "<nil>" : type_name(v));
    if (v.empty()) {
      if (verb_ == 'v') return pad("<nil>");
      return bad(v);
    }
    if (verb_ == 'v') {
      sharp_v_ = std::exchange(sharp_, false);
      plus_ = false;
    }
    value(v, 0);
  }

  void bad(const Val& v) {
    add("%!" + std::string(wide_verb_) + "(");
    if (v.empty()) {
      add("<nil>");
    } else {
      add(type_name(v) + "=");
      const char verb = std::exchange(verb_, 'v');
      value(v, 0);
      verb_ = verb;
    }
    add(")");
  }

  void value(const Val& v, size_t depth) {
    if (store_.deep(depth)) return;
    switch (v.kind) {
      case Val::none:
      case Val::nil: return add(sharp_v_ ? "interface {}(nil)" : "<nil>");
      case Val::boolean: return verb_ == 'v' || verb_ == 't' ? pad(v.i ? "true" : "false") : bad(v);
      case Val::real: return real(v);
      case Val::text: return string(v);
      case Val::list: return list(v, depth);
      case Val::map: return map(v, depth);
      default: return integer(v);
    }
  }

  void list(const Val& v, size_t depth) {
    const auto& items = v.l->items;
    add(sharp_v_ ? type_name(v) + "{" : "[");
    for (size_t i = 0; i < items.size() && store_.spent.empty(); ++i) {
      if (i) add(sharp_v_ ? ", " : " ");
      value(items[i], depth + 1);
    }
    add(sharp_v_ ? "}" : "]");
  }

  void map(const Val& v, size_t depth) {
    add(sharp_v_ ? type_name(v) + "{" : "map[");
    bool first = true;
    for (const auto& [key, item] : v.m->entries) {
      if (!store_.spent.empty()) break;
      if (!std::exchange(first, false)) add(sharp_v_ ? ", " : " ");
      value(Val::text_of(key), depth + 1);
      add(":");
      value(item, depth + 1);
    }
    add(sharp_v_ ? "}" : "]");
  }

  void integer(const Val& v) {
    const bool negative = v.i < 0;
    const uint64_t n = negative ? uint64_t(0) - uint64_t(v.i) : uint64_t(v.i);
    switch (verb_) {
      case 'v': return digits(n, 10, negative, sharp_v_ && v.kind == Val::byte ? "0x" : "", false);
      case 'd': return digits(n, 10, negative, "", false);
      case 'b': return digits(n, 2, negative, sharp_ ? "0b" : "", false);
      case 'o': return digits(n, 8, negative, sharp_ ? "0" : "", false);
      case 'O': return digits(n, 8, negative, "0o", false);
      case 'x': return digits(n, 16, negative, sharp_ ? "0x" : "", false);
      case 'X': return digits(n, 16, negative, sharp_ ? "0X" : "", true);
      case 'c': {
        std::string s;
        append_rune(s, n > 0x10ffff || negative ? 0xfffd : uint32_t(n));
        return pad(s);
      }
      case 'q': {
        std::string s;
        append_rune(s, n > 0x10ffff || negative ? 0xfffd : uint32_t(n));
        std::string q = literal_quote(s);
        q = q.substr(1, q.size() - 2);
        if (q == "'") q = "\\'";
        if (q == "\\\"") q = "\"";
        return pad("'" + q + "'");
      }
      case 'U': {
        char hex[20];
        const auto r = std::to_chars(hex, hex + sizeof hex, n, 16);
        std::string s = text::to_upper(std::string_view(hex, size_t(r.ptr - hex)));
        if (s.size() < 4) s.insert(0, 4 - s.size(), '0');
        return pad("U+" + s);
      }
      default: return bad(v);
    }
  }

  void digits(uint64_t n, int base, bool negative, std::string_view prefix, bool upper) {
    char buffer[72];
    const auto r = std::to_chars(buffer, buffer + sizeof buffer, n, base);
    std::string s(buffer, size_t(r.ptr - buffer));
    if (upper) s = text::to_upper(s);
    size_t least = 0;
    if (precise_) {
      least = size_t(precision_);
      if (least == 0 && n == 0) s.clear();
    } else if (zero_ && wide_) {
      least = size_t(width_) - std::min(size_t(width_), size_t(negative || plus_ || space_));
    }
    if (s.size() < least && store_.charge(least)) s.insert(0, least - s.size(), '0');
    s.insert(0, prefix);
    if (negative || plus_ || space_) s.insert(0, negative ? "-" : plus_ ? "+" : " ");
    const bool zero = std::exchange(zero_, false);
    pad(s);
    zero_ = zero;
  }

  void real(const Val& v) {
    char verb = verb_;
    int precision = precise_ ? precision_ : -1;
    if (verb == 'v') verb = 'g';
    if (verb == 'F') verb = 'f';
    if (std::string_view("eEfgG").find(verb) == std::string_view::npos || verb == '\0') {
      if (verb_ != 'x' && verb_ != 'X' && verb_ != 'b') return bad(v);
      return hex_float(v.d);
    }
    if (precision < 0 && verb != 'g' && verb != 'G') precision = 6;
    signed_number(format_float(v.d, verb, precision));
  }

  // %x of a float: its own form, 0x1.8p+01.
  void hex_float(double d) {
    char buffer[64];
    const auto r =
        std::to_chars(buffer, buffer + sizeof buffer, std::abs(d), std::chars_format::hex);
    std::string s(buffer, size_t(r.ptr - buffer));
    const size_t p = s.find('p');
    if (p != s.npos && s.size() == p + 3) s.insert(p + 2, "0");
    s = (std::signbit(d) ? "-0x" : "0x") + s;
    signed_number(verb_ == 'X' ? text::to_upper(s) : s);
  }

  void signed_number(std::string s) {
    if (s.front() != '-' && s.front() != '+') s.insert(0, "+");
    const bool sign = plus_ || s.front() == '-';
    if (!sign) s.erase(0, 1);
    if (!sign && space_) s.insert(0, " ");
    if (zero_ && wide_ && size_t(width_) > s.size() && text::is_digit(s.back())) {
      if (store_.charge(size_t(width_)))
        s.insert(sign || space_ ? 1 : 0, size_t(width_) - s.size(), '0');
    }
    const bool zero = std::exchange(zero_, false);
    pad(s);
    zero_ = zero;
  }

  std::string_view cut(std::string_view s) const {
    if (!precise_) return s;
    size_t i = 0;
    for (int n = 0; n < precision_ && i < s.size(); ++n) {
      size_t length = 1;
      rune_at(s, i, &length);
      i += length;
    }
    return s.substr(0, i);
  }

  void string(const Val& v) {
    switch (verb_) {
      case 'v':
        if (sharp_v_) return pad(literal_quote(v.s));
        [[fallthrough]];
      case 's': return pad(cut(v.s));
      case 'q': {
        const std::string_view s = cut(v.s);
        const bool raw = sharp_ && s.find_first_of("`\n\r\x7f") == s.npos;
        return pad(raw ? "`" + std::string(s) + "`" : literal_quote(s));
      }
      case 'x':
      case 'X': {
        constexpr std::string_view hex = "0123456789abcdef";
        std::string s;
        const std::string_view bytes =
            precise_ ? v.s.substr(0, size_t(precision_)) : std::string_view(v.s);
        if (!store_.charge(bytes.size() * 3)) return;
        for (size_t i = 0; i < bytes.size(); ++i) {
          if (space_ && i) s += ' ';
          if (sharp_ && (i == 0 || space_)) s += "0x";
          s += {hex[uint8_t(bytes[i]) >> 4], hex[uint8_t(bytes[i]) & 15]};
        }
        return pad(verb_ == 'X' ? text::to_upper(s) : s);
      }
      default: return bad(v);
    }
  }

  Store& store_;
  char verb_ = 'v';
  std::string_view wide_verb_ = "v";
  int width_ = 0, precision_ = 0;
  bool wide_ = false, precise_ = false, minus_ = false, plus_ = false, sharp_ = false,
       space_ = false, zero_ = false, sharp_v_ = false;
};

}  // namespace

std::string printed(const Val& v, Store& store) {
  if (v.empty()) return "<no value>";
  if (v.kind == Val::text) return std::string(v.s);
  return sprint({&v, 1}, store);
}

std::string sprint(std::span<const Val> args, Store& store) {
  Printer p(store);
  for (size_t i = 0; i < args.size(); ++i) {
    // A blank between operands when neither is a text.
    if (i && args[i].kind != Val::text && args[i - 1].kind != Val::text) p.out += ' ';
    p.print(args[i]);
  }
  return std::move(p.out);
}

std::string sprintln(std::span<const Val> args, Store& store) {
  Printer p(store);
  for (size_t i = 0; i < args.size(); ++i) {
    if (i) p.out += ' ';
    p.print(args[i]);
  }
  return std::move(p.out) + "\n";
}

std::string sprintf(std::string_view format, std::span<const Val> args, Store& store) {
  Printer p(store);
  p.format(format, args);
  return std::move(p.out);
}

}  // namespace gateproof::config::tmpl
