// Tokens of a template, as Go's text/template/parse makes them. Blanks count inside actions.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::config::tmpl {

struct Token {
  enum Kind : uint8_t {
    eof,
    failed,  // `message` says why
    plain,   // outside of actions
    open,    // {{
    close,   // }}
    space,
    identifier,  // also keywords: `text` is the word
    keyword,
    field,     // .name
    variable,  // $name or $
    dot,
    boolean,
    nil,
    character,  // 'a' with its quotes
    quoted,     // "..." with its quotes
    raw,        // `...` with its quotes
    number,
    pipe,
    declare,  // :=
    assign,   // =
    comma,
    left,
    right,
    other,
  };
  Kind kind = eof;
  size_t at = 0;
  std::string_view text;
  std::string message;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  Token next();

 private:
  Token lex_text();
  Token lex_action();
  Token open_action();
  Token comment(size_t from);
  Token word(Token::Kind kind, size_t from);
  Token name(size_t from);
  Token quote(char delimiter, Token::Kind kind);
  Token number();
  Token make(Token::Kind kind, size_t from, size_t to);
  Token fail(size_t at, std::string message);
  bool close_here(size_t* length) const;
  bool terminated() const;
  bool space_at(size_t i) const;

  std::string_view source_;
  size_t at_ = 0;
  int parens_ = 0;
  bool inside_ = false;  // in an action
};

}  // namespace gateproof::config::tmpl
