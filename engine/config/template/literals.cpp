#include "engine/config/template/literals.h"

#include <charconv>
#include <cmath>

#include "engine/base/text.h"

namespace gateproof::config::tmpl {

uint32_t rune_at(std::string_view s, size_t i, size_t* length) {
  const auto byte = [&](size_t k) { return k < s.size() ? uint8_t(s[k]) : 0u; };
  const uint32_t b = byte(i);
  *length = 1;
  if (b < 0x80) return b;
  const size_t n = b >= 0xf0 && b < 0xf5   ? 4
                   : b >= 0xe0 && b < 0xf0 ? 3
                   : b >= 0xc2 && b < 0xe0 ? 2
                                           : 0;
  if (n == 0) return 0xfffd;
  uint32_t r = b & (0x7f >> n);
  for (size_t k = 1; k < n; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0xfffd;
    r = r << 6 | (byte(i + k) & 0x3f);
  }
  constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (r < least[n] || r > 0x10ffff || (r >= 0xd800 && r < 0xe000)) return 0xfffd;
  *length = n;
  return r;
}

void append_rune(std::string& out, uint32_t r) {
  if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000)) r = 0xfffd;
  if (r < 0x80) {
    out += char(r);
  } else if (r < 0x800) {
    out += char(0xc0 | r >> 6);
    out += char(0x80 | (r & 0x3f));
  } else if (r < 0x10000) {
    out += char(0xe0 | r >> 12);
    out += char(0x80 | (r >> 6 & 0x3f));
    out += char(0x80 | (r & 0x3f));
  } else {
    out += char(0xf0 | r >> 18);
    out += char(0x80 | (r >> 12 & 0x3f));
    out += char(0x80 | (r >> 6 & 0x3f));
    out += char(0x80 | (r & 0x3f));
  }
}

namespace {

// One escape behind its backslash, at s[i]; moves i past it. False: no escape of Go's.
bool escape(std::string_view s, size_t& i, char quote, std::string& out, uint32_t* rune) {
  if (i >= s.size()) return false;
  const char c = s[i++];
  constexpr std::string_view names = "abfnrtv\\";
  constexpr std::string_view values = "\a\b\f\n\r\t\v\\";
  if (const size_t at = names.find(c); at != names.npos) {
    *rune = uint8_t(values[at]);
    out += values[at];
    return true;
  }
  if (c == quote) {
    *rune = uint8_t(c);
    out += c;
    return true;
  }
  const bool octal = c >= '0' && c <= '7';
  const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : octal ? 3 : 0;
  if (digits == 0) return false;
  if (octal) --i;
  uint32_t v = 0;
  for (size_t k = 0; k < digits; ++k, ++i) {
    const int h = i < s.size() ? text::hex_value(s[i]) : -1;
    if (h < 0 || (octal && h > 7)) return false;
    v = v * (octal ? 8 : 16) + uint32_t(h);
  }
  if (octal && v > 255) return false;
  if (digits > 3 && (v > 0x10ffff || (v >= 0xd800 && v < 0xe000))) return false;
  *rune = v;
  if (c == 'x' || octal) {
    out += char(v);
  } else {
    append_rune(out, v);
  }
  return true;
}

}  // namespace

std::optional<std::string> unquote_text(std::string_view literal) {
  if (literal.size() < 2) return std::nullopt;
  const std::string_view s = literal.substr(1, literal.size() - 2);
  std::string out;
  if (literal.front() == '`') {
    for (char c : s) {
      if (c != '\r') out += c;
    }
    return out;
  }
  for (size_t i = 0; i < s.size();) {
    uint32_t rune = 0;
    if (s[i] != '\\') {
      out += s[i++];
    } else if (!escape(s, ++i, '"', out, &rune)) {
      return std::nullopt;
    }
  }
  return out;
}

namespace {

// strconv.IsPrint as far as texts of configurations go: no blanks but U+0020, no marks without width, no private use.
bool printable(uint32_t r) {
  const auto in = [r](uint32_t from, uint32_t to) { return r >= from && r <= to; };
  return !in(0x7f, 0xa0) && r != 0xad && r != 0x1680 && !in(0x2000, 0x200f) &&
         !in(0x2028, 0x202f) && !in(0x205f, 0x206f) && r != 0x3000 && !in(0xe000, 0xf8ff) &&
         r != 0xfeff && !in(0xfff0, 0xfffb) && r != 0xfffe && r != 0xffff;
}

}  // namespace

