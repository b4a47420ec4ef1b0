#include "engine/rules/parser.h"

#include "engine/base/text.h"

namespace gateproof::rules {
namespace {

int precedence(const Token& t) {
  if (t.kind != Token::op) return 0;
  static constexpr std::pair<std::string_view, int> table[] = {
      {"||", 1}, {"&&", 2}, {"==", 3}, {"!=", 3}, {"<", 3}, {"<=", 3}, {">", 3},
      {">=", 3}, {"=", 3},  {"+", 4},  {"-", 4},  {"|", 4}, {"^", 4},  {"*", 5},
      {"/", 5},  {"%", 5},  {"<<", 5}, {">>", 5}, {"&", 5}, {"&^", 5}};
  for (const auto& [op, p] : table) {
    if (t.lexeme == op) return p;
  }
  return 0;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), lexer_(text) { advance(); }

  boost::system::result<Expression, RuleError> run() {
    Expression e = binary(1);
    if (!failed_ && now_.newline()) advance();
    if (!failed_ && now_.kind != Token::end) expected("'EOF'");
    if (failed_) return std::move(error_);
    return e;
  }

 private:
  void advance() {
    last_end_ = static_cast<uint32_t>(now_.offset + (now_.newline() ? 0 : now_.lexeme.size()));
    now_ = lexer_.next();
    if (lexer_.failed() && !failed_) {
      const LexError& e = lexer_.error();
      fail(e.message, e.offset, e.length, lexical_remedy(e.message));
    }
    if (failed_) now_ = {Token::end, "", now_.offset};  // unwinds the recursion at once
  }
  void fail(std::string message, uint32_t offset, uint32_t length, std::string remedy) {
    if (failed_) return;
    failed_ = true;
    error_.message = go_position(text_, offset) + ": " + message;
    error_.offset = offset;
    error_.length = std::min(length, static_cast<uint32_t>(text_.size()) - offset);
    error_.remedy = std::move(remedy);
  }
  static std::string lexical_remedy(std::string_view m) {
    if (m.find("rune literal") != m.npos)
      return "put text in back-quotes or double quotes, not single quotes";
    if (m.find("quotation mark") != m.npos || m.find("U+2018") != m.npos ||
        m.find("U+2019") != m.npos) {
      return "put text in back-quotes or straight double quotes";
    }
    if (m.find("not terminated") != m.npos) return "the closing quote is missing";
    if (m.find("escape") != m.npos)
      return "write it in back-quotes, where a backslash is an ordinary character";
    return {};
  }
  std::string found() const {
    if (now_.newline()) return "newline";
    if (now_.kind == Token::end) return "'EOF'";
    if (now_.literal()) return std::string(now_.lexeme);
    if (now_.kind == Token::illegal) return "'ILLEGAL'";
    return "'" + std::string(now_.lexeme) + "'";
  }
  void expected(std::string_view what) {
    const auto length = static_cast<uint32_t>(now_.newline() ? 0 : now_.lexeme.size());
    fail("expected " + std::string(what) + ", found " + found(), now_.offset, length,
         remedy_here(what));
  }
  std::string remedy_here(std::string_view what) const {
    const std::string word = text::to_lower(now_.lexeme);
    if (text::trim(text_).empty()) return "write a rule such as PathPrefix(`/`)";
    if (what == "')'" || what == "']'") return "a closing bracket is missing";
    if (word == "and") return "write && instead of " + std::string(now_.lexeme);
    if (word == "or") return "write || instead of " + std::string(now_.lexeme);
    if (what == "'EOF'" && (now_.literal() || now_.is("(") || now_.is("!"))) {
      return "join matchers with && or ||";
    }
    if (what == "'EOF'" && now_.is(",")) return "join matchers with && or ||";
    if (what == "'EOF'" && (now_.is("&&") || now_.is("||")))
      return "end the line before with the operator";
    if (what == "'EOF'" && now_.is(")")) return "there is one closing bracket too many";
    return what == "operand" ? "a matcher such as Host(`example.com`) belongs here" : "";
  }

  // One level of recursion for each parenthesis, negation and argument list.
  bool enter() {
    if (++depth_ <= rule_depth_max) return true;
    fail("the rule nests deeper than rule_depth_max, " + std::to_string(rule_depth_max),
         now_.offset, 1, "");
    return false;
  }

  Expression make(Expression::Kind kind, std::string_view lexeme, uint32_t offset) const {
    Expression e;
    e.kind = kind;
    e.lexeme = lexeme;
    e.offset = offset;
    return e;
  }
  void close(Expression& e) const { e.length = last_end_ > e.offset ? last_end_ - e.offset : 0; }

  Expression binary(int lowest) {
    Expression left = unary();
    while (!failed_) {
      const int p = precedence(now_);
      if (p < lowest || p == 0) return left;
      if (now_.is("=")) expected("'=='");
      const std::string_view op = now_.lexeme;
      advance();
      Expression right = binary(p + 1);
      if (left.kind == Expression::binary && left.lexeme == op) {
        left.parts.push_back(std::move(right));
      } else {
        Expression joined = make(Expression::binary, op, left.offset);
        joined.parts.push_back(std::move(left));
        joined.parts.push_back(std::move(right));
        left = std::move(joined);
      }
      close(left);
    }
    return left;
  }

