// Numbers, string values, positions and runes: the parts of the lexer that need no state of their own.
#include "engine/base/text.h"
#include "engine/rules/lexer.h"

namespace gateproof::rules {

// Consumes digits and '_' of a base; `bad` becomes the offset of the first digit that is too large.
void Lexer::digits(int base, bool& any, int& bad) {
  const int accepted = base <= 10 ? 10 : 16;
  while (at_ < s_.size()) {
    const int d = text::hex_value(s_[at_]);
    if (s_[at_] != '_' && (d < 0 || d >= accepted)) break;
    if (d >= base && bad < 0) bad = static_cast<int>(at_);
    any = any || s_[at_] != '_';
    ++at_;
  }
}

// Numbers never make a valid rule; they are read so that the message is the one that Traefik gives.
Token Lexer::number() {
  semicolon_ = true;
  const size_t begin = at_;
  int base = 10;
  bool any = false;
  int bad = -1;
  std::string_view name = "decimal";
  bool old_octal = false;
  if (peek() == '0') {
    const char p = text::lower(peek(1));
    if (p == 'x') base = 16, name = "hexadecimal";
    if (p == 'b') base = 2, name = "binary";
    if (p == 'o') base = 8, name = "octal";
    if (base != 10) at_ += 2;
    old_octal = base == 10;
  }
  Token::Kind kind = Token::integer;
  if (peek() != '.') digits(old_octal ? 8 : base, any, bad);
  if (peek() == '.') {
    kind = Token::floating;
    ++at_;
    digits(base, any, bad);
  }
  if (!any) fail(std::string(name) + " literal has no digits", at_);
  const char e = text::lower(peek());
  if ((e == 'e' && base == 10) || (e == 'p' && base == 16)) {
    ++at_;
    kind = Token::floating;
    if (peek() == '+' || peek() == '-') ++at_;
    bool some = false;
    int ignored = 0;
    digits(10, some, ignored);
    if (!some) fail("exponent has no digits", at_);
  }
  if (peek() == 'i') {
    kind = Token::imaginary;
    ++at_;
  }
  if (kind == Token::integer && bad >= 0) {
    if (old_octal) name = "octal";
    fail("invalid digit '" + std::string(1, s_[static_cast<size_t>(bad)]) + "' in " +
             std::string(name) + " literal",
         static_cast<size_t>(bad));
  }
  const std::string_view lexeme = s_.substr(begin, at_ - begin);
  for (size_t i = 0; i < lexeme.size(); ++i) {
    const bool first = i == 0 || lexeme[i - 1] == '_' || lexeme[i - 1] == '.';
    const bool last = i + 1 == lexeme.size() || text::hex_value(lexeme[i + 1]) < 0;
    if (lexeme[i] == '_' && (first || last)) fail("'_' must separate successive digits", begin + i);
  }
  return make(kind, begin);
}

Rune decode_rune(std::string_view s, size_t at) {
  const auto b = [&](size_t k) { return static_cast<unsigned char>(s[at + k]); };
  if (at >= s.size()) return {};
  const uint32_t c = b(0);
  if (c < 0x80) return {c, 1, true};
  const size_t n = c >= 0xF0 && c <= 0xF4  ? 4
                   : c >= 0xE0 && c < 0xF0 ? 3
                   : c >= 0xC2 && c < 0xE0 ? 2
                                           : 0;
  if (n == 0 || at + n > s.size()) return {};
  uint32_t code = c & (0xFFu >> (n + 1));
  for (size_t k = 1; k < n; ++k) {
    if ((b(k) & 0xC0) != 0x80) return {};
    code = code << 6 | (b(k) & 0x3Fu);
  }
  static constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, n, true};
}

void append_rune(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static constexpr uint8_t lead[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(lead[tail] | code >> (6 * tail));
  for (int k = tail - 1; k >= 0; --k) out += static_cast<char>(0x80 | (code >> (6 * k) & 0x3F));
}

std::string string_value(std::string_view lexeme) {
  if (lexeme.size() < 2) return {};
  const std::string_view body = lexeme.substr(1, lexeme.size() - 2);
  std::string out;
  out.reserve(body.size());
  if (lexeme[0] == '`') {
    for (char c : body) {
      if (c != '\r') out += c;
    }
    return out;
  }
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\' || i + 1 == body.size()) {
      out += body[i];
      continue;
    }
    const char c = body[++i];
    static constexpr std::string_view names = "abfnrtv", values = "\a\b\f\n\r\t\v";
    if (const size_t k = names.find(c); k != std::string_view::npos) {
      out += values[k];
      continue;
    }
    const bool octal = c >= '0' && c <= '7';
    const size_t n = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (n == 0) {
      out += c;  // a backslash or the quote
      continue;
    }
    const size_t from = octal ? i : i + 1;
    uint32_t value = 0;
    for (size_t k = from; k < from + n && k < body.size(); ++k) {
      value = value * (octal ? 8 : 16) + static_cast<uint32_t>(text::hex_value(body[k]));
    }
    i = from + n - 1;
    if (c == 'u' || c == 'U') {
      append_rune(out, value);
    } else {
      out += static_cast<char>(value);
    }
  }
  return out;
}

std::string go_position(std::string_view source, size_t offset) {
  const std::string_view before = source.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? offset + 1 : offset - start;
  return std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace gateproof::rules
