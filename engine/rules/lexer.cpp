#include "engine/rules/lexer.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/rules/regex.h"

namespace gateproof::rules {
namespace {

constexpr std::array<std::string_view, 25> keywords = {
    "break",  "case",        "chan", "const",   "continue", "default", "defer",
    "else",   "fallthrough", "for",  "func",    "go",       "goto",    "if",
    "import", "interface",   "map",  "package", "range",    "return",  "select",
    "struct", "switch",      "type", "var"};
// Longest first.
constexpr std::array<std::string_view, 49> operators = {
    "<<=", ">>=", "&^=", "...", "&&", "||", "<-", "++", "--", "==", "!=", "<=", ">=",
    ":=",  "+=",  "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", "<<", ">>", "&^", "+",
    "-",   "*",   "/",   "%",   "&",  "|",  "^",  "<",  ">",  "=",  "!",  "(",  ")",
    "[",   "]",   "{",   "}",   ",",  ";",  ".",  ":",  "~",  ""};

bool letter(std::string_view s, const Rune& r, size_t at) {
  if (r.code < 0x80) return text::is_alpha(static_cast<char>(r.code)) || r.code == '_';
  static const Result<Regex> any = Regex::compile("^\\pL$");
  return r.valid && any && any->search(s.substr(at, r.length));
}
bool digit(std::string_view s, const Rune& r, size_t at) {
  if (r.code < 0x80) return text::is_digit(static_cast<char>(r.code));
  static const Result<Regex> any = Regex::compile("^\\p{Nd}$");
  return r.valid && any && any->search(s.substr(at, r.length));
}
// Go's %#U shows the glyph of printable characters only.
std::string rune_name(std::string_view s, const Rune& r, size_t at) {
  char hex[16];
  std::snprintf(hex, sizeof hex, "U+%04X", r.code);
  static const Result<Regex> printable = Regex::compile("^[\\pL\\pM\\pN\\pP\\pS ]$");
  const std::string_view glyph = s.substr(at, r.length);
  const bool show = r.valid && printable && printable->search(glyph);
  return show ? std::string(hex) + " '" + std::string(glyph) + "'" : hex;
}

}  // namespace

Lexer::Lexer(std::string_view source) : s_(source) {
  if (s_.starts_with("\xEF\xBB\xBF"))
    at_ = 3;  // a byte order mark is let through in first place only
}

void Lexer::fail(std::string message, size_t offset, size_t length) {
  if (failed_) return;
  failed_ = true;
  length = std::min(length, s_.size() - std::min(offset, s_.size()));
  error_ = {std::move(message), static_cast<uint32_t>(offset), static_cast<uint32_t>(length)};
}

Token Lexer::make(Token::Kind kind, size_t begin) {
  return {kind, s_.substr(begin, at_ - begin), static_cast<uint32_t>(begin)};
}

// What Go refuses anywhere in a source: NUL, broken UTF-8, a byte order mark that is not in first place.
void Lexer::check_character() {
  const Rune r = decode_rune(s_, at_);
  if (r.valid && r.code == 0) fail("illegal character NUL", at_);
  if (!r.valid) fail("illegal UTF-8 encoding", at_);
  if (r.valid && r.code == 0xFEFF) fail("illegal byte order mark", at_, 3);
}

bool Lexer::skip_comment(bool& newline) {
  const size_t begin = at_;
  if (s_.substr(at_, 2) == "//") {
    while (at_ < s_.size() && s_[at_] != '\n') check_character(), ++at_;
    return true;
  }
  const size_t close = s_.find("*/", at_ + 2);
  if (close == std::string_view::npos) {
    fail("comment not terminated", begin, 2);
    at_ = s_.size();
    return true;
  }
  newline = newline || s_.substr(begin, close - begin).find('\n') != std::string_view::npos;
  at_ = close + 2;
  return true;
}

// Blanks and comments; reports a newline (or the end) on the way, and where it stood.
void Lexer::skip_blanks(bool& newline, uint32_t& newline_at) {
  while (at_ < s_.size()) {
    const char c = s_[at_];
    const size_t begin = at_;
    const bool before = newline;
    if (c == '\n') {
      newline = true;
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (s_.substr(at_, 2) == "//" || s_.substr(at_, 2) == "/*") {
      skip_comment(newline);
    } else {
      break;
    }
    if (newline && !before) newline_at = static_cast<uint32_t>(begin);
  }
  if (at_ == s_.size() && !newline) {
    newline = true;
    newline_at = static_cast<uint32_t>(at_);
  }
}

Token Lexer::next() {
  bool newline = false;
  uint32_t newline_at = 0;
  skip_blanks(newline, newline_at);
  if (newline && semicolon_) {
    semicolon_ = false;
    return {Token::op, "\n", newline_at};
  }
  if (at_ >= s_.size()) return {Token::end, "", static_cast<uint32_t>(s_.size())};
  const char c = s_[at_];
  const Rune r = decode_rune(s_, at_);
  if (letter(s_, r, at_)) return word();
  if (text::is_digit(c) || (c == '.' && text::is_digit(peek(1)))) return number();
  semicolon_ = true;
  if (c == '"') return string_literal();
  if (c == '`') return raw_string();
  if (c == '\'') return rune_literal();
  return operator_token();
}

Token Lexer::word() {
  const size_t begin = at_;
  while (at_ < s_.size()) {
    const Rune r = decode_rune(s_, at_);
    if (!letter(s_, r, at_) && !digit(s_, r, at_)) break;
    at_ += r.length;
  }
  const std::string_view w = s_.substr(begin, at_ - begin);
  const bool key = std::find(keywords.begin(), keywords.end(), w) != keywords.end();
  semicolon_ = !key || w == "break" || w == "continue" || w == "fallthrough" || w == "return";
  return make(key ? Token::keyword : Token::identifier, begin);
}

Token Lexer::operator_token() {
  const size_t begin = at_;
  for (std::string_view o : operators) {
    if (!o.empty() && s_.substr(at_).starts_with(o)) {
      at_ += o.size();
      semicolon_ = o == ")" || o == "]" || o == "}" || o == "++" || o == "--";
      return make(Token::op, begin);
    }
  }
  const Rune r = decode_rune(s_, at_);
  check_character();
  if (r.code == 0x201C || r.code == 0x201D) {
    fail("curly quotation mark '" + std::string(s_.substr(at_, 3)) + "' (use neutral '\"')", at_,
         3);
  }
  fail("illegal character " + rune_name(s_, r, at_), at_, r.length);
  at_ += r.length;
  return make(Token::illegal, begin);
}

Token Lexer::raw_string() {
  const size_t begin = at_++;
  while (at_ < s_.size() && s_[at_] != '`') {
    check_character();
    at_ += decode_rune(s_, at_).length;
  }
  if (at_ >= s_.size()) {
    fail("raw string literal not terminated", begin, s_.size() - begin);
  } else {
    ++at_;
  }
  return make(Token::text, begin);
}

Token Lexer::string_literal() {
  const size_t begin = at_++;
  while (at_ < s_.size() && s_[at_] != '"' && s_[at_] != '\n') {
    if (s_[at_] == '\\') {
      escape('"');
    } else {
      check_character();
      at_ += decode_rune(s_, at_).length;
    }
  }
  if (at_ >= s_.size() || s_[at_] == '\n') {
    // Go reports it at the opening quote, hence before anything wrong inside.
    failed_ = failed_ && error_.offset < begin;
    fail("string literal not terminated", begin, at_ - begin);
  } else {
    ++at_;
  }
  return make(Token::text, begin);
}

Token Lexer::rune_literal() {
  const size_t begin = at_++;
  size_t count = 0;
  const bool before = failed_;
  while (at_ < s_.size() && s_[at_] != '\'' && s_[at_] != '\n') {
    ++count;
    if (s_[at_] == '\\') {
      escape('\'');
    } else {
      check_character();
      at_ += decode_rune(s_, at_).length;
    }
  }
  if (at_ >= s_.size() || s_[at_] == '\n') {
    failed_ = before;
    fail("rune literal not terminated", begin, at_ - begin);
  } else {
    ++at_;
    if (count != 1) fail("illegal rune literal", begin, at_ - begin);
  }
  return make(Token::character, begin);
}

bool Lexer::escape(char quote) {
  const size_t begin = at_++;
  const char c = peek();
  size_t n = 0;
  int base = 0;
  uint32_t max = 255;
  if (at_ < s_.size() &&
      (std::string_view("abfnrtv\\").find(c) != std::string_view::npos || c == quote)) {
    ++at_;
    return true;
  }
  if (c >= '0' && c <= '7') {
    n = 3, base = 8;
  } else if (c == 'x' || c == 'u' || c == 'U') {
    n = c == 'x' ? 2 : c == 'u' ? 4 : 8;
    base = 16;
    if (c != 'x') max = 0x10FFFF;
    ++at_;
  } else {
    fail(at_ < s_.size() ? "unknown escape sequence" : "escape sequence not terminated", begin + 1,
         1);
    return false;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < n; ++i) {
    const int d = at_ < s_.size() ? text::hex_value(s_[at_]) : -1;
    if (d < 0 || d >= base) {
      if (at_ >= s_.size()) {
        fail("escape sequence not terminated", begin + 1, at_ - begin - 1);
      } else {
        const Rune r = decode_rune(s_, at_);
        fail("illegal character " + rune_name(s_, r, at_) + " in escape sequence", at_, r.length);
      }
      return false;
    }
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(d);
    ++at_;
  }
  if (value > max || (value >= 0xD800 && value < 0xE000)) {
    fail("escape sequence is invalid Unicode code point", begin + 1, at_ - begin - 1);
    return false;
  }
  return true;
}

}  // namespace gateproof::rules