  Expression unary() {
    static constexpr std::string_view prefixes[] = {"!", "-", "+", "^", "&", "~", "<-", "*"};
    for (std::string_view op : prefixes) {
      if (!now_.is(op)) continue;
      Expression e = make(op == "*" ? Expression::foreign : Expression::unary,
                          op == "*" ? "StarExpr" : op, now_.offset);
      advance();
      if (enter()) e.parts.push_back(unary());
      --depth_;
      close(e);
      return e;
    }
    return primary();
  }

  Expression primary() {
    Expression e = operand();
    size_t suffixes = 0;  // each makes the tree one level deeper
    while (!failed_) {
      if (!now_.is("(") && !now_.is("[") && !now_.is(".") && !now_.is("{")) break;
      const bool type = e.kind == Expression::identifier || e.kind == Expression::selector;
      if (now_.is("{") && !type) break;
      ++suffixes;
      if (!enter()) break;
      if (now_.is("(")) {
        e = call(std::move(e));
      } else if (now_.is("[")) {
        e = bracketed(std::move(e));
      } else if (now_.is(".")) {
        e = dotted(std::move(e));
      } else {
        fail_foreign("CompositeLit", e.offset);  // nothing that follows can make it valid
      }
    }
    depth_ -= suffixes;
    return e;
  }

  // A construct of Go that no rule may hold; Traefik parses it whole and then names its node.
  void fail_foreign(std::string_view node, uint32_t offset) {
    if (failed_) return;
    failed_ = true;
    error_.message = "*ast." + std::string(node) + " is not supported";
    error_.offset = offset;
    error_.length = static_cast<uint32_t>(now_.lexeme.size());
    error_.remedy = "a rule is made of matchers joined by &&, || and !";
  }

  Expression dotted(Expression base) {
    advance();
    if (now_.is("(")) {
      fail_foreign("TypeAssertExpr", base.offset);
      return base;
    }
    Expression e = make(Expression::selector, now_.lexeme, base.offset);
    if (now_.kind != Token::identifier) {
      expected("selector or type assertion");
      return base;
    }
    e.parts.push_back(std::move(base));
    advance();
    close(e);
    return e;
  }

  Expression bracketed(Expression base) {
    advance();
    Expression e = make(Expression::index, "", base.offset);
    e.parts.push_back(std::move(base));
    binary(1);
    if (now_.is(":")) {
      fail_foreign("SliceExpr", e.offset);
    } else if (!now_.is("]")) {
      expected("']'");
    }
    advance();
    close(e);
    return e;
  }

  Expression call(Expression callee) {
    Expression e = make(Expression::call, callee.lexeme, callee.offset);
    e.parts.push_back(std::move(callee));
    advance();
    bool spread = false;
    while (!failed_ && !now_.is(")") && now_.kind != Token::end) {
      if (spread) {
        expected("')'");
        break;
      }
      e.parts.push_back(binary(1));
      if (now_.is("...")) {
        spread = true;
        advance();
      }
      if (now_.is(",")) {
        advance();
      } else if (!now_.is(")")) {
        fail(now_.newline() ? "missing ',' before newline in argument list"
                            : "missing ',' in argument list",
             now_.offset, 1,
             now_.newline() ? "the closing bracket `)` is missing"
                            : "separate arguments with a comma");
      }
    }
    if (!failed_ && !now_.is(")")) expected("')'");
    advance();
    close(e);
    return e;
  }

  Expression operand() {
    const Token t = now_;
    if (t.kind == Token::identifier || t.literal()) {
      Expression e =
          make(t.kind == Token::identifier ? Expression::identifier : Expression::literal, t.lexeme,
               t.offset);
      e.literal_kind = t.kind;
      advance();
      close(e);
      return e;
    }
    if (t.is("(")) {
      Expression e = make(Expression::paren, "", t.offset);
      advance();
      if (enter()) e.parts.push_back(binary(1));
      --depth_;
      if (!failed_ && !now_.is(")")) expected("')'");
      advance();
      close(e);
      return e;
    }
    if (t.is("[")) fail_foreign("CompositeLit", t.offset);
    if (t.kind == Token::keyword) {
      static constexpr std::pair<std::string_view, std::string_view> types[] = {
          {"func", "FuncLit"},
          {"struct", "StructType"},
          {"map", "MapType"},
          {"chan", "ChanType"},
          {"interface", "InterfaceType"}};
      for (const auto& [word, node] : types) {
        const bool value = word == "map" && text_.find('{', t.offset) != text_.npos;
        if (t.lexeme == word) fail_foreign(value ? "CompositeLit" : node, t.offset);
      }
    }
    expected("operand");
    return make(Expression::foreign, "BadExpr", t.offset);
  }

  std::string_view text_;
  Lexer lexer_;
  Token now_;
  uint32_t last_end_ = 0;
  size_t depth_ = 0;
  bool failed_ = false;
  RuleError error_;
};

}  // namespace

boost::system::result<Expression, RuleError> parse_expression(std::string_view text) {
  return Parser(text).run();
}

std::string_view go_node_name(const Expression& e) {
  switch (e.kind) {
    case Expression::identifier: return "Ident";
    case Expression::literal: return "BasicLit";
    case Expression::paren: return "ParenExpr";
    case Expression::unary: return e.lexeme == "*" ? "StarExpr" : "UnaryExpr";
    case Expression::binary: return "BinaryExpr";
    case Expression::call: return "CallExpr";
    case Expression::selector: return "SelectorExpr";
    case Expression::index: return "IndexExpr";
    case Expression::foreign: return e.lexeme;
  }
  return "";
}

}  // namespace gateproof::rules