std::string literal_quote(std::string_view s) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (size_t i = 0; i < s.size();) {
    size_t n = 1;
    const uint32_t r = rune_at(s, i, &n);
    const auto byte = [&](uint8_t b) { (out += "\\x") += {hex[b >> 4], hex[b & 15]}; };
    if (r == 0xfffd && n == 1) {
      byte(uint8_t(s[i]));
    } else if (r == '"' || r == '\\') {
      (out += '\\') += char(r);
    } else if (r >= 7 && r <= 13) {
      (out += '\\') += "abtnvfr"[r - 7];
    } else if (r < 0x20 || r == 0x7f) {
      byte(uint8_t(r));
    } else if (r < 0x10000 && !printable(r)) {
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += hex[r >> shift & 15];
    } else {
      out += s.substr(i, n);
    }
    i += n;
  }
  return out + '"';
}

std::optional<int64_t> parse_any_base(std::string_view s) {
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  int base = 10;
  bool prefixed = false;
  if (s.size() > 1 && s[0] == '0') {
    const char c = text::lower(s[1]);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    s.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
    prefixed = true;
  }
  std::string digits;
  bool after_digit = prefixed;  // an underscore may follow a prefix or a digit
  for (char c : s) {
    if (c == '_' ? !after_digit : text::hex_value(c) < 0) return std::nullopt;
    after_digit = c != '_';
    if (after_digit) digits += c;
  }
  if (digits.empty() || !after_digit) return std::nullopt;
  uint64_t n = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n, base);
  if (ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const uint64_t most = uint64_t(INT64_MAX) + negative;
  if (n > most) return std::nullopt;
  return negative ? int64_t(-n) : int64_t(n);
}

std::optional<double> parse_float(std::string_view s) {
  std::string plain;
  for (char c : s) {
    if (c != '_') plain += c;
  }
  if (plain.starts_with('+')) plain.erase(0, 1);
  const bool negative = plain.starts_with('-');
  if (negative) plain.erase(0, 1);
  // Go's own names only: inf, infinity, nan in any case are what from_chars takes as well.
  std::chars_format format = std::chars_format::general;
  if (plain.size() > 2 && plain[0] == '0' && text::lower(plain[1]) == 'x') {
    plain.erase(0, 2);
    format = std::chars_format::hex;
  }
  if (plain.empty() || plain[0] == '-' || plain.find('(') != plain.npos) return std::nullopt;
  double d = 0;
  const auto [end, ec] = std::from_chars(plain.data(), plain.data() + plain.size(), d, format);
  if (ec != std::errc() || end != plain.data() + plain.size()) return std::nullopt;
  return negative ? -d : d;
}

bool read_number(std::string_view text, bool character, Val& value, bool& integral, int64_t& whole,
                 std::string& why) {
  if (character) {
    const std::string_view s = text.substr(1, text.size() - 2);
    size_t n = s.size();
    uint32_t rune = 0;
    if (s.starts_with('\\')) {
      std::string ignored;
      n = 1;
      if (!escape(s, n, '\'', ignored, &rune)) n = 0;
    } else if (!s.empty()) {
      rune = rune_at(s, 0, &n);
    }
    if (n != s.size() || s.empty()) {
      why = "malformed character constant: " + std::string(text);
      return false;
    }
    integral = true;
    whole = rune;
    value = Val::int_of(rune);
    return true;
  }
  if (text.ends_with('i')) {
    why = "the complex number " + std::string(text) + " is not executed here";
    return false;
  }
  if (const auto n = parse_any_base(text)) {
    integral = true;
    whole = *n;
    value = Val::int_of(*n);
    return true;
  }
  const auto d = parse_float(text);
  if (!d) return false;
  if (text.find_first_of(".eEpP") == text.npos) {
    why = (std::abs(*d) < 18446744073709551616.0 ? "" : "integer overflow: ") + literal_quote(text);
    if (std::abs(*d) < 18446744073709551616.0) why = std::string(text) + " overflows int";
    return false;
  }
  value = Val::real_of(*d);
  integral = std::abs(*d) < 9.2e18 && double(int64_t(*d)) == *d;
  whole = integral ? int64_t(*d) : 0;
  return true;
}

}  // namespace gateproof::config::tmpl
