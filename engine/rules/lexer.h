// The tokens of a rule. Traefik reads rules with Go's expression scanner, so this one follows the Go specification,
// "Lexical elements", down to the inserted semicolons and the error texts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateproof::rules {

struct Token {
  enum Kind : uint8_t {
    end,
    identifier,
    integer,
    floating,
    imaginary,
    character,
    text,
    keyword,
    op,
    illegal
  };
  Kind kind = end;
  std::string_view lexeme;  // as written; "\n" for an inserted semicolon
  uint32_t offset = 0;
  bool is(std::string_view s) const { return kind == op && lexeme == s; }
  bool newline() const { return kind == op && lexeme == "\n"; }
  bool literal() const { return kind >= identifier && kind <= text; }
};

struct LexError {
  std::string message;  // Go's words, without the position
  uint32_t offset = 0;
  uint32_t length = 1;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source);
  Token next();
  // The first error met so far; a token of kind illegal may follow from it.
  bool failed() const { return failed_; }
  const LexError& error() const { return error_; }

 private:
  void skip_blanks(bool& newline, uint32_t& newline_at);
  bool skip_comment(bool& newline);
  Token word();
  Token number();
  Token string_literal();
  Token raw_string();
  Token rune_literal();
  Token operator_token();
  bool escape(char quote);
  void digits(int base, bool& any, int& bad);
  void check_character();
  void fail(std::string message, size_t offset, size_t length = 1);
  Token make(Token::Kind kind, size_t begin);
  char peek(size_t ahead = 0) const { return at_ + ahead < s_.size() ? s_[at_ + ahead] : '\0'; }

  std::string_view s_;
  size_t at_ = 0;
  bool semicolon_ = false;  // a newline would end the statement here
  bool failed_ = false;
  LexError error_;
};

// The value of a string token, escapes resolved (raw strings lose their carriage returns, as in Go).
std::string string_value(std::string_view lexeme);
// "line:column" of an offset, both from 1, columns in bytes: how Go names a place.
std::string go_position(std::string_view source, size_t offset);

struct Rune {
  uint32_t code = 0xFFFD;
  size_t length = 1;
  bool valid = false;
};
Rune decode_rune(std::string_view s, size_t at);
void append_rune(std::string& out, uint32_t code);

}  // namespace gateproof::rules
