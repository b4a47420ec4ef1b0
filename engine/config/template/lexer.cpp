#include "engine/config/template/lexer.h"

#include "engine/base/text.h"

namespace gateproof::config::tmpl {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view keywords[] = {"block", "break", "continue", "define",   "else",
                                         "end",   "if",    "range",    "template", "with"};

// Letters outside of ASCII count as such; the text was checked to be UTF-8.
bool name_char(char c) { return text::is_alnum(c) || c == '_' || (c & 0x80); }

}  // namespace

Token Lexer::make(Token::Kind kind, size_t from, size_t to) {
  at_ = to;
  return {kind, from, source_.substr(from, to - from), {}};
}

Token Lexer::fail(size_t at, std::string message) {
  at_ = source_.size();
  inside_ = false;
  return {Token::failed, at, {}, std::move(message)};
}

bool Lexer::space_at(size_t i) const {
  return i < source_.size() && blanks.find(source_[i]) != blanks.npos;
}

Token Lexer::next() { return inside_ ? lex_action() : lex_text(); }

// Text up to the next action; a trim marker of that action takes the blanks before it.
Token Lexer::lex_text() {
  for (;;) {
    const size_t from = at_;
    const size_t open = source_.find("{{", at_);
    if (open == source_.npos) {
      if (from == source_.size()) return {Token::eof, from, {}, {}};
      return make(Token::plain, from, source_.size());
    }
    size_t end = open;
    if (source_.substr(open + 2, 1) == "-" && space_at(open + 3)) {
      while (end > from && space_at(end - 1)) --end;
    }
    at_ = open;
    if (end > from) {
      Token t = make(Token::plain, from, end);
      at_ = open;
      return t;
    }
    Token t = open_action();
    if (t.kind != Token::eof) return t;
  }
}

// {{ with its trim marker. A comment is passed over whole: eof then stands for "go on".
Token Lexer::open_action() {
  const size_t from = at_;
  size_t inner = at_ + 2;
  if (source_.substr(inner, 1) == "-" && space_at(inner + 1)) inner += 2;
  if (source_.substr(inner, 2) == "/*") return comment(inner);
  Token t = make(Token::open, from, inner);
  t.text = source_.substr(from, 2);
  inside_ = true;
  parens_ = 0;
  return t;
}

Token Lexer::comment(size_t from) {
  const size_t end = source_.find("*/", from + 2);
  if (end == source_.npos) return fail(from, "unclosed comment");
  at_ = end + 2;
  size_t length = 0;
  if (!close_here(&length)) return fail(from, "comment ends before closing delimiter");
  at_ += length;
  if (length > 2) {
    while (space_at(at_)) ++at_;
  }
  return {};
}

// }} or " -}}" at this place.
bool Lexer::close_here(size_t* length) const {
  if (source_.substr(at_, 2) == "}}") {
    *length = 2;
    return true;
  }
  if (space_at(at_) && source_.substr(at_ + 1, 3) == "-}}") {
    *length = 4;
    return true;
  }
  return false;
}

// What may follow a field, a variable, a word.
bool Lexer::terminated() const {
  if (at_ >= source_.size()) return true;
  const char c = source_[at_];
  return space_at(at_) || std::string_view(".,|:()").find(c) != std::string_view::npos ||
         source_.substr(at_, 2) == "}}";
}

