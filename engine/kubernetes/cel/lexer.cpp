#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/kubernetes/cel/syntax.h"

namespace gateproof::kubernetes::cel {

namespace {

constexpr std::array<std::string_view, 25> signs = {
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%",
    "!",  "?",  ":",  ".",  ",",  "(",  ")", "[", "]", "{", "}", "=",
};

bool starts_name(char c) { return text::is_alpha(c) || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view s) : s_(s) {}

  boost::system::result<std::vector<Token>, SyntaxError> run() {
    std::vector<Token> out;
    while (problem_.empty()) {
      blanks();
      Token t;
      t.offset = at_;
      if (at_ == s_.size()) {
        out.push_back(std::move(t));
        return out;
      }
      next(t);
      out.push_back(std::move(t));
      if (out.size() > nodes_max * 2) problem_ = "the expression is too long";
    }
    return SyntaxError{at_, problem_};
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < s_.size() ? s_[at_ + ahead] : '\0'; }

  void blanks() {
    while (at_ < s_.size()) {
      if (s_.substr(at_).starts_with("//")) {
        at_ = std::min(s_.find('\n', at_), s_.size());
      } else if (std::string_view(" \t\r\n\f").find(s_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  void next(Token& t) {
    if (const size_t prefix = quoted_after(); prefix != std::string_view::npos) {
      t.kind = Token::Kind::literal;
      return literal_text(t, prefix);
    }
    if (text::is_digit(peek()) || (peek() == '.' && text::is_digit(peek(1)))) {
      t.kind = Token::Kind::literal;
      return number(t);
    }
    if (starts_name(peek())) {
      const size_t from = at_;
      while (starts_name(peek()) || text::is_digit(peek())) ++at_;
      t.kind = Token::Kind::name;
      t.text = s_.substr(from, at_ - from);
      return;
    }
    for (std::string_view sign : signs) {
      if (!s_.substr(at_).starts_with(sign)) continue;
      t.kind = Token::Kind::sign;
      t.text = s_.substr(at_, sign.size());
      at_ += sign.size();
      return;
    }
    problem_ = "token recognition error at: '" + std::string(1, peek()) + "'";
  }

  // How many letters of a prefix (r, b, rb) stand before a quote that begins here; npos: none begins.
  size_t quoted_after() const {
    for (size_t n = 0; n <= 2; ++n) {
      const char c = peek(n);
      if (c == '"' || c == '\'') return n;
      if (text::lower(c) != 'r' && text::lower(c) != 'b') break;
    }
    return std::string_view::npos;
  }

  void literal_text(Token& t, size_t prefix) {
    const std::string letters = text::to_lower(s_.substr(at_, prefix));
    const bool raw = letters.find('r') != std::string::npos;
    const bool bytes = letters.find('b') != std::string::npos;
    at_ += prefix;
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    const std::string_view end = s_.substr(at_, triple ? 3 : 1);
    at_ += end.size();
    std::string out;
    while (problem_.empty() && !s_.substr(at_).starts_with(end)) {
      if (at_ == s_.size() || (!triple && peek() == '\n')) {
        problem_ = "a string is not closed";
      } else if (peek() == '\\' && !raw) {
        escape(out, bytes);
      } else {
        out += s_[at_++];
      }
    }
    if (!problem_.empty()) return;
    at_ += end.size();
    if (!bytes && !text::is_utf8(out)) problem_ = "a string is not UTF-8";
    t.value = bytes ? Value::bytes(std::move(out)) : Value::string(std::move(out));
  }

  void escape(std::string& out, bool bytes) {
    static constexpr std::string_view names = "abfnrtv\\'\"`?";
    static constexpr std::string_view means = "\a\b\f\n\r\t\v\\'\"`?";
    const char c = peek(1);
    if (const size_t i = names.find(c); c != '\0' && i != std::string_view::npos) {
      out += means[i];
      at_ += 2;
      return;
    }
    size_t digits = 0, from = 2;
    int base = 16;
    if (c == 'x' || c == 'X') digits = 2;
    if (c == 'u' && !bytes) digits = 4;
    if (c == 'U' && !bytes) digits = 8;
    if (c >= '0' && c <= '3') base = 8, digits = 3, from = 1;
    uint32_t rune = 0;
    const std::string_view number = s_.substr(std::min(at_ + from, s_.size()), digits);
    const auto read = std::from_chars(number.data(), number.data() + number.size(), rune, base);
    const bool whole = digits && number.size() == digits && read.ec == std::errc() &&
                       read.ptr == number.data() + number.size();
    const bool surrogate = rune >= 0xD800 && rune < 0xE000;
    if (!whole || rune > 0x10FFFF || (surrogate && !bytes)) {
      problem_ = "a string has an escape that is none";
      return;
    }
    if (bytes) {
      out += char(rune);
    } else {
      text::append_utf8(out, rune);
    }
    at_ += from + digits;
  }

  void number(Token& t) {
    const size_t from = at_;
    if (peek() == '0' && text::lower(peek(1)) == 'x') {
      at_ += 2;
      while (text::hex_value(peek()) >= 0) ++at_;
      return integer(t, s_.substr(from + 2, at_ - from - 2), 16);
    }
    const auto digits = [&] {
      while (text::is_digit(peek())) ++at_;
    };
    digits();
    bool real = false;
    if (peek() == '.' && text::is_digit(peek(1))) {
      real = true;
      ++at_;
      digits();
    }
    const bool sign = peek(1) == '+' || peek(1) == '-';
    if (text::lower(peek()) == 'e' && text::is_digit(peek(sign ? 2 : 1))) {
      real = true;
      at_ += sign ? 2 : 1;
      digits();
    }
    const std::string_view text = s_.substr(from, at_ - from);
    if (!real) return integer(t, text, 10);
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    t.value = Value::real(value);
  }

  // A leading minus is an operator; the smallest number of all is written as -9223372036854775808.
  void integer(Token& t, std::string_view digits, int base) {
    uint64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    const bool whole = text::lower(peek()) == 'u';
    if (whole) ++at_;
    if (digits.empty() || read.ec != std::errc() || (!whole && value > uint64_t(1) << 63)) {
      problem_ = "invalid int literal";
      return;
    }
    // 2^63 wraps to the smallest number, which only a minus before it may make: the parser sees to that.
    t.value = whole ? Value::whole(value) : Value::integer(static_cast<int64_t>(value));
  }

  std::string_view s_;
  size_t at_ = 0;
  std::string problem_;
};

}  // namespace

boost::system::result<std::vector<Token>, SyntaxError> tokens(std::string_view text) {
  if (text.size() > text_bytes_max)
    return SyntaxError{text_bytes_max, "the expression is too long"};
  return Lexer(text).run();
}

}  // namespace gateproof::kubernetes::cel