Token Lexer::lex_action() {
  size_t length = 0;
  if (close_here(&length)) {
    if (parens_ > 0) return fail(at_, "unclosed left paren");
    Token t = make(Token::close, at_, at_ + length);
    if (length > 2) {
      while (space_at(at_)) ++at_;
    }
    inside_ = false;
    return t;
  }
  if (at_ >= source_.size()) return fail(at_, "unclosed action");
  const size_t from = at_;
  const char c = source_[at_];
  if (space_at(at_)) {
    size_t to = at_;
    // The last blank may belong to a trim marker.
    while (space_at(to) && !(to > from && source_.substr(to + 1, 3) == "-}}")) ++to;
    return make(Token::space, from, to);
  }
  switch (c) {
    case '=': return make(Token::assign, from, from + 1);
    case ':':
      if (source_.substr(from + 1, 1) != "=") return fail(from, "expected :=");
      return make(Token::declare, from, from + 2);
    case '|': return make(Token::pipe, from, from + 1);
    case ',': return make(Token::comma, from, from + 1);
    case '"': return quote('"', Token::quoted);
    case '`': return quote('`', Token::raw);
    case '\'': return quote('\'', Token::character);
    case '$': at_ = from + 1; return word(Token::variable, from);
    case '(': ++parens_; return make(Token::left, from, from + 1);
    case ')':
      if (--parens_ < 0) return fail(from, "unexpected right paren");
      return make(Token::right, from, from + 1);
    default: break;
  }
  if (c == '.' && !text::is_digit(from + 1 < source_.size() ? source_[from + 1] : 0)) {
    at_ = from + 1;
    return word(Token::field, from);
  }
  if (c == '+' || c == '-' || c == '.' || text::is_digit(c)) return number();
  if (name_char(c)) return name(from);
  if (c > ' ' && c < 0x7f) return make(Token::other, from, from + 1);
  return fail(from, "unrecognized character in action: " + text::quote(source_.substr(from, 1)));
}

// The name behind a dot or a dollar.
Token Lexer::word(Token::Kind kind, size_t from) {
  while (at_ < source_.size() && name_char(source_[at_])) ++at_;
  if (kind == Token::field && at_ == from + 1 && terminated())
    return make(Token::dot, from, from + 1);
  if (!terminated() || (kind == Token::field && at_ == from + 1))
    return fail(at_, "bad character " + text::quote(source_.substr(at_, 1)));
  return make(kind, from, at_);
}

Token Lexer::name(size_t from) {
  while (at_ < source_.size() && name_char(source_[at_])) ++at_;
  if (!terminated()) return fail(at_, "bad character " + text::quote(source_.substr(at_, 1)));
  const std::string_view word = source_.substr(from, at_ - from);
  Token::Kind kind = Token::identifier;
  for (std::string_view k : keywords) {
    if (k == word) kind = Token::keyword;
  }
  if (word == "true" || word == "false") kind = Token::boolean;
  if (word == "nil") kind = Token::nil;
  return make(kind, from, at_);
}

Token Lexer::quote(char delimiter, Token::Kind kind) {
  const size_t from = at_;
  for (size_t i = from + 1; i < source_.size(); ++i) {
    if (delimiter != '`') {
      if (source_[i] == '\n') break;
      if (source_[i] == '\\') {
        ++i;
        if (i < source_.size() && source_[i] == '\n') break;
        continue;
      }
    }
    if (source_[i] == delimiter) return make(kind, from, i + 1);
  }
  return fail(from, delimiter == '`'   ? "unterminated raw quoted string"
                    : delimiter == '"' ? "unterminated quoted string"
                                       : "unterminated character constant");
}

Token Lexer::number() {
  const size_t from = at_;
  size_t to = at_;
  if (source_[to] == '+' || source_[to] == '-') ++to;
  std::string_view digits = "0123456789_";
  bool hex = false;
  if (source_.substr(to, 1) == "0" && to + 1 < source_.size()) {
    const char base = text::lower(source_[to + 1]);
    hex = base == 'x';
    if (hex) digits = "0123456789abcdefABCDEF_";
    if (base == 'o') digits = "01234567_";
    if (base == 'b') digits = "01_";
    if (hex || base == 'o' || base == 'b') to += 2;
  }
  const auto accept = [&](std::string_view set) {
    while (to < source_.size() && set.find(source_[to]) != set.npos) ++to;
  };
  accept(digits);
  if (source_.substr(to, 1) == ".") {
    ++to;
    accept(digits);
  }
  const char exponent = to < source_.size() ? text::lower(source_[to]) : '\0';
  if (exponent == (hex ? 'p' : 'e')) {
    ++to;
    if (to < source_.size() && (source_[to] == '+' || source_[to] == '-')) ++to;
    accept("0123456789_");
  }
  if (source_.substr(to, 1) == "i") ++to;
  if (to < source_.size() && name_char(source_[to]))
    return fail(from, "bad number syntax: " + text::quote(source_.substr(from, to + 1 - from)));
  return make(Token::number, from, to);
}

}  // namespace gateproof::config::tmpl
